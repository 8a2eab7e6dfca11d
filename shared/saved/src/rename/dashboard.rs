//! Renaming in a dashboard: its filters, and what they filter on each tile.

use std::collections::HashMap;

use app::domain::content::DashboardBody;
use serde_json::{Map, Value};

use super::{names::Names, query::Rewriter};

/// Renames in a dashboard. `tiles` has the names of the explore of each tile's chart, `any` those of all explores. Answers the
/// places; none, and it is as it was.
pub(super) fn rename(
    body: &mut DashboardBody,
    tiles: &HashMap<String, &Names>,
    any: &Names,
) -> Vec<String> {
    // What is on the dashboard comes before what may lie anywhere.
    let mut here = Names::default();
    for tile in &body.tiles {
        if let Some(names) = tiles.get(&tile.uuid) {
            here.merge(names);
        }
    }
    here.merge(any);
    let filters = &mut body.filters;
    let lists = [
        ("dimensions", &mut filters.dimensions),
        ("metrics", &mut filters.metrics),
    ];
    let mut places = Vec::new();
    for (name, rules) in lists {
        for (at, rule) in rules.iter_mut().enumerate() {
            let place = format!("filters.{name}[{at}]");
            let target = rule.get_mut("target").and_then(Value::as_object_mut);
            if let Some(target) = target {
                places.extend(rename_target(&format!("{place}.target"), target, &here));
            }
            let targets = rule.get_mut("tileTargets").and_then(Value::as_object_mut);
            for (tile, target) in targets.into_iter().flatten() {
                let place = format!("{place}.tileTargets.{tile}");
                if let (Some(names), Some(target)) = (tiles.get(tile), target.as_object_mut()) {
                    places.extend(rename_target(&place, target, names));
                }
            }
        }
    }
    places
}

/// `{fieldId, tableName, fieldName}`, unless it is a column of SQL.
fn rename_target(place: &str, target: &mut Map<String, Value>, names: &Names) -> Vec<String> {
    if target.get("isSqlColumn").and_then(Value::as_bool) == Some(true) {
        return Vec::new();
    }
    let mut rewriter = Rewriter::new(names);
    let text = |name: &str| target.get(name).and_then(Value::as_str).map(str::to_owned);
    let (table, field) = (text("tableName"), text("fieldName"));
    if let (Some(table), Some(field)) = (&table, field)
        && let Some((_, new)) = names.reference(table, &field)
        && new != field
    {
        target.insert("fieldName".into(), new.into());
        rewriter.places.push(format!("{place}.fieldName"));
    }
    if let Some(Value::String(id)) = target.get_mut("fieldId") {
        rewriter.id(format!("{place}.fieldId"), id);
    }
    if let Some(Value::String(table)) = target.get_mut("tableName") {
        rewriter.table(format!("{place}.tableName"), table);
    }
    rewriter.places
}
