//! Share links, SSH keys, notifications.

use super::scenario::Scenario;

pub(super) fn scenarios() -> Vec<Scenario> {
    Vec::new()
}
