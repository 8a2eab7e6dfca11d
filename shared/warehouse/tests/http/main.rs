//! The adapters over HTTP against servers of our own that speak what the warehouses document.
//!
//! `server.rs` is what they share: a script of answers by request, and a record of what was asked.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod clickhouse;
mod databricks;
mod server;
mod trino;
