//! How much lies in spaces.

use std::collections::BTreeMap;

use app::domain::{
    content::{ContentKind, Index},
    id::SpaceId,
};

/// What lies directly in a space; charts that belong to a dashboard do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub charts: u32,
    pub dashboards: u32,
}

/// How much lies in each space of a project. Spaces with nothing in them are not there.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<SpaceId, Count>);

impl Counts {
    /// Counts what an index has.
    pub fn of(index: &Index) -> Self {
        let mut counts: BTreeMap<SpaceId, Count> = BTreeMap::new();
        for row in index.live().filter(|row| row.dashboard.is_none()) {
            let Some(space) = row.space else { continue };
            let count = counts.entry(space).or_default();
            match row.what {
                ContentKind::Chart | ContentKind::SqlChart => count.charts += 1,
                ContentKind::Dashboard => count.dashboards += 1,
            }
        }
        Self(counts)
    }

    /// Of one space.
    pub fn get(&self, space: SpaceId) -> Count {
        self.0.get(&space).copied().unwrap_or_default()
    }
}
