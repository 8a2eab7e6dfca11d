//! What BigQuery says when it does not answer: <https://cloud.google.com/bigquery/docs/error-messages>.

use serde::Deserialize;

use crate::{
    Error,
    cloud::{Reply, shown},
};

#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) message: String,
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

impl Fault {
    /// What a reply that is no success says.
    ///
    /// # Errors
    /// `Connection` when it says nothing that can be read.
    pub(super) fn of(reply: &Reply) -> Result<Self, Error> {
        let Envelope { error } = reply.json()?;
        let reason = error.errors.into_iter().next().map(|first| first.reason);
        Ok(Self {
            reason: reason.unwrap_or_default(),
            message: error.message,
        })
    }

    /// Whether asking again helps, by the table of error messages.
    pub(super) fn is_passing(reply: &Reply) -> bool {
        if reply.status.is_success() {
            return false;
        }
        let reason = Self::of(reply).map(|fault| fault.reason);
        let passing = matches!(
            reason.as_deref(),
            Ok("backendError" | "rateLimitExceeded" | "jobRateLimitExceeded")
        );
        passing || matches!(reply.status.as_u16(), 429 | 503)
    }

    /// A login that does not work, or may not do this at all.
    pub(super) fn into_connection(self) -> Error {
        let message = shown(&self.message);
        Error::Connection(format!("BigQuery does not accept the login: {message}"))
    }

    /// A statement that did not work; where, if it is said: `… at [line:character]`.
    pub(super) fn into_query(self) -> Error {
        let message = shown(&self.message);
        let place = place(&message);
        let plain = matches!(
            self.reason.as_str(),
            "" | "invalidQuery" | "accessDenied" | "notFound" | "invalid"
        );
        Error::Query {
            message: match plain {
                true => message,
                false => format!("BigQuery stopped the query ({}): {message}", self.reason),
            },
            line: place.map(|(line, _)| line),
            character: place.map(|(_, character)| character),
        }
    }
}

fn place(message: &str) -> Option<(u32, u32)> {
    let (_, rest) = message.rsplit_once("at [")?;
    let (inside, _) = rest.split_once(']')?;
    let (line, character) = inside.split_once(':')?;
    Some((line.parse().ok()?, character.parse().ok()?))
}
