//! The area's tests: one file per file of routes, each with the normal case and every refusal, quoting the wire; what a crash
//! leaves; and what readers see while others deploy.

#![allow(clippy::unwrap_used)]

mod cache;
mod compile;
mod csv;
mod deploy;
mod downloads;
mod explores;
mod given;
mod journey;
mod queries;
mod query_files;
mod query_lines;
mod run;
mod saved_queries;
mod search;
mod shop;
mod slow;
mod sql_charts;
mod sql_runner;
mod sweep;
mod totals;
mod underlying;
mod virtual_views;
