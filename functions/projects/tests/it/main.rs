//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire; and
//! what becomes of a project that is deleted.

#![allow(clippy::unwrap_used)]

mod activity;
mod deletion;
mod groups;
mod previews;
mod project;
mod refresh;
mod rename;
mod settings;
mod shop;
mod tags;
mod update;
mod validation;
