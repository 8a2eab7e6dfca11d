//! Compiling queries. A case: change `shop::explore`, ask with `shop::query`, look at the SQL or at what is wrong.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod access;
mod bounds;
mod errors;
mod fields;
mod numbers;
mod security;
mod shop;
mod size;
mod turned;
mod underlying;
