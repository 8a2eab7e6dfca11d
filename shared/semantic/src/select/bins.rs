//! Ranges of a dimension.

use super::{Bounds, Group, Selection, SortBy, find};
use crate::error::Refused;
use crate::literal;
use crate::query::{BinDimension, BinType, MetricQuery};
use crate::scope::{Found, Scope};

/// Adds ranges of a dimension.
pub(super) fn add_bin<'a>(
    scope: &Scope<'a>,
    bin: &'a BinDimension,
    selection: &mut Selection<'a>,
    query: &MetricQuery,
) -> Result<(), Refused> {
    let field = match find(scope, &bin.dimension_id) {
        Found::Yes(field) => field,
        Found::Hidden => return Err(scope.not_allowed(&bin.dimension_id)),
        Found::No => {
            let id = &bin.dimension_id;
            return Err(format!("The explore has no dimension \"{id}\" to make ranges of").into());
        }
    };
    let is_sorted = query.sorts.iter().any(|sort| sort.field_id == bin.id);
    let (sql, order) = match bin.bin_type {
        BinType::FixedWidth => fixed_width(scope, bin, &field.sql)?,
        BinType::CustomRange => custom_range(scope, bin, &field.sql)?,
        BinType::FixedNumber => {
            let (sql, order, bounds) = fixed_number(scope, bin, &field.sql)?;
            scope.grow(bounds.select.len())?;
            selection.bounds.push(bounds);
            (sql, order)
        }
    };
    selection.tables.extend(field.tables.0);
    let group = Group {
        id: bin.id.clone(),
        sql,
        sort: SortBy::Value,
        order: is_sorted.then(|| (free_name(&bin.id, query), order)),
    };
    selection.add(scope, group)
}

/// The name of the column that a column of ranges is sorted by: one that no other column has, whatever case counts for.
fn free_name(id: &str, query: &MetricQuery) -> String {
    let calculations = query.table_calculations.iter().map(|one| &one.name);
    let columns = || query.dimensions.iter().chain(&query.metrics);
    let taken: Vec<&String> = columns().chain(calculations).collect();
    let mut name = format!("{id}_order");
    while taken.iter().any(|one| one.eq_ignore_ascii_case(&name)) {
        name.push('_');
    }
    name
}

/// `0 - 9`, `10 - 19`: labels and the numbers to sort them by. Widths that are not whole end where the next range begins.
fn fixed_width(
    scope: &Scope<'_>,
    bin: &BinDimension,
    field: &str,
) -> Result<(String, String), String> {
    let width = bin.bin_width.filter(|width| *width > 0.0);
    let width = width.ok_or("Ranges of a fixed width need a width above zero")?;
    let text = plain(width).ok_or("A width of ranges has to be from 1e-9 to 1e15")?;
    let digits = text.split_once('.').map_or(0, |(_, after)| after.len());
    let decimals = u8::try_from(digits.min(9)).unwrap_or_default();
    let syntax = scope.dialect.syntax();
    let start = match (digits, whole(&text)) {
        (1..=9, Some(whole)) => format!(
            "FLOOR(CAST({} AS {}) / {whole}) * {text}",
            scope.dialect.floor_of_decimals(field, decimals),
            syntax.float_type
        ),
        _ => format!(
            "FLOOR(CAST({field} AS {}) / {text}) * {text}",
            syntax.float_type
        ),
    };
    let end = if decimals == 0 {
        format!("{start} + {text} - 1")
    } else {
        format!("{start} + {text}")
    };
    let label = (syntax.concat)(&[
        scope.dialect.decimal_text(&start, decimals),
        literal::string(scope.dialect, " - "),
        scope.dialect.decimal_text(&end, decimals),
    ]);
    // A concatenation of nothing is nothing everywhere but where CONCAT skips nulls.
    let label = format!("CASE WHEN {field} IS NULL THEN NULL ELSE {label} END");
    Ok((label, start))
}

/// A number whose text is short: others have hundreds of digits.
fn plain(value: f64) -> Option<String> {
    let is_plain = value == 0.0 || (1e-9..=1e15).contains(&value.abs());
    literal::float(value).filter(|_| is_plain)
}

/// The digits of a decimal as a whole number: 25 of `0.25`; none if a double would not count to it.
fn whole(text: &str) -> Option<u64> {
    let number = text.replace('.', "").parse::<u64>().ok()?;
    (number < 1 << 53).then_some(number)
}

