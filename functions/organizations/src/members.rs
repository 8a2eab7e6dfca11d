//! Who is in the organisation, and as what.
