//! A column → its dimension, its additional dimensions, and their time intervals.

use serde_json::{Value, json};

use super::friendly::friendly;
use super::meta::{Place, Problems, Section};
use super::value::{Mapping, Meta};
use crate::dialect::{Dialect, StartOfWeek};
use crate::explore::{Dimension, DimensionType};
use crate::interval::TimeInterval;
use crate::literal;

const TYPES: [(&str, DimensionType); 5] = [
    ("string", DimensionType::String),
    ("number", DimensionType::Number),
    ("timestamp", DimensionType::Timestamp),
    ("date", DimensionType::Date),
    ("boolean", DimensionType::Boolean),
];

const TIMESTAMP_INTERVALS: [TimeInterval; 6] = [
    TimeInterval::Raw,
    TimeInterval::Day,
    TimeInterval::Week,
    TimeInterval::Month,
    TimeInterval::Quarter,
    TimeInterval::Year,
];

/// A column, as far as its dimensions need it.
pub(super) struct Source<'a> {
    pub dialect: Dialect,
    pub start_of_week: StartOfWeek,
    pub index: usize,
    pub column: &'a str,
    pub description: Option<&'a str>,
    /// What the warehouse says that it is.
    pub native: Option<DimensionType>,
    /// Whether its name only means it in quotes.
    pub quoted: bool,
    /// The place of the column's meta.
    pub place: Place<'a>,
}

/// What became of a column.
#[derive(Debug, Default)]
pub(super) struct Dimensions {
    /// By key: the column's own dimension, unless it is broken, then additional ones; each with its intervals behind it.
    pub all: Vec<(String, Dimension)>,
    /// Keys of dimensions that are not what they should be.
    pub broken: Vec<String>,
}

impl Dimensions {
    /// The dimension of the column itself.
    pub(super) fn own(&self, column: &str) -> Option<&Dimension> {
        let (key, dimension) = self.all.first()?;
        (key == column && dimension.is_additional_dimension.is_none()).then_some(dimension)
    }
}

impl Source<'_> {
    /// The dimensions of a column with its meta. Problems leave out the dimension that has them.
    pub(super) fn dimensions(
        &self,
        meta: &Mapping,
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) -> Dimensions {
        let mut all = Dimensions::default();
        let section = Section {
            map: meta,
            place: self.place,
        };
        let none = Mapping::new();
        let own = section.map("dimension", problems).unwrap_or(&none);
        let own = Section {
            map: own,
            place: self.place.at("dimension"),
        };
        let base = self.dimension(self.column, &own, problems);
        self.add(&mut all, self.column, base, &own, warnings);
        let additional = section.map("additional_dimensions", problems);
        let place = self.place.at("additional_dimensions");
        for (key, value) in additional.into_iter().flatten() {
            let place = place.at(key);
            let Meta::Mapping(map) = value else {
                problems.parse(format!("{place} has to be a mapping"));
                all.broken.push(key.clone());
                continue;
            };
            let own = Section { map, place };
            let dimension = self.dimension(key, &own, problems).map(|found| Dimension {
                // Its key is its name, whatever it is called in its meta.
                name: key.clone(),
                is_additional_dimension: Some(true),
                ..found
            });
            self.add(&mut all, key, dimension, &own, warnings);
        }
        all
    }

    fn add(
        &self,
        all: &mut Dimensions,
        key: &str,
        dimension: Option<Dimension>,
        own: &Section<'_>,
        warnings: &mut Vec<String>,
    ) {
        let Some(mut dimension) = dimension else {
            all.broken.push(key.to_owned());
            return;
        };
        let temporal = matches!(
            dimension.dimension_type,
            DimensionType::Date | DimensionType::Timestamp
        );
        let intervals = match temporal {
            true => intervals(own, dimension.dimension_type, warnings),
            false => None,
        };
        dimension.is_interval_base = intervals.is_some();
        let at = all.all.len();
        all.all.push((key.to_owned(), dimension));
        for interval in intervals.unwrap_or_default() {
            let suffix = interval.wire().to_ascii_lowercase();
            if let Some((_, base)) = all.all.get(at) {
                let child = self.interval(base, interval, &suffix);
                all.all.push((format!("{key}_{suffix}"), child));
            }
        }
    }

    fn dimension(
        &self,
        key: &str,
        own: &Section<'_>,
        problems: &mut Problems,
    ) -> Option<Dimension> {
        let before = problems.count();
        let name = own
            .filled("name", problems)
            .unwrap_or_else(|| key.to_owned());
        if name == "TABLE" {
            problems.parse(format!(
                "{}: no dimension can be called \"TABLE\"",
                own.place
            ));
        }
        let dimension_type = match own.word("type", &TYPES, problems) {
            Some(dimension_type) => dimension_type,
            None => self.native.unwrap_or(DimensionType::String),
        };
        let sql = own
            .filled("sql", problems)
            .unwrap_or_else(|| self.column_sql(key));
        let sql =
            if self.dialect == Dialect::Snowflake && dimension_type == DimensionType::Timestamp {
                format!("TO_TIMESTAMP_NTZ(CONVERT_TIMEZONE('UTC', {sql}))")
            } else {
                sql
            };
        let description = own.text("description", problems);
        let dimension = Dimension {
            field_type: "dimension".to_owned(),
            dimension_type,
            label: own
                .filled("label", problems)
                .unwrap_or_else(|| friendly(&name)),
            name,
            table: String::new(),
            table_label: String::new(),
            sql,
            compiled_sql: String::new(),
            description: description.or_else(|| self.description.map(str::to_owned)),
            time_interval: None,
            time_interval_base_dimension_name: None,
            hidden: own.flag("hidden").unwrap_or_default(),
            format: own.text("format", problems).map(Value::from),
            round: own.numeric("round", problems),
            compact: own.text("compact", problems).map(Value::from),
            required_attributes: own.required_attributes(problems),
            colors: own.mapping("colors", problems),
            urls: own.values("urls", problems),
            is_additional_dimension: None,
            groups: own.groups(problems),
            is_interval_base: false,
            tags: own.texts("tags", problems),
            index: Some(json!(self.index)),
            tables_references: None,
            tables_required_attributes: None,
        };
        (problems.count() == before && !dimension.name.is_empty()).then_some(dimension)
    }

    fn interval(&self, base: &Dimension, interval: TimeInterval, suffix: &str) -> Dimension {
        let mut groups = Vec::with_capacity(base.groups.len() + 1);
        groups.extend_from_slice(&base.groups);
        groups.push(base.label.clone());
        Dimension {
            field_type: base.field_type.clone(),
            dimension_type: interval.result_type(base.dimension_type),
            name: format!("{}_{suffix}", base.name),
            label: format!("{} {}", base.label, interval.label().to_lowercase()),
            table: String::new(),
            table_label: String::new(),
            sql: self.dialect.interval(
                &base.sql,
                interval,
                base.dimension_type,
                self.start_of_week,
            ),
            compiled_sql: String::new(),
            description: base.description.clone(),
            time_interval: Some(interval),
            time_interval_base_dimension_name: Some(base.name.clone()),
            hidden: base.hidden,
            format: base.format.clone(),
            round: base.round.clone(),
            compact: base.compact.clone(),
            required_attributes: base.required_attributes.clone(),
            colors: base.colors.clone(),
            urls: base.urls.clone(),
            is_additional_dimension: base.is_additional_dimension,
            groups,
            is_interval_base: false,
            tags: base.tags.clone(),
            index: base.index.clone(),
            tables_references: None,
            tables_required_attributes: None,
        }
    }

    fn column_sql(&self, column: &str) -> String {
        format!(
            "${{TABLE}}.{}",
            column_name(self.dialect, column, self.quoted)
        )
    }
}

