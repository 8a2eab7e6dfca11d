//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

mod access;
mod races;
mod space_access;
mod space_consequences;
mod space_deletion;
mod space_races;
mod spaces;
