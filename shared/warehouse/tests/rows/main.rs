//! Right numbers: what comes out of a query, not how its text looks.
//!
//! `expressions.rs` runs single expressions on the embedded engine and on a real PostgreSQL, which must agree. `cases/` runs
//! metric queries: each is compiled once, runs on both, and both are compared with rows that plain Rust computes from the
//! constants in `data.rs`. To add a case, write a test that calls [`check::Case::answers`], and compute what it must answer without
//! SQL and without looking at what it answered.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::zombie_processes)]

#[cfg(feature = "embedded-s3")]
mod bucket;
mod cases;
mod check;
mod columns;
mod data;
mod explores;
mod expressions;
mod json;
mod limits;
mod memberships;
mod plans;
mod postgres;
#[cfg(feature = "embedded-s3")]
mod s3;
mod shop;
#[path = "../support/postgres.rs"]
mod support;