/// `<10`, `10-20`, `≥20`.
fn custom_range(
    scope: &Scope<'_>,
    bin: &BinDimension,
    field: &str,
) -> Result<(String, String), String> {
    let ranges = bin.custom_range.as_deref().unwrap_or_default();
    if ranges.is_empty() || ranges.len() > 1_000 {
        return Err("Custom ranges need at least one range, and at most 1000".to_owned());
    }
    let count = ranges.len();
    let mut label = format!("CASE\n    WHEN {field} IS NULL THEN NULL");
    let mut order = format!("CASE\n    WHEN {field} IS NULL THEN {count}");
    for (at, range) in ranges.iter().enumerate() {
        scope.fits(label.len())?;
        let number = |value: f64| {
            plain(value)
                .ok_or("Limits of ranges have to be 0, or from 1e-9 to 1e15 on either side of it")
        };
        let (condition, text) = match (range.from, range.to) {
            (None, Some(to)) => {
                let to = number(to)?;
                (format!("{field} < {to}"), format!("<{to}"))
            }
            (Some(from), Some(to)) => {
                let (from, to) = (number(from)?, number(to)?);
                (
                    format!("{field} >= {from} AND {field} < {to}"),
                    format!("{from}-{to}"),
                )
            }
            (Some(from), None) => {
                let from = number(from)?;
                (format!("{field} >= {from}"), format!("≥{from}"))
            }
            (None, None) => return Err("A range needs a start or an end".to_owned()),
        };
        let text = literal::string(scope.dialect, &text);
        label.push_str(&format!("\n    WHEN {condition} THEN {text}"));
        order.push_str(&format!("\n    WHEN {condition} THEN {at}"));
    }
    label.push_str("\n    ELSE NULL\n  END");
    order.push_str(&format!("\n    ELSE {count}\n  END"));
    Ok((label, order))
}

/// So many ranges of one width between the least and the greatest value. The width is whole, which makes the last range the
/// largest, unless there are more ranges than whole numbers: then it has decimals.
fn fixed_number(
    scope: &Scope<'_>,
    bin: &BinDimension,
    field: &str,
) -> Result<(String, String, Bounds), String> {
    let count = bin
        .bin_number
        .filter(|count| count.fract() == 0.0 && (1.0..=1_000.0).contains(count))
        .ok_or("A number of ranges has to be whole, from 1 to 1000")? as u32;
    let (dialect, syntax) = (scope.dialect, scope.dialect.syntax());
    let decimals = decimals_of(count);
    let name = format!("{}_cte", bin.id);
    let of = |column: &str| format!("{}.{column}", scope.quote(&name));
    let (least, greatest, width) = (of("min_id"), of("max_id"), of("bin_width"));
    let dash = literal::string(dialect, " - ");
    let edge = |index: u32| format!("{least} + {width} * {index}");
    // Ranges end where their labels say.
    let bound = |index: u32| dialect.decimal(&edge(index), decimals);
    let text = |sql: &str| {
        let zeros = format!(".{}", "0".repeat(usize::from(decimals)));
        let (zeros, nothing) = (
            literal::string(dialect, &zeros),
            literal::string(dialect, ""),
        );
        format!(
            "REPLACE({}, {zeros}, {nothing})",
            dialect.decimal_text(sql, decimals)
        )
    };
    let mut label = format!("CASE\n    WHEN {field} IS NULL THEN NULL");
    let mut order = format!("CASE\n    WHEN {field} IS NULL THEN {count}");
    for at in 0..count - 1 {
        scope.fits(label.len())?;
        let (from, to) = (edge(at), edge(at + 1));
        let condition = format!("{field} >= {} AND {field} < {}", bound(at), bound(at + 1));
        let between = (syntax.concat)(&[text(&from), dash.clone(), text(&to)]);
        label.push_str(&format!("\n    WHEN {condition} THEN {between}"));
        order.push_str(&format!("\n    WHEN {condition} THEN {at}"));
    }
    let last = (syntax.concat)(&[text(&edge(count - 1)), dash, text(&greatest)]);
    label.push_str(&format!("\n    ELSE {last}\n  END"));
    order.push_str(&format!("\n    ELSE {}\n  END", count - 1));
    let number = |sql: &str| format!("CAST({sql} AS {})", syntax.float_type);
    let select = format!(
        "SELECT\n  FLOOR(MIN({field})) AS min_id,\n  CEIL(MAX({field})) AS max_id,\n  \
         CASE\n    WHEN MAX({field}) - MIN({field}) >= {count} THEN {}\n    ELSE {} / {count}\n  END AS bin_width",
        number(&format!("FLOOR((MAX({field}) - MIN({field})) / {count})")),
        number(&format!("CEIL(MAX({field})) - FLOOR(MIN({field}))")),
    );
    Ok((label, order, Bounds { name, select }))
}

/// With how many decimals the ends of so many ranges between whole numbers can be told apart; exactly, if four are enough.
fn decimals_of(count: u32) -> u8 {
    let exact = (1..=4).find(|decimals| 10_u32.pow(*decimals) % count == 0);
    let decimals = exact.unwrap_or_else(|| count.ilog10() + 2);
    u8::try_from(decimals).unwrap_or(4)
}
