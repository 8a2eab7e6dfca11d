//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![allow(clippy::unwrap_used)]

mod change;
mod code;
mod comments;
mod create;
mod dashboards;
mod duplicate;
mod export;
mod filters;
mod given;
mod kept;
mod list;
mod promote;
mod size;
mod versions;
