//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

#![allow(clippy::unwrap_used)]

mod catalog;
mod spotlight;
