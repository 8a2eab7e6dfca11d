//! What Athena says when it does not answer.
//! <https://docs.aws.amazon.com/athena/latest/APIReference/CommonErrors.html>

use aws_sdk_athena::error::{ProvideErrorMetadata, SdkError};

use crate::{Error, cloud::shown};

/// An operation that did not work. What passes by was tried again by the SDK before.
pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Error {
    match error {
        SdkError::ServiceError(service) => {
            let service = service.err();
            let message = shown(service.message().unwrap_or_default());
            match service.code() {
                Some("InvalidRequestException" | "MetadataException") => query(&message),
                Some(code) => Error::Connection(format!(
                    "Amazon Athena does not answer ({}): {message}",
                    shown(code)
                )),
                None => Error::Connection("Amazon Athena answers something unreadable".to_owned()),
            }
        }
        SdkError::TimeoutError(_) => Error::Connection("Amazon Athena does not answer".to_owned()),
        SdkError::ResponseError(_) => {
            Error::Connection("Amazon Athena answers something unreadable".to_owned())
        }
        SdkError::DispatchFailure(failure) if failure.is_other() => {
            Error::Connection("there are no keys for Amazon Athena in this environment".to_owned())
        }
        _ => Error::Connection("Amazon Athena cannot be reached".to_owned()),
    }
}

/// A statement that did not work; where, if it is said: `SYNTAX_ERROR: line 1:8: …`.
pub(super) fn query(message: &str) -> Error {
    let message = shown(message);
    let place = place(&message);
    Error::Query {
        message,
        line: place.map(|(line, _)| line),
        character: place.map(|(_, character)| character),
    }
}

fn place(message: &str) -> Option<(u32, u32)> {
    let (_, rest) = message.split_once("line ")?;
    let (line, rest) = rest.split_once(':')?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((line.parse().ok()?, rest.get(..end)?.parse().ok()?))
}
