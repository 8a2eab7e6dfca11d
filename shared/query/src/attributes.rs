//! What the caller's user attributes are.

pub use app::attributes::of_caller;
