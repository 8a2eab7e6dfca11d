//! A metric as dbt's files define it (reference 25 §2.2, §2.3).

use semantic::{
    explore::FieldFilter,
    format::Format,
    query::{AdditionalMetric, Operator},
};
use serde_json::{Value, json};

use crate::custom_metrics::label;

/// A metric of a chart as YAML: `{name: {label, description, type, percentile, format, filters}}`, without what it does not
/// have. Filters that dbt's files cannot say are left out.
pub(crate) fn of_metric(metric: &AdditionalMetric) -> String {
    let mut out = format!("{}:\n", scalar(&json!(metric.name)));
    let mut line = |key: &str, value: &Value| {
        out.push_str(&format!("  {key}: {}\n", scalar(value)));
    };
    line("label", &json!(label(metric)));
    if let Some(description) = &metric.description {
        line("description", &json!(description));
    }
    line("type", &json!(metric.metric_type));
    if let Some(percentile) = metric.percentile {
        line("percentile", &json!(percentile));
    }
    if let Some(format) = Format::of_item(&json!(metric)).expression() {
        line("format", &json!(format));
    }
    let filters = metric.filters.iter().flatten();
    let filters: Vec<_> = filters.filter_map(filter).collect();
    if !filters.is_empty() {
        out.push_str("  filters:\n");
        filters.iter().for_each(|filter| out.push_str(filter));
    }
    out
}

/// One filter as an element of a list, if there is a way to say it.
fn filter(filter: &FieldFilter) -> Option<String> {
    let values = filter.values.as_deref().unwrap_or_default();
    let texts = |before: &str, after: &str| {
        let texts = values.iter().map(|value| match value {
            Value::String(text) => format!("{before}{text}{after}"),
            value => format!("{before}{value}{after}"),
        });
        texts.map(Value::String).collect::<Vec<_>>()
    };
    let said = match filter.operator {
        Operator::Equals => values.to_vec(),
        Operator::NotEquals => texts("!", ""),
        Operator::Include => texts("%", "%"),
        Operator::DoesNotInclude => texts("!%", "%"),
        Operator::StartsWith => texts("", "%"),
        Operator::EndsWith => texts("%", ""),
        Operator::GreaterThan => texts("> ", ""),
        Operator::GreaterThanOrEqual => texts(">= ", ""),
        Operator::LessThan => texts("< ", ""),
        Operator::LessThanOrEqual => texts("<= ", ""),
        Operator::IsNull => vec![json!("null")],
        Operator::NotNull => vec![json!("!null")],
        Operator::InThePast => span("inThePast", filter)?,
        Operator::InTheNext => span("inTheNext", filter)?,
        _ => return None,
    };
    let field = &filter.target.field_ref;
    let field = field.rsplit('.').next().unwrap_or(field);
    let key = scalar(&json!(field));
    match said.as_slice() {
        [] => None,
        [one] => Some(format!("    - {key}: {}\n", scalar(one))),
        several => {
            let lines = several.iter();
            let lines = lines.map(|value| format!("        - {}\n", scalar(value)));
            Some(format!("    - {key}:\n{}", lines.collect::<String>()))
        }
    }
}

/// `inThePast 3 months`; none of whole periods only.
fn span(name: &str, filter: &FieldFilter) -> Option<Vec<Value>> {
    let number = filter.values.as_deref()?.first()?;
    let settings = filter.settings.as_ref()?;
    if settings["completed"] == true {
        return None;
    }
    let unit = settings["unitOfTime"].as_str()?;
    Some(vec![json!(format!("{name} {number} {unit}"))])
}

/// A value on one line: text as it is where nothing in it means anything else, in single quotes otherwise, and in double ones
/// where it has characters that those do not take.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else {
        return value.to_string();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let lower = text.to_ascii_lowercase();
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_word = words.contains(&lower.as_str());
    if begins && text.chars().all(plain) && !text.ends_with(' ') && !is_word {
        text.clone()
    } else if text.chars().any(char::is_control) {
        // JSON is YAML.
        value.to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_where_it_could_mean_something_else() {
        for (text, written) in [
            ("Total amount", "Total amount"),
            ("it's", "'it''s'"),
            ("null", "'null'"),
            ("", "''"),
            ("1", "'1'"),
            ("a: b", "'a: b'"),
            ("- a", "'- a'"),
            ("two\nlines", "\"two\\nlines\""),
        ] {
            assert_eq!(scalar(&json!(text)), written);
        }
        assert_eq!(scalar(&json!(7)), "7");
    }

    #[test]
    fn a_metric_is_what_dbt_would_have() {
        let metric = json!({
            "table": "orders", "name": "big", "type": "sum", "sql": "${TABLE}.amount", "description": "Sums: all",
            "formatOptions": { "type": "percent", "round": 1 }, "uuid": "1",
            "filters": [
                { "id": "1", "target": { "fieldRef": "orders.status" }, "operator": "equals", "values": ["a", "b"] },
                { "id": "2", "target": { "fieldRef": "orders.amount" }, "operator": "greaterThan", "values": [10] },
                { "id": "3", "target": { "fieldRef": "orders.day" }, "operator": "inTheCurrent", "values": [1] },
            ],
        });
        let metric: AdditionalMetric = serde_json::from_value(metric).unwrap();
        let text = of_metric(&metric);
        let expected = "big:\n  label: Big\n  description: 'Sums: all'\n  type: sum\n  format: '#,##0.0%'\n  filters:\n    \
                        - status:\n        - a\n        - b\n    - amount: '> 10'\n";
        assert_eq!(text, expected);
    }
}
