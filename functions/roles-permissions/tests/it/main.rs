//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod space_access;
mod space_consequences;
mod space_deletion;
mod space_races;
mod spaces;
