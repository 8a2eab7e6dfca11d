//! Settings of the organisation: domains, palettes, attributes, invitations.

use super::scenario::Scenario;

pub(super) fn scenarios() -> Vec<Scenario> {
    Vec::new()
}
