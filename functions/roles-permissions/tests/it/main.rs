//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod access;
mod races;
mod space_access;
mod space_consequences;
mod space_contents;
mod space_deletion;
mod spaces;
