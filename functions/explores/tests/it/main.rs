//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire; what a crash
//! leaves; and what readers see while others deploy.

#![allow(clippy::unwrap_used)]

mod compile;
mod deploy;
mod explores;
mod given;
mod journey;
mod sweep;
