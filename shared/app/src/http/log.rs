//! The log: JSON lines; sentences with fields; never an address, token, code, query string or body.

use std::time::Duration;

use http::{Method, StatusCode};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::Error;

/// Starts the log for the process. `filter` is `ZERODASH_LOG`'s: a level, or `target=level` pairs. It goes for our own
/// crates; libraries speak up from `warn` only, as their lower levels would show what travels.
pub fn init<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(filter: Option<&str>, writer: W) {
    let level = filter.unwrap_or("info");
    let ours = ["app", "auth", "local", "my_account", "organizations"];
    let directives = ours
        .iter()
        .map(|name| format!("{name}={level}"))
        .chain(["warn".to_owned()]);
    let filter = EnvFilter::try_new(directives.collect::<Vec<_>>().join(","))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(writer);
    let _ = subscriber.try_init();
}

/// The variable that [`init`] is told.
pub fn filter_from_env() -> Option<String> {
    crate::config::variable("ZERODASH_LOG")
        .filter(|value| value.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// One request, once.
pub(super) struct Line<'a> {
    pub(super) request: &'a str,
    pub(super) method: &'a Method,
    /// The documented path, never the one that was sent: codes and addresses travel in paths.
    pub(super) route: &'a str,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) error: Option<&'a Error>,
}

impl Line<'_> {
    pub(super) fn write(&self) {
        let (request, method, route, status) = (
            self.request,
            self.method.as_str(),
            self.route,
            self.status.as_u16(),
        );
        let ms = self.took.as_secs_f64() * 1000.0;
        match self.error {
            Some(error @ (Error::Internal(_) | Error::Unavailable(_))) => {
                tracing::error!(
                    request,
                    method,
                    route,
                    status,
                    ms,
                    error = error.cause(),
                    "A request failed."
                );
            }
            Some(error @ Error::TooMany { .. }) => {
                tracing::warn!(request, method, route, status, ms, %error, "A limit was reached.")
            }
            // The sentence of an error may quote what was sent; its kind does not.
            Some(error) => tracing::info!(
                request,
                method,
                route,
                status,
                ms,
                error = name(error),
                "A request was refused."
            ),
            None => tracing::info!(
                request,
                method,
                route,
                status,
                ms,
                "A request was answered."
            ),
        }
    }
}

/// The variant's name alone.
fn name(error: &Error) -> String {
    let debug = format!("{error:?}");
    debug
        .split(['(', ' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
