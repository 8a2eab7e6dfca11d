//! What rows are grouped by: dimensions of the explore, ranges of them, and expressions.

mod bins;

use crate::error::{Errors, Refused};
use crate::explore::{Dimension, DimensionType};
use crate::filter::FieldType;
use crate::interval::{Name, TimeInterval, Transform};
use crate::query::{CustomDimension, MetricQuery, SqlDimension};
use crate::scope::{Found, Scope, Tables};
use bins::add_bin;

/// One column that rows are grouped by.
#[derive(Debug)]
pub(crate) struct Group {
    pub id: String,
    pub sql: String,
    pub sort: SortBy,
    /// A second column, by which it is sorted: its id and SQL.
    pub order: Option<(String, String)>,
}

/// How a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortBy {
    /// As it is.
    Value,
    /// Names of days, on the calendar.
    Days,
    /// Names of months, on the calendar.
    Months,
}

/// A dimension as a filter or a column needs it.
pub(crate) struct Field<'a> {
    pub sql: String,
    pub field_type: DimensionType,
    pub interval: Option<TimeInterval>,
    pub tables: Tables<'a>,
}

/// What SQL the ranges of one dimension need besides: a common table expression with the least and the greatest value.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The name of the expression.
    pub name: String,
    /// What it selects.
    pub select: String,
}

/// The dimensions of a query.
#[derive(Default)]
pub(crate) struct Selection<'a> {
    pub groups: Vec<Group>,
    pub bounds: Vec<Bounds>,
    pub tables: Tables<'a>,
}

impl Selection<'_> {
    /// Adds a column, unless the SQL of the query gets too long by it.
    fn add(&mut self, scope: &Scope<'_>, group: Group) -> Result<(), Refused> {
        let order = group.order.as_ref().map_or(0, |(_, sql)| sql.len());
        scope.grow(group.sql.len() + order)?;
        self.groups.push(group);
        Ok(())
    }
}

/// Intervals that a dimension has without the explore having said so, by the end of the id.
const ON_THE_FLY: [(&str, TimeInterval); 5] = [
    ("_day", TimeInterval::Day),
    ("_week", TimeInterval::Week),
    ("_month", TimeInterval::Month),
    ("_quarter", TimeInterval::Quarter),
    ("_year", TimeInterval::Year),
];

/// The dimension of an id that the explore lists; or the date of which the id is an interval that it does not list, and which.
/// `listed` finds what is listed.
pub(crate) fn dimension<'a>(
    id: &str,
    listed: impl Fn(&str) -> Found<&'a Dimension>,
) -> Found<(&'a Dimension, Option<TimeInterval>)> {
    match listed(id) {
        Found::Yes(found) => return Found::Yes((found, None)),
        Found::Hidden => return Found::Hidden,
        Found::No => {}
    }
    let cut = ON_THE_FLY
        .iter()
        .find_map(|(end, interval)| Some((id.strip_suffix(end)?, *interval)));
    let Some((date, interval)) = cut else {
        return Found::No;
    };
    match listed(date) {
        Found::Yes(date) if is_date(date.dimension_type) => Found::Yes((date, Some(interval))),
        Found::Hidden => Found::Hidden,
        Found::Yes(_) | Found::No => Found::No,
    }
}

/// Finds a dimension of the explore, or an interval of one that the explore does not list.
pub(crate) fn find<'a>(scope: &Scope<'a>, id: &str) -> Found<Field<'a>> {
    match dimension(id, |id| scope.dimension(id)) {
        Found::Yes((found, None)) => Found::Yes(Field {
            sql: found.compiled_sql.clone(),
            field_type: found.dimension_type,
            interval: found.time_interval,
            tables: scope.tables_of(found),
        }),
        Found::Yes((date, Some(interval))) => Found::Yes(Field {
            sql: scope.interval(date, interval),
            field_type: interval.result_type(date.dimension_type),
            interval: Some(interval),
            tables: scope.tables_of(date),
        }),
        Found::Hidden => Found::Hidden,
        Found::No => Found::No,
    }
}

/// Finds what a filter on dimensions looks at, cut to an interval if the filter says so.
pub(crate) fn filtered<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    id: &str,
    cut: Option<TimeInterval>,
) -> Result<Found<(String, FieldType, Tables<'a>)>, Refused> {
    scope.grow(0)?;
    let custom = query.custom_dimensions.iter().flatten();
    match custom.clone().find(|custom| custom.id() == id) {
        Some(CustomDimension::Bin(_)) => {
            Err(format!("The ranges \"{id}\" cannot be filtered").into())
        }
        Some(CustomDimension::Sql(custom)) => {
            let sql = custom_sql(scope, custom)?;
            Ok(Found::Yes((sql.0, custom.dimension_type.into(), sql.1)))
        }
        None => Ok(match find(scope, id) {
            Found::Yes(field) => {
                let (sql, field_type) = match (cut, scope.dimension(id)) {
                    (Some(interval), Found::Yes(date)) if is_date(date.dimension_type) => (
                        scope.interval(date, interval),
                        interval.result_type(date.dimension_type),
                    ),
                    _ => (field.sql, field.field_type),
                };
                Found::Yes((sql, field_type.into(), field.tables))
            }
            Found::Hidden => Found::Hidden,
            Found::No => Found::No,
        }),
    }
}

/// The tables of a dimension of the explore or of the query.
pub(crate) fn tables<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    id: &str,
) -> Option<Tables<'a>> {
    let mut custom = query.custom_dimensions.iter().flatten();
    let id = match custom.find(|custom| custom.id() == id) {
        Some(CustomDimension::Sql(custom)) => return Some(custom_sql(scope, custom).ok()?.1),
        Some(CustomDimension::Bin(bin)) => &bin.dimension_id,
        None => id,
    };
    match find(scope, id) {
        Found::Yes(field) => Some(field.tables),
        Found::Hidden | Found::No => None,
    }
}

