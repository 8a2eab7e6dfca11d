//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![allow(clippy::unwrap_used)]

mod charts;
mod lists;
mod made;
mod restore;
mod versions;
mod csv;
mod results;
mod shop;
mod totals;
mod code;
mod promote;
