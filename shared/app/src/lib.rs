//! Everything a function is made of, except its routes: the outside world as one struct, the errors, who is calling,
//! the rules, the table, and the wire.

pub mod app;
pub mod attributes;
pub mod auth;
pub mod clock;
pub mod config;
#[cfg(feature = "seal")]
pub mod connect;
pub mod domain;
pub mod error;
#[cfg(feature = "files")]
pub mod files;
pub mod http;
#[cfg(any(feature = "files", feature = "seal"))]
mod key_file;
pub mod lambda;
#[cfg(feature = "mail")]
pub mod mail;
pub mod previews;
pub mod random;
#[cfg(feature = "seal")]
pub mod seal;
pub mod spaces;
pub mod store;
#[cfg(feature = "jobs")]
pub mod timers;
pub mod view;

pub use crate::{
    app::App,
    auth::{CurrentUser, InProject, SessionUser, Visitor},
    clock::Timestamp,
    error::{Error, Kind, Result},
    http::{
        Api, Beside, ClientAddress, Created, Done, DoneOk, Effect, IdempotencyKey, IfMatch, Json,
        Maybe, MaybeOk, Nothing, NothingOk, Ok, Path, Query, Reply, Upload,
    },
};
