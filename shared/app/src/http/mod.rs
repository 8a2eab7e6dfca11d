//! Between the wire and the handlers: routes and their document, extractors, envelopes, the layers around them.

mod api;
mod beside;
mod body;
mod carry;
mod check;
mod extract;
pub mod log;
mod paths;
mod reply;
mod stack;
mod upload;

pub use api::{Api, Operation};
pub use beside::Beside;
pub use body::{LARGEST_BODY, LARGEST_CONTENT};
pub use carry::Carrier;
pub(crate) use carry::InFunction;
pub(crate) use extract::path_parameter;
pub use extract::{ClientAddress, IdempotencyKey, IfMatch, Json, Path, PeerAddress, Query, etag};
pub use reply::{Created, Done, DoneOk, Effect, Maybe, MaybeOk, Nothing, NothingOk, Ok, Reply};
pub use stack::Stack;
pub use upload::{LARGEST_UPLOAD, Upload};
