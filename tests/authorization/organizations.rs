//! Organisations: members, domains, palettes, attributes, invitations.

use super::rows::Row;

pub(super) fn rows() -> Vec<Row> {
    Vec::new()
}
