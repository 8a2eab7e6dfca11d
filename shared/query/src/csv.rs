//! A question as a CSV file that is begun and polled (reference 13 §9), and what the file of a saved chart is to be.

use app::{
    App, Error, InProject, Result,
    domain::{content::ChartBody, query::Purpose},
};
use semantic::MetricQuery;
use serde_json::{Map, Value, json};

use crate::{
    Asked, Question,
    answer::{JobBegun, asked_of},
    asked::Manner,
    export::Wanted,
    question::{How, rows_at_most},
    run::Tags,
    submit,
};

/// Where a file ends.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Rows of it at most.
    pub most: u32,
    /// How its question is compiled: with one row more where only that tells whether there are more.
    pub how: How,
}

impl Cut {
    /// By the number of rows that somebody wishes, who may: `None` is silence, `Some(None)` all that fit into a file.
    ///
    /// # Errors
    /// As [`rows_at_most`].
    pub fn of(query: &MetricQuery, limit: Option<Option<f64>>) -> Result<Self> {
        let most = rows_at_most(query, limit)?;
        let cut = limit.is_some_and(|wanted| wanted.is_none_or(|rows| rows > f64::from(most)));
        let asked_for = most + u32::from(cut);
        let how = How {
            limit: limit.map(|_| asked_for),
            row_limit: Some(asked_for),
            ..How::default()
        };
        Ok(Self { most, how })
    }

    /// Of a saved query: its own number of rows where nothing is said, as many of them as fit into a file.
    ///
    /// # Errors
    /// As [`rows_at_most`].
    pub fn of_saved(query: &MetricQuery, limit: Option<Option<f64>>) -> Result<Self> {
        let mut cut = Self::of(query, limit.or(Some(Some(query.limit))))?;
        cut.how.saved = true;
        Ok(cut)
    }
}

/// What is asked for a file.
pub(crate) fn asked_for(
    question: &Question,
    tags: Tags,
    (wanted, most): (Value, u32),
) -> Result<Asked> {
    let _: Wanted = serde_json::from_value(wanted.clone())
        .map_err(|error| Error::invalid(format!("pivotConfig: {error}")))?;
    Ok(Asked {
        most: Some(u64::from(most)),
        csv: wanted,
        ..asked_of(question, tags)?
    })
}

/// Begins a file of a question's rows; `getCsvUrl` tells when it is there.
///
/// # Errors
/// `Invalid` for a file that cannot be; as [`submit`].
pub async fn begin(
    app: &App,
    project: &InProject,
    question: &Question,
    tags: Tags,
    file: (Value, u32),
) -> Result<JobBegun> {
    let asked = asked_for(question, tags, file)?;
    let manner = Manner {
        purpose: Purpose::Csv,
        fresh: true,
    };
    let submitted = submit(app, project.into(), &asked, manner).await?;
    Ok(JobBegun {
        job_id: submitted.query.id,
    })
}

/// What the file of a chart is to be, by how the chart is drawn: as [`Wanted`] is read. Tables say which columns they show, under
/// which names, and turned by what.
pub fn file_of(body: &ChartBody, name: &str, only_raw: bool) -> Value {
    let is_table = body.chart_config["type"] == "table";
    let config = &body.chart_config["config"];
    let none = Map::new();
    let columns = Some(&config["columns"]).filter(|_| is_table);
    let columns = columns.and_then(Value::as_object).unwrap_or(&none);
    let labels = columns.iter().filter_map(|(id, column)| {
        let label = column["name"].as_str().filter(|label| !label.is_empty())?;
        Some((id.clone(), json!(label)))
    });
    let labels: Map<String, Value> = labels.collect();
    let hidden = columns.iter();
    let hidden: Vec<&String> = hidden
        .filter(|(_, column)| column["visible"] == json!(false))
        .map(|(id, _)| id)
        .collect();
    let turned = is_table.then(|| pivot(body, config, &hidden)).flatten();
    json!({
        "onlyRaw": only_raw, "showTableNames": !is_table || config["showTableNames"] == json!(true), "customLabels": labels,
        "columnOrder": body.column_order, "hiddenFields": hidden, "pivotConfig": turned, "name": name,
    })
}

/// How the rows of a table are turned; a column that the query has no more turns nothing.
fn pivot(body: &ChartBody, config: &Value, hidden: &[&String]) -> Option<Value> {
    let query = &body.metric_query;
    let across = body.pivot.iter().flatten();
    let across: Vec<&String> = across.filter(|id| query.dimensions.contains(id)).collect();
    let is = |option: &str| config[option] == json!(true);
    let calculations = query.table_calculations.iter().map(|one| &one.name);
    let values: Vec<&String> = query.metrics.iter().chain(calculations).collect();
    let hidden: Vec<_> = hidden.iter().filter(|id| values.contains(id)).collect();
    (!across.is_empty()).then(|| {
        json!({
            "pivotDimensions": across, "metricsAsRows": is("metricsAsRows"), "rowTotals": is("showRowCalculation"),
            "hiddenMetricFieldIds": hidden,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(config: Value, pivot: Option<&[&str]>) -> ChartBody {
        ChartBody {
            table_name: "t".to_owned(),
            metric_query: MetricQuery {
                dimensions: vec!["t_a".to_owned(), "t_b".to_owned()],
                metrics: vec!["t_m".to_owned()],
                ..MetricQuery::default()
            },
            chart_config: config,
            column_order: vec!["t_b".to_owned()],
            pivot: pivot.map(|all| all.iter().map(|id| (*id).to_owned()).collect()),
            rest: Map::new(),
            table_config_rest: Map::new(),
            pivot_config_rest: Map::new(),
        }
    }

    #[test]
    fn a_table_says_what_its_file_shows() {
        let config = json!({ "type": "table", "config": { "showRowCalculation": true, "columns": {
            "t_a": { "name": "Owner" }, "t_b": { "name": "" }, "t_m": { "visible": false },
        } } });
        let file = file_of(&chart(config, Some(&["t_b", "t_gone"])), "Sales", true);
        assert_eq!(
            file,
            json!({
                "onlyRaw": true, "showTableNames": false, "customLabels": { "t_a": "Owner" }, "columnOrder": ["t_b"],
                "hiddenFields": ["t_m"], "name": "Sales",
                "pivotConfig": { "pivotDimensions": ["t_b"], "metricsAsRows": false, "rowTotals": true, "hiddenMetricFieldIds": ["t_m"] },
            })
        );
    }

    #[test]
    fn other_charts_show_everything_by_its_table() {
        let config = json!({ "type": "cartesian", "config": { "columns": { "t_a": { "visible": false } } } });
        let file = file_of(&chart(config, Some(&["t_b"])), "Sales", false);
        assert_eq!(file["showTableNames"], true);
        assert_eq!(file["hiddenFields"], json!([]));
        assert_eq!(file["pivotConfig"], Value::Null);
        assert!(serde_json::from_value::<Wanted>(file).is_ok());
    }

    #[test]
    fn a_file_ends_at_its_cells_and_asks_for_one_row_more() {
        let mut query = chart(json!({}), None).metric_query;
        query.limit = 500.0;
        let cut = Cut::of_saved(&query, None).unwrap();
        assert_eq!((cut.most, cut.how.row_limit), (500, Some(500)));
        let all = Cut::of_saved(&query, Some(None)).unwrap();
        assert_eq!((all.most, all.how.row_limit), (33_333, Some(33_334)));
        query.limit = 1e9;
        let large = Cut::of_saved(&query, None).unwrap();
        assert_eq!((large.most, large.how.limit), (33_333, Some(33_334)));
        assert!(large.how.saved);
    }
}
