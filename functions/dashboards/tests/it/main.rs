//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![allow(clippy::unwrap_used)]

mod change;
mod comments;
mod create;
mod dashboards;
mod duplicate;
mod filters;
mod given;
mod list;
mod versions;
mod export;
mod code;
mod promote;
