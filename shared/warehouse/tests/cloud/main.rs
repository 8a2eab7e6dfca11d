//! Warehouses in the cloud, against servers of our own that speak their documented protocols.
//!
//! `server.rs` is a server that answers by a function and remembers what it was asked. To add a case, write a server that
//! answers what the warehouse's documentation says, and look at what comes out, and at what it was asked.

#![allow(clippy::expect_used, clippy::unwrap_used)]

#[cfg(feature = "athena")]
mod athena;
mod bigquery;
mod key;
mod server;
mod snowflake;
