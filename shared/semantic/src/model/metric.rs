//! Metrics: of columns, of models, and of dbt itself before its version 1.6.

use serde_json::Value;

use super::friendly::friendly;
use super::manifest::LegacyMetric;
use super::meta::{Place, Problems, Section};
use super::settings::SpotlightSettings;
use super::value::{Mapping, Meta};
use crate::explore::{Dimension, Metric, MetricType, RequiredAttributes, Spotlight};

const TYPES: [(&str, MetricType); 13] = [
    ("percentile", MetricType::Percentile),
    ("average", MetricType::Average),
    ("count", MetricType::Count),
    ("count_distinct", MetricType::CountDistinct),
    ("sum", MetricType::Sum),
    ("min", MetricType::Min),
    ("max", MetricType::Max),
    ("number", MetricType::Number),
    ("median", MetricType::Median),
    ("string", MetricType::String),
    ("date", MetricType::Date),
    ("timestamp", MetricType::Timestamp),
    ("boolean", MetricType::Boolean),
];

/// A metric before it meets an explore.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub metric: Metric,
    /// Fields and what is asked of them.
    pub filters: Vec<(String, Value)>,
}

/// What all metrics of a model share.
pub(super) struct Model<'a> {
    pub name: &'a str,
    pub spotlight: &'a SpotlightSettings,
    /// `show` or `hide`, if the model says so.
    pub visibility: Option<&'a str>,
    pub categories: &'a [String],
}

impl Model<'_> {
    /// A metric from its meta; none if it has problems. `dimension` is that of the column under which it stands.
    pub(super) fn metric(
        &self,
        name: &str,
        own: &Section<'_>,
        dimension: Option<&Dimension>,
        problems: &mut Problems,
    ) -> Option<Draft> {
        let before = problems.count();
        if own.get("type").is_none() {
            problems.parse(format!("{}.type is missing", own.place));
        }
        let metric_type = own.word("type", &TYPES, problems);
        let sql = own
            .filled("sql", problems)
            .or_else(|| dimension.map(|dimension| dimension.sql.clone()));
        if sql.is_none() {
            problems.parse(format!("{}.sql is missing", own.place));
        }
        let percentile = own.number("percentile", problems);
        if percentile.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            problems.parse(format!("{}.percentile has to be from 0 to 100", own.place));
        }
        let described = || {
            let word = TYPES.iter().find(|(_, one)| Some(*one) == metric_type)?.0;
            Some(format!(
                "{} of {}",
                friendly(word),
                friendly(&dimension?.name)
            ))
        };
        let metric = Metric {
            field_type: "metric".to_owned(),
            metric_type: metric_type.unwrap_or(MetricType::Number),
            name: name.to_owned(),
            label: own
                .filled("label", problems)
                .unwrap_or_else(|| friendly(name)),
            table: String::new(),
            table_label: String::new(),
            sql: sql.unwrap_or_default(),
            compiled_sql: String::new(),
            description: own.text("description", problems).or_else(described),
            hidden: own.flag("hidden").unwrap_or_default(),
            round: own.numeric("round", problems),
            compact: own.text("compact", problems).map(Value::from),
            format: own.text("format", problems).map(Value::from),
            groups: own.groups(problems),
            show_underlying_values: own.texts("show_underlying_values", problems),
            filters: Vec::new(),
            percentile,
            dimension_reference: dimension
                .map(|dimension| format!("{}_{}", self.name, dimension.name.replace('.', "__"))),
            required_attributes: both(
                dimension.and_then(|dimension| dimension.required_attributes.as_ref()),
                own.required_attributes(problems),
            ),
            urls: own.values("urls", problems),
            tags: own.texts("tags", problems),
            default_time_dimension: own.mapping("default_time_dimension", problems),
            spotlight: Some(self.spotlight(own, problems)),
            format_options: None,
            index: None,
            tables_references: None,
            tables_required_attributes: None,
        };
        let filters = filters(own, problems);
        if !filters.is_empty() && metric_type.is_some_and(|metric| !metric.is_aggregate()) {
            problems.parse(format!(
                "{}.filters: only metrics that aggregate can have filters",
                own.place
            ));
        }
        (problems.count() == before).then_some(Draft { metric, filters })
    }

    /// A metric of dbt's own.
    pub(super) fn legacy(
        &self,
        legacy: &LegacyMetric,
        meta: Mapping,
        problems: &mut Problems,
    ) -> Option<Draft> {
        let top = Place::top("metrics");
        let place = top.at(&legacy.name);
        let method = legacy.calculation_method.as_deref().unwrap_or_default();
        let expression = legacy.expression.as_deref().unwrap_or_default();
        let mut meta = meta;
        let mut set = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                meta.insert(key.to_owned(), Meta::Text(value.to_owned()));
            }
        };
        set("label", legacy.label.as_deref());
        set("description", legacy.description.as_deref());
        let sql = if method == "derived" {
            set("type", Some("number"));
            derived(expression, legacy.metrics.as_deref().unwrap_or_default())
        } else {
            set("type", Some(method));
            filtered(expression, legacy)
        };
        set("sql", Some(&sql));
        let own = Section { map: &meta, place };
        self.metric(&legacy.name, &own, None, problems)
    }

    fn spotlight(&self, own: &Section<'_>, problems: &mut Problems) -> Spotlight {
        let (visibility, categories) = spotlight(own, self.spotlight, problems);
        let mut all = self.categories.to_vec();
        for category in categories {
            if !all.contains(&category) {
                all.push(category);
            }
        }
        Spotlight {
            visibility: visibility
                .or_else(|| self.visibility.map(str::to_owned))
                .or_else(|| Some(self.spotlight.default_visibility.clone())),
            categories: Some(all),
        }
    }
}

