//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire.

mod access;
mod races;
