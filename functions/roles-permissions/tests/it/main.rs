//! Requests to the area, through the real router. To add a case, add a test to the file of its noun.

mod space_access;
mod space_consequences;
mod space_deletion;
mod space_races;
mod spaces;
