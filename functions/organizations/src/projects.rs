//! The projects of the organisation: listing, making and deleting them.
