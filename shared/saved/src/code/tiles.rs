//! Tiles by name: what documents call them, and which of them is which of an earlier version.

use std::collections::{BTreeMap, BTreeSet};

use app::{
    domain::{
        content::{DashboardBody, DashboardFilters, Index, Tile, TileFace},
        id::ContentId,
    },
    random::Random,
};
use serde_json::{Map, Value};

use super::equal;

/// What is known of a tile that is to be found again.
#[derive(Debug, Clone, Default)]
pub struct Key {
    pub id: Option<String>,
    pub slug: Option<String>,
}

/// What documents call each tile: the slug of its chart, with its number among the tiles of that chart where there are
/// several (reference 22 §1.3). None for a tile that shows no chart that is there. No two have the same.
pub fn slugs(tiles: &[Tile], index: &Index) -> Vec<Option<String>> {
    let mut counts = BTreeMap::new();
    for shown in tiles.iter().filter_map(|tile| tile.face.shows()) {
        *counts.entry(shown).or_insert(0) += 1;
    }
    let (mut used, mut seen) = (BTreeSet::new(), BTreeMap::new());
    let mut name = |tile: &Tile| {
        let shown = tile.face.shows()?;
        let row = index.get(shown.0, shown.1)?;
        let number = seen.entry(shown).or_insert(0);
        *number += 1;
        let base = match counts.get(&shown) {
            Some(1) => row.slug.clone(),
            _ => format!("{}-{number}", row.slug),
        };
        Some(unused(base, &mut used))
    };
    tiles.iter().map(&mut name).collect()
}

/// The name, with a number behind it where another tile has it.
fn unused(base: String, used: &mut BTreeSet<String>) -> String {
    let (mut name, mut number) = (base.clone(), 1);
    while !used.insert(name.clone()) {
        number += 1;
        name = format!("{base}-{number}");
    }
    name
}

/// Forgets the charts that are gone: a document has no name for them.
pub fn forget_gone(body: &mut DashboardBody, index: &Index) {
    for tile in &mut body.tiles {
        let shown = tile.face.shows();
        if shown.is_some_and(|(what, id)| index.get(what, id).is_none()) {
            tile.face.show(None);
        }
    }
}

/// Tiles that show no chart show the one that they have in a stored version, where [`forget_gone`] forgets it: it may be
/// restored. `tiled` is what any version had on a tile.
pub fn remember_gone(
    tiles: &mut [Tile],
    original: &[Tile],
    index: &Index,
    tiled: &BTreeSet<ContentId>,
) {
    for tile in tiles.iter_mut().filter(|tile| tile.face.shows().is_none()) {
        let known = original
            .iter()
            .find(|old| old.uuid == tile.uuid && old.face.kind() == tile.face.kind());
        let shown = known.and_then(|old| old.face.shows());
        let is_gone = |what, id| index.get(what, id).is_none() && tiled.contains(&id);
        if let Some((_, id)) = shown.filter(|(what, id)| is_gone(*what, *id)) {
            tile.face.show(Some(id));
        }
    }
}

/// A stored tile, and whether one has been found to be it.
struct Stored<'a> {
    tile: &'a Tile,
    slug: Option<String>,
    used: bool,
}

/// Whether a tile is a stored one.
type Rule = fn(&Tile, &Key, &Stored<'_>) -> bool;

/// Where two tiles are the same, the surest sign first. A slug alone comes late: tiles of several charts can have it in turn.
const RULES: [Rule; 7] = [
    |_, key, old| key.id.as_ref() == Some(&old.tile.uuid),
    |tile, key, old| key.slug.is_some() && key.slug == old.slug && same_chart(tile, old.tile),
    |tile, _, old| tile.face == old.tile.face && place(tile) == place(old.tile),
    |tile, _, old| tile.face == old.tile.face,
    |tile, _, old| same_chart(tile, old.tile),
    |tile, key, old| {
        key.slug.is_some() && key.slug == old.slug && tile.face.kind() == old.tile.face.kind()
    },
    |tile, _, old| {
        let shows_chart = matches!(
            tile.face,
            TileFace::SavedChart { .. } | TileFace::SqlChart { .. }
        );
        let kinds = tile.face.kind() == old.tile.face.kind();
        !shows_chart && kinds && place(tile) == place(old.tile)
    },
];

fn same_chart(tile: &Tile, old: &Tile) -> bool {
    tile.face.shows().is_some() && tile.face.shows() == old.face.shows()
}

fn place(tile: &Tile) -> ([f64; 4], Option<&str>) {
    ([tile.x, tile.y, tile.w, tile.h], tile.tab_uuid.as_deref())
}

/// Gives tiles the ids that they have in a stored version: by their id or slug, or as they show the same or stand at the same
/// place. Comments hang on these ids.
pub fn keep_ids(tiles: &mut [Tile], keys: &[Key], stored: &[Tile], index: &Index) {
    let names = slugs(stored, index).into_iter();
    let old = stored.iter().zip(names).map(|(tile, slug)| Stored {
        tile,
        slug,
        used: false,
    });
    let mut old: Vec<_> = old.collect();
    let mut settled = vec![false; tiles.len()];
    for rule in RULES {
        for ((tile, key), done) in tiles.iter_mut().zip(keys).zip(&mut settled) {
            if *done {
                continue;
            }
            let found = old.iter_mut().find(|old| !old.used && rule(tile, key, old));
            if let Some(found) = found {
                tile.uuid.clone_from(&found.tile.uuid);
                (found.used, *done) = (true, true);
            }
        }
    }
}

/// Calls the tiles in `tileTargets` otherwise; those without another name are left out.
pub fn rename_targets(filters: &mut DashboardFilters, name: impl Fn(&str) -> Option<String>) {
    for rule in filters.rules_mut() {
        if let Some(Value::Object(targets)) = rule.get_mut("tileTargets") {
            let old = std::mem::take(targets).into_iter();
            *targets = old
                .filter_map(|(tile, target)| Some((name(&tile)?, target)))
                .collect();
        }
    }
}

/// Gives ids to rules that have none: that of a stored rule that says the same, or a new one.
pub fn give_rule_ids(
    filters: &mut DashboardFilters,
    stored: Option<&DashboardFilters>,
    random: &Random,
) {
    let none = DashboardFilters::default();
    let stored = stored.unwrap_or(&none);
    let lists = [
        (&mut filters.dimensions, &stored.dimensions),
        (&mut filters.metrics, &stored.metrics),
        (&mut filters.table_calculations, &stored.table_calculations),
    ];
    for (rules, stored) in lists {
        let mut used: BTreeSet<String> = rules.iter().filter_map(rule_id).collect();
        for rule in rules.iter_mut().filter(|rule| rule_id(rule).is_none()) {
            let known = stored.iter().filter(|old| says_the_same(rule, old));
            let known = known.filter_map(rule_id).find(|id| !used.contains(id));
            let id = known.unwrap_or_else(|| ContentId::new(random).to_string());
            used.insert(id.clone());
            rule.insert("id".to_owned(), Value::String(id));
        }
    }
}

fn rule_id(rule: &Map<String, Value>) -> Option<String> {
    rule.get("id")?.as_str().map(str::to_owned)
}

fn says_the_same(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let without = |rule: &Map<String, Value>| {
        let rest = rule.iter().filter(|(name, _)| *name != "id");
        Value::Object(
            rest.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    equal(&without(a), &without(b))
}
