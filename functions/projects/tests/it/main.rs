//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire; and
//! what becomes of a project that is deleted.

mod deletion;
mod groups;
mod project;
