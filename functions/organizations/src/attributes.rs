//! User attributes.
