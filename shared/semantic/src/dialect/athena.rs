//! Amazon Athena, whose engine version 3 is Trino's.
//!
//! Source: Amazon Athena User Guide, "Athena engine version 3" and "Functions in Amazon Athena": the functions are Trino's.

use super::*;

pub(super) const SYNTAX: Syntax = trino::SYNTAX;
