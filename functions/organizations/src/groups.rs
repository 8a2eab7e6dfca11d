//! The groups of the organisation: listing and making them.
