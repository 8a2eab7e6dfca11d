//! What people read of charts and dashboards, to be translated (reference 22 §1.5).

use app::domain::content::{ChartBody, Content, DashboardBody, Index, TileFace};
use serde_json::{Map, Value, json};

/// Keeps of an object the texts under these names.
fn texts(value: &Value, names: &[&str]) -> Map<String, Value> {
    let found = names.iter().filter_map(|name| {
        let text = value[*name].as_str()?;
        Some(((*name).to_owned(), Value::from(text)))
    });
    found.collect()
}

/// Keeps of every element of a list the texts under these names: places stay, as translations go by them.
fn each(value: &Value, names: &[&str]) -> Option<Value> {
    let list = value.as_array()?.iter();
    Some(list.map(|one| Value::Object(texts(one, names))).collect())
}

/// An entry of an object, where there is one.
fn with(object: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    object.extend(value.map(|value| (name.to_owned(), value)));
}

/// A map of texts, as it stands.
fn whole(value: &Value, name: &str) -> Map<String, Value> {
    let found = value[name].is_object().then(|| value[name].clone());
    found
        .into_iter()
        .map(|found| (name.to_owned(), found))
        .collect()
}

fn series(config: &Value) -> Option<Value> {
    let list = config["series"].as_array()?.iter();
    let one = |one: &Value| {
        let mut kept = texts(one, &["name"]);
        let marks = each(&one["markLine"]["data"], &["name"]);
        with(
            &mut kept,
            "markLine",
            marks.map(|data| json!({ "data": data })),
        );
        Value::Object(kept)
    };
    Some(list.map(one).collect())
}

fn cartesian(config: &Value) -> Map<String, Value> {
    let chart = &config["eChartsConfig"];
    let mut kept = Map::new();
    with(&mut kept, "xAxis", each(&chart["xAxis"], &["name"]));
    with(&mut kept, "yAxis", each(&chart["yAxis"], &["name"]));
    with(&mut kept, "series", series(chart));
    Map::from_iter([("eChartsConfig".to_owned(), Value::Object(kept))])
}

fn columns(config: &Value) -> Map<String, Value> {
    let Some(columns) = config["columns"].as_object() else {
        return Map::new();
    };
    let named = columns.iter().filter_map(|(id, column)| {
        let kept = texts(column, &["name"]);
        (!kept.is_empty()).then(|| (id.clone(), Value::Object(kept)))
    });
    Map::from_iter([("columns".to_owned(), Value::Object(named.collect()))])
}

/// The texts of a chart's configuration.
fn chart_config(config: &Value) -> Value {
    let (kind, options) = (&config["type"], &config["config"]);
    let kept = match kind.as_str().unwrap_or_default() {
        "pie" => whole(options, "groupLabelOverrides"),
        "funnel" => whole(options, "labelOverrides"),
        "big_number" => texts(options, &["label", "comparisonLabel"]),
        "table" => columns(options),
        "custom" => whole(options, "spec"),
        _ => cartesian(options),
    };
    json!({ "type": kind, "config": kept })
}

/// Name and description.
fn named(row: &Content) -> Map<String, Value> {
    let mut kept = Map::from_iter([("name".to_owned(), Value::from(row.name.as_str()))]);
    with(
        &mut kept,
        "description",
        row.description.clone().map(Value::from),
    );
    kept
}

/// The texts of a chart, by its slug.
pub fn chart(row: &Content, body: &ChartBody) -> Value {
    let mut kept = named(row);
    with(
        &mut kept,
        "chartConfig",
        Some(chart_config(&body.chart_config)),
    );
    let slug = row.slug.clone();
    json!({ "chart": Map::from_iter([(slug, Value::Object(kept))]) })
}

/// The texts of a dashboard, by its slug. A chart's own name is told where `may_see` says so.
pub fn dashboard(
    row: &Content,
    body: &DashboardBody,
    index: &Index,
    may_see: impl Fn(&Content) -> bool,
) -> Value {
    let tiles = body.tiles.iter().map(|tile| {
        let chart = tile.face.shows().and_then(|(what, id)| index.get(what, id));
        let name = chart
            .filter(|chart| may_see(chart))
            .map(|chart| chart.name.as_str());
        let properties = match &tile.face {
            TileFace::SavedChart { title, .. } | TileFace::SqlChart { title, .. } => {
                json!({ "title": title.as_deref().unwrap_or(""), "chartName": name.unwrap_or("") })
            }
            TileFace::SemanticViewerChart {
                title, chart_name, ..
            } => {
                json!({ "title": title.as_deref().unwrap_or(""), "chartName": chart_name })
            }
            TileFace::Markdown { title, content, .. } => {
                json!({ "title": title, "content": content })
            }
            TileFace::Loom { title, .. } => json!({ "title": title }),
        };
        json!({ "type": tile.face.kind(), "properties": properties })
    });
    let mut kept = named(row);
    with(&mut kept, "tiles", Some(tiles.collect()));
    let slug = row.slug.clone();
    json!({ "dashboard": Map::from_iter([(slug, Value::Object(kept))]) })
}
