//! Queries that belong to another one: its total, and its subtotals.

use crate::conditions;
use crate::query::MetricQuery;
use crate::reference::{Piece, pieces};
use crate::scope::field_id;

/// The query of the grand total: the metrics over all rows that the filters on dimensions let pass.
///
/// Filters on metrics choose among the rows of the result; the total has one row, which they would test as a whole, so they are
/// left out, as are calculations, which look at the other rows.
pub fn total(query: &MetricQuery) -> MetricQuery {
    let mut total = query.clone();
    total.also_joins = asked(query);
    total.dimensions.clear();
    total.table_calculations.clear();
    total.sorts.clear();
    total.filters.metrics = None;
    total.filters.table_calculations = None;
    total.date_zoom = None;
    total.limit = 1.0;
    total
}

/// The queries of the subtotals, each under the ids of its leading dimensions joined by `:`.
///
/// `order` is the order of the columns; dimensions that it lacks come last. Those that are pivoted stay in every query and lead
/// none. `limit` is the number of rows of each.
pub fn subtotals(
    query: &MetricQuery,
    order: &[String],
    pivoted: &[String],
    limit: u32,
) -> Vec<(String, MetricQuery)> {
    let position = |id: &String| order.iter().position(|one| one == id).unwrap_or(usize::MAX);
    let mut leading: Vec<&String> = query
        .dimensions
        .iter()
        .filter(|id| !pivoted.contains(id))
        .collect();
    leading.sort_by_key(|id| position(id));
    leading.pop();
    let kept: Vec<&String> = pivoted
        .iter()
        .filter(|id| query.dimensions.contains(id))
        .collect();
    (1..=leading.len())
        .map(|count| {
            let prefix = leading.iter().take(count).copied();
            let key: Vec<&str> = prefix.clone().map(String::as_str).collect();
            let mut one = query.clone();
            one.also_joins = asked(query);
            one.dimensions = prefix.chain(kept.iter().copied()).cloned().collect();
            one.sorts.clear();
            one.filters.metrics = None;
            one.filters.table_calculations = None;
            one.limit = f64::from(limit);
            let columns = [one.dimensions.clone(), one.metrics.clone()].concat();
            one.table_calculations
                .retain(|calculation| names_only(&calculation.sql, &columns));
            (key.join(":"), one)
        })
        .collect()
}

/// What decides on the rows of a query besides its filters on dimensions.
fn asked(query: &MetricQuery) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(item) = &query.filters.metrics {
        conditions::rules(item, &mut rules);
    }
    let filtered = rules.into_iter().filter_map(|rule| rule.target.as_ref());
    let filtered = filtered.map(|target| target.field_id.clone());
    query.dimensions.iter().cloned().chain(filtered).collect()
}

/// Whether every field that a calculation names is among the columns.
fn names_only(sql: &str, columns: &[String]) -> bool {
    pieces(sql).all(|piece| match piece {
        Piece::Field {
            table: Some(table),
            field,
        } => columns.contains(&field_id(table, field)),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> MetricQuery {
        serde_json::from_value(serde_json::json!({
            "exploreName": "t", "dimensions": ["t_b", "t_a", "t_c", "t_p"], "metrics": ["t_m"],
            "filters": {"dimensions": {"id": "d", "and": []}, "metrics": {"id": "m", "and": []}},
            "sorts": [{"fieldId": "t_a", "descending": true}], "limit": 500,
            "tableCalculations": [
                {"name": "x", "displayName": "X", "sql": "${t.m} / 2"},
                {"name": "y", "displayName": "Y", "sql": "${t.c} || 'y'"}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn a_total_keeps_the_rows_and_leaves_out_what_chooses_among_results() {
        let total = total(&query());
        assert_eq!(total.dimensions, [""; 0]);
        assert_eq!(total.metrics, ["t_m"]);
        assert!(total.filters.dimensions.is_some() && total.filters.metrics.is_none());
        assert_eq!(total.limit, 1.0);
    }

    #[test]
    fn subtotals_lead_with_ever_more_dimensions_but_the_last() {
        let order = ["t_a", "t_b", "t_c"].map(str::to_owned);
        let found = subtotals(&query(), &order, &["t_p".to_owned()], 100);
        let shape: Vec<_> = found
            .iter()
            .map(|(key, one)| {
                (
                    key.as_str(),
                    one.dimensions.join(","),
                    one.table_calculations.len(),
                )
            })
            .collect();
        assert_eq!(
            shape,
            [
                ("t_a", "t_a,t_p".to_owned(), 1),
                ("t_a:t_b", "t_a,t_b,t_p".to_owned(), 1)
            ]
        );
    }
}
