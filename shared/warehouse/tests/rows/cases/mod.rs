//! The cases, by what they show.

mod dates;
mod dimensions;
mod filters;
mod joins;
mod results;
mod security;
