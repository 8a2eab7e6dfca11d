//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![allow(clippy::unwrap_used)]

mod charts;
mod code;
mod csv;
mod kept;
mod lists;
mod made;
mod paths;
mod places;
mod promote;
mod races;
mod restore;
mod results;
mod rights;
mod room;
mod shop;
mod size;
mod totals;
mod versions;
