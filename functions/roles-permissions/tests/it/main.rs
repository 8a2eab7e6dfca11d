//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

<<<<<<< HEAD
mod access;
mod races;
=======
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

>>>>>>> spaces
mod space_access;
mod space_consequences;
mod space_deletion;
mod space_races;
mod spaces;
