//! The cases, by what they show.

mod dates;
mod dimensions;
mod filters;
mod joins;
mod lacking;
mod mixed;
mod protection;
mod results;
mod security;
mod turned;
