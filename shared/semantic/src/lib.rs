//! The semantic layer: explores and metric queries in, SQL out.
