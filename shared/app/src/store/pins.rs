//! What is pinned in a project: one item.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    domain::{id::ProjectId, pins::Pins},
    error::Kind,
};

impl Store {
    /// What is pinned in a project; none before the first pin.
    pub async fn pins(&self, project: ProjectId) -> Result<Option<Pins>> {
        self.get(&keys::pins(project)).await
    }

    /// Writes what is pinned, if it is as it was read (with the `rev` that it had then).
    ///
    /// # Errors
    /// `Changed` when it is not; `NotExists` when the project is gone.
    pub async fn put_pins(&self, project: ProjectId, pins: &Pins) -> Result<()> {
        let new = Pins {
            rev: pins.rev + 1,
            ..pins.clone()
        };
        let put = Write::put(keys::pins(project), "pins", &new);
        let put = if pins.rev == 0 {
            put.when_absent()
        } else {
            put.when_equal("rev", pins.rev)
        };
        self.apply([
            Self::project_stays(project),
            put.or(Error::Changed(Kind::PinnedList)),
        ])
        .await
    }
}