/// A column's name in SQL: as it is where that means the column, else in quotes. Points separate the fields of a record.
pub(super) fn column_name(dialect: Dialect, column: &str, quoted: bool) -> String {
    if quoted {
        return literal::identifier(dialect, column);
    }
    if column.split('.').all(is_plain) {
        return column.to_owned();
    }
    match dialect {
        Dialect::Bigquery if column.split('.').all(|part| !part.is_empty()) => {
            let parts = column.split('.').map(|part| match is_plain(part) {
                true => part.to_owned(),
                false => literal::identifier(dialect, part),
            });
            parts.collect::<Vec<_>>().join(".")
        }
        _ => literal::identifier(dialect, column),
    }
}

/// A name that every warehouse takes without quotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// The intervals of a date or timestamp; none where they are switched off.
fn intervals(
    own: &Section<'_>,
    base: DimensionType,
    warnings: &mut Vec<String>,
) -> Option<Vec<TimeInterval>> {
    let defaults = match base {
        DimensionType::Timestamp => TIMESTAMP_INTERVALS.as_slice(),
        _ => TIMESTAMP_INTERVALS.get(1..).unwrap_or_default(),
    };
    let names = match own.get("time_intervals") {
        Some(Meta::Bool(false)) => return None,
        Some(Meta::Text(word)) if word.eq_ignore_ascii_case("off") => return None,
        Some(Meta::List(names)) => names,
        _ => return Some(defaults.to_vec()),
    };
    let mut found = Vec::new();
    for name in names {
        let name = name.scalar().unwrap_or_default();
        match TimeInterval::parse(&name) {
            Some(interval) if found.contains(&interval) => {}
            Some(interval) => found.push(interval),
            None => warnings.push(format!(
                "{}.time_intervals: \"{name}\" is no interval",
                own.place
            )),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        for (dialect, column, quoted, wanted) in [
            (Dialect::Postgres, "order_id", false, "order_id"),
            (Dialect::Postgres, "orderId", false, "orderId"),
            (Dialect::Postgres, "orderId", true, "\"orderId\""),
            (Dialect::Postgres, "Weird \"Col", false, "\"Weird \"\"Col\""),
            (Dialect::Postgres, "1st", false, "\"1st\""),
            (Dialect::Snowflake, "ORDER_ID", false, "ORDER_ID"),
            (Dialect::Bigquery, "a.b", false, "a.b"),
            (Dialect::Bigquery, "a.weird col", false, "a.`weird col`"),
            (Dialect::Databricks, "weird`col", false, "`weird``col`"),
        ] {
            assert_eq!(column_name(dialect, column, quoted), wanted, "{column}");
        }
    }
}