/// The `spotlight` of a model or a metric: its visibility, and its categories, which the project has to know.
pub(super) fn spotlight(
    own: &Section<'_>,
    settings: &SpotlightSettings,
    problems: &mut Problems,
) -> (Option<String>, Vec<String>) {
    let Some(map) = own.map("spotlight", problems) else {
        return (None, Vec::new());
    };
    let section = Section {
        map,
        place: own.place.at("spotlight"),
    };
    let visibility = section.word(
        "visibility",
        &[("show", "show"), ("hide", "hide")],
        problems,
    );
    let categories = section.texts("categories", problems).unwrap_or_default();
    for category in &categories {
        if !settings.categories.contains_key(category) {
            problems.parse(format!(
                "{}.categories: the project has no category \"{category}\"",
                section.place
            ));
        }
    }
    (visibility.map(str::to_owned), categories)
}

/// What both a column and its metric ask for.
fn both(
    column: Option<&RequiredAttributes>,
    own: Option<RequiredAttributes>,
) -> Option<RequiredAttributes> {
    match (column, own) {
        (None, own) => own,
        (Some(column), None) => Some(column.clone()),
        (Some(column), Some(mut own)) => {
            own.extend(
                column
                    .iter()
                    .map(|(name, values)| (name.clone(), values.clone())),
            );
            Some(own)
        }
    }
}

/// Entries with one key: the field, and what is asked of it.
fn filters(own: &Section<'_>, problems: &mut Problems) -> Vec<(String, Value)> {
    let entries = own.list("filters", problems).unwrap_or_default();
    let single = entries.iter().filter_map(|entry| {
        let map = match entry {
            Meta::Mapping(map) if map.len() == 1 => Some(map),
            _ => None,
        }?;
        map.iter()
            .next()
            .map(|(field, value)| (field.clone(), value.to_json()))
    });
    single.collect()
}

/// The names of metrics as references.
fn derived(expression: &str, metrics: &[Vec<String>]) -> String {
    let names: Vec<&str> = metrics
        .iter()
        .filter_map(|path| path.last())
        .map(String::as_str)
        .collect();
    let mut out = String::with_capacity(expression.len() + 16);
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        if names.contains(&word.as_str()) {
            out.push_str("${");
            out.push_str(word);
            out.push('}');
        } else {
            out.push_str(word);
        }
        word.clear();
    };
    for c in expression.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

/// The expression where all filters hold.
fn filtered(expression: &str, legacy: &LegacyMetric) -> String {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let sql = if !expression.is_empty()
        && expression.chars().all(name)
        && expression.parse::<f64>().is_err()
    {
        format!("${{TABLE}}.{expression}")
    } else {
        expression.to_owned()
    };
    let filters = legacy.filters.as_deref().unwrap_or_default();
    if filters.is_empty() {
        return sql;
    }
    let conditions: Vec<String> = filters
        .iter()
        .map(|one| format!("(${{TABLE}}.{} {} {})", one.field, one.operator, one.value))
        .collect();
    format!(
        "CASE WHEN {} THEN {sql} ELSE NULL END",
        conditions.join(" AND ")
    )
}
