//! What is pinned in a project (reference 26 §3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::id::PinnedListId;

/// Where a new pin stands: behind those that somebody has ordered (reference 26 §3).
pub const LAST: u32 = 100;
/// Pins of a project at most: they are one item.
pub const MOST_PINS: usize = 1000;

/// What can be pinned. The order of pins is one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pinnable {
    Chart,
    Dashboard,
    Space,
}

/// The pinned list of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pins {
    pub id: PinnedListId,
    /// Where each stands among its kind, by id.
    #[serde(default)]
    pub orders: BTreeMap<String, (Pinnable, u32)>,
    /// Adds up with every change.
    #[serde(default)]
    pub rev: u64,
}

impl Pins {
    /// An empty list.
    pub fn new(id: PinnedListId) -> Self {
        Self {
            id,
            orders: BTreeMap::new(),
            rev: 0,
        }
    }

    /// Where something stands, if it is pinned.
    pub fn order_of(&self, id: impl ToString) -> Option<u32> {
        self.orders.get(&id.to_string()).map(|(_, order)| *order)
    }
}
