//! Share links.
