//! Notices in somebody's inbox.