pub(crate) fn is_date(field_type: DimensionType) -> bool {
    matches!(field_type, DimensionType::Date | DimensionType::Timestamp)
}

/// Resolves the dimensions of a query: those of the explore first, in the query's order, then ranges, then expressions.
pub(crate) fn select<'a>(
    scope: &Scope<'a>,
    query: &'a MetricQuery,
    errors: &mut Errors,
) -> Selection<'a> {
    let mut selection = Selection::default();
    let custom: &[CustomDimension] = query.custom_dimensions.as_deref().unwrap_or_default();
    let zoomed = zoom(scope, query).unwrap_or_else(|refused| {
        errors.refused("dateZoom", refused);
        None
    });
    let mut customs = Vec::new();
    for (at, id) in query.dimensions.iter().enumerate() {
        if query
            .dimensions
            .iter()
            .take(at)
            .any(|earlier| earlier == id)
        {
            continue;
        }
        if let Some(found) = custom.iter().find(|custom| custom.id() == id) {
            customs.push((at, found));
            continue;
        }
        let path = format!("dimensions[{at}]");
        match find(scope, id) {
            Found::Yes(mut field) => {
                if let Some((target, sql)) = &zoomed
                    && target == id
                {
                    field.sql.clone_from(sql);
                    field.interval = None;
                }
                selection.tables.extend(field.tables.0);
                let group = Group {
                    id: id.clone(),
                    sql: field.sql,
                    sort: sort_by(field.interval),
                    order: None,
                };
                if let Err(refused) = selection.add(scope, group) {
                    errors.refused(path, refused);
                }
            }
            Found::Hidden => errors.refused(path, scope.not_allowed(id)),
            Found::No => scope.unknown(errors, &path, "dimension", id),
        }
    }
    let is_bin = |custom: &&(usize, &CustomDimension)| matches!(custom.1, CustomDimension::Bin(_));
    let (bins, sqls): (Vec<_>, Vec<_>) = customs.iter().partition(is_bin);
    for (at, custom) in bins.into_iter().chain(sqls) {
        let added = match custom {
            CustomDimension::Bin(bin) => add_bin(scope, bin, &mut selection, query),
            CustomDimension::Sql(custom) => add_sql(scope, custom, &mut selection),
        };
        if let Err(refused) = added {
            errors.refused(format!("dimensions[{at}]"), refused);
        }
    }
    selection
}

fn sort_by(interval: Option<TimeInterval>) -> SortBy {
    match interval.map(TimeInterval::transform) {
        Some(Transform::Name(Name::Day)) => SortBy::Days,
        Some(Transform::Name(Name::Month)) => SortBy::Months,
        _ => SortBy::Value,
    }
}

/// The dimension that a date zoom makes coarser, and its SQL. One that is no date is left as it is; an interval becomes one of
/// its date, which has to be visible as well.
fn zoom(scope: &Scope<'_>, query: &MetricQuery) -> Result<Option<(String, String)>, Refused> {
    let zoom = query.date_zoom.as_ref();
    let Some((zoom, granularity)) = zoom.and_then(|zoom| Some((zoom, zoom.granularity?))) else {
        return Ok(None);
    };
    let date = |id: &String| match dimension(id, |id| scope.dimension(id)) {
        Found::Yes((found, _)) => Some(found),
        Found::Hidden | Found::No => None,
    };
    let found = match &zoom.x_axis_field_id {
        Some(id) => date(id).map(|field| (id, field)),
        // Of the whole query, where this one is a part of its totals.
        None => query
            .also_joins
            .iter()
            .chain(&query.dimensions)
            .find_map(|id| {
                let field = date(id)?;
                is_date(field.dimension_type).then_some((id, field))
            }),
    };
    let Some((id, field)) = found else {
        return Ok(None);
    };
    let base = scope.interval_base(field)?;
    let dated = is_date(base.dimension_type);
    Ok(dated.then(|| (id.clone(), scope.interval(base, granularity.interval()))))
}

/// The SQL of a custom dimension.
fn custom_sql<'a>(
    scope: &Scope<'a>,
    custom: &'a SqlDimension,
) -> Result<(String, Tables<'a>), Refused> {
    // It is read again for each of its filters.
    scope.grow(custom.sql.len())?;
    if scope.hidden.tables.contains(&custom.table) {
        return Err(scope.not_allowed(&custom.id));
    }
    let (table, _) = scope
        .explore
        .tables
        .get_key_value(&custom.table)
        .ok_or_else(|| format!("The explore has no table \"{}\"", custom.table))?;
    // Where something is hidden from the user, SQL that somebody else wrote is looked at as if it were theirs.
    if !scope.options.saved_dimensions || !scope.hidden.is_empty() {
        scope.may_write(table, &custom.sql, &scope.own_sql(table))?;
    }
    let sql = scope.expand(table, &custom.sql)?;
    Ok((sql.text, sql.tables))
}

/// Adds an expression.
fn add_sql<'a>(
    scope: &Scope<'a>,
    custom: &'a SqlDimension,
    selection: &mut Selection<'a>,
) -> Result<(), Refused> {
    let (sql, tables) = custom_sql(scope, custom)?;
    selection.tables.extend(tables.0);
    let group = Group {
        id: custom.id.clone(),
        sql: format!("({sql})"),
        sort: SortBy::Value,
        order: None,
    };
    selection.add(scope, group)
}
