//! Both envelopes, and the only place that knows status codes.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use semantic::{CompileErrors, Reason};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{Error, error::Fields};

/// The envelope of an answer, for the document.
#[derive(Serialize, ToSchema)]
pub struct Ok<T> {
    status: Status,
    results: T,
}

/// The envelope of an answer that is nothing, for the document.
#[derive(Serialize, ToSchema)]
pub struct DoneOk {
    status: Status,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
}

/// An answer: `{"status":"ok","results":…}`.
pub struct Reply<T>(pub T);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        respond(
            StatusCode::OK,
            &Ok {
                status: Status::Ok,
                results: self.0,
            },
        )
    }
}

/// An answer about something new: as [`Reply`], with 201.
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        respond(
            StatusCode::CREATED,
            &Ok {
                status: Status::Ok,
                results: self.0,
            },
        )
    }
}

/// What became of a change that may have been there already: 201, 200, or 204 without a body when nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Added,
    Removed,
    Unchanged,
}

impl IntoResponse for Effect {
    fn into_response(self) -> Response {
        let status = match self {
            Effect::Added => StatusCode::CREATED,
            Effect::Removed => StatusCode::OK,
            Effect::Unchanged => return StatusCode::NO_CONTENT.into_response(),
        };
        respond(status, &DoneOk { status: Status::Ok })
    }
}

/// An answer that is nothing: `{"status":"ok"}`.
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        respond(StatusCode::OK, &DoneOk { status: Status::Ok })
    }
}

/// The envelope of an answer whose results are null, for the document.
#[derive(Serialize, ToSchema)]
pub struct NothingOk {
    status: Status,
    results: Option<Value>,
}

/// An answer that is nothing, for clients that look for its results all the same: `{"status":"ok","results":null}`.
pub struct Nothing;

impl IntoResponse for Nothing {
    fn into_response(self) -> Response {
        respond(
            StatusCode::OK,
            &NothingOk {
                status: Status::Ok,
                results: None,
            },
        )
    }
}

/// The envelope of an answer that may be nothing, for the document.
#[derive(Serialize, ToSchema)]
pub struct MaybeOk<T> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    results: Option<T>,
}

/// An answer that may be nothing: as [`Reply`], or as [`Done`].
pub struct Maybe<T>(pub Option<T>);

impl<T: Serialize> IntoResponse for Maybe<T> {
    fn into_response(self) -> Response {
        respond(
            StatusCode::OK,
            &MaybeOk {
                status: Status::Ok,
                results: self.0,
            },
        )
    }
}

/// JSON with a status; a value that cannot be written is a bug, and answered as one.
fn respond(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Result::Ok(bytes) => (
            status,
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            bytes,
        )
            .into_response(),
        Err(error) => {
            Error::Internal(anyhow::Error::new(error).context("writing an answer")).into_response()
        }
    }
}

/// The status of the answer, the name in it, and the status that the body tells. The last two differ for one error
/// only: clients know `InvalidUser` as a 404 that travels as a 401.
fn meaning(error: &Error) -> (StatusCode, &'static str, u16) {
    let (status, name) = match error {
        Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "AuthorizationError"),
        Error::InvalidUser => return (StatusCode::UNAUTHORIZED, "InvalidUser", 404),
        Error::Deactivated => (StatusCode::FORBIDDEN, "DeactivatedAccountError"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "ForbiddenError"),
        Error::NotFound(_) | Error::NoSuchMethod(_) => (StatusCode::NOT_FOUND, "NotFoundError"),
        Error::NotExists(_) | Error::Failed(_) => (StatusCode::NOT_FOUND, "NotExistsError"),
        Error::Malformed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "ValidateError"),
        Error::Page | Error::NoSuchPage(_) => (StatusCode::UNPROCESSABLE_ENTITY, "PaginationError"),
        Error::MissingConfig(_) => (StatusCode::UNPROCESSABLE_ENTITY, "MissingConfigError"),
        Error::InvalidFields(..) => (StatusCode::BAD_REQUEST, "ParameterError"),
        Error::Compile(errors) => match errors.reason() {
            Reason::FieldReference => (StatusCode::BAD_REQUEST, "FieldReferenceError"),
            Reason::Compile => (StatusCode::BAD_REQUEST, "CompileError"),
            Reason::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenError"),
            Reason::Hidden => (StatusCode::UNAUTHORIZED, "AuthorizationError"),
        },
        #[cfg(feature = "warehouse")]
        Error::Warehouse(error) => match error {
            warehouse::Error::Connection(_) | warehouse::Error::Unavailable(_) => {
                (StatusCode::BAD_REQUEST, "WarehouseConnectionError")
            }
            warehouse::Error::Tunnel(_) => (StatusCode::BAD_REQUEST, "SshTunnelError"),
            warehouse::Error::Time(_) => (StatusCode::BAD_REQUEST, "TimeoutError"),
            warehouse::Error::Refused(_)
            | warehouse::Error::Query { .. }
            | warehouse::Error::Memory(_)
            | warehouse::Error::Engine(_) => (StatusCode::BAD_REQUEST, "WarehouseQueryError"),
        },
        Error::Timeout(_) | Error::GoesOn { .. } => (StatusCode::BAD_REQUEST, "TimeoutError"),
        Error::CustomSql => (StatusCode::FORBIDDEN, "CustomSqlQueryForbiddenError"),
        Error::Expired(_) => (StatusCode::NOT_ACCEPTABLE, "ExpiredError"),
        Error::Invalid(_) => (StatusCode::BAD_REQUEST, "ParameterError"),
        Error::TooLarge(_) | Error::AnswerTooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, "ParameterError")
        }
        Error::UnsupportedMediaType | Error::ContentEncoding => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "ParameterError")
        }
        Error::NotImplemented(_) => (StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        Error::Exists(_) => (StatusCode::CONFLICT, "AlreadyExistsError"),
        Error::Changed(_) | Error::NotReady(_) => (StatusCode::CONFLICT, "AlreadyProcessingError"),
        Error::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsError"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "UnexpectedServerError"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "UnexpectedServerError"),
        Error::Telling(error, _) => return meaning(error),
    };
    (status, name, status.as_u16())
}

/// Field errors as clients read them: a map of `{message, value}`.
fn data(fields: &Fields) -> Map<String, Value> {
    let shown = fields.iter().map(|(path, field)| {
        let mut entry = Map::from_iter([("message".to_owned(), json!(field.message))]);
        entry.extend(field.value.clone().map(|value| ("value".to_owned(), value)));
        (path.clone(), Value::Object(entry))
    });
    shown.collect()
}

/// What is wrong with a query: `{"errors": [{"path", "message", "hint"}]}`.
fn reasons(errors: &CompileErrors) -> Map<String, Value> {
    let shown = errors.0.iter().map(|error| {
        let mut entry = json!({ "path": error.path, "message": error.message });
        if let (Some(hint), Some(object)) = (&error.hint, entry.as_object_mut()) {
            object.insert("hint".to_owned(), json!(hint));
        }
        entry
    });
    Map::from_iter([("errors".to_owned(), shown.collect())])
}

/// Where a statement is wrong: `lineNumber` and `charNumber`, from 1.
#[cfg(feature = "warehouse")]
fn place(error: &warehouse::Error) -> Map<String, Value> {
    let mut data = Map::new();
    if let warehouse::Error::Query {
        line, character, ..
    } = error
    {
        data.extend(line.map(|line| ("lineNumber".to_owned(), json!(line))));
        data.extend(character.map(|character| ("charNumber".to_owned(), json!(character))));
    }
    data
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        // From here on, and for the log, it is the error itself.
        let (error, more) = match self {
            Error::Telling(error, more) => (*error, more),
            error => (error, Map::new()),
        };
        let (status, name, told) = meaning(&error);
        let (message, mut data) = match &error {
            // Clients read the fields; the message is empty by contract.
            Error::Malformed(fields) => (String::new(), data(fields)),
            Error::InvalidFields(sentence, fields) => (sentence.clone(), data(fields)),
            Error::Compile(errors) => (errors.to_string(), reasons(errors)),
            #[cfg(feature = "warehouse")]
            Error::Warehouse(error) => (error.to_string(), place(error)),
            Error::GoesOn { sentence, job } => {
                let job = Map::from_iter([("jobId".to_owned(), json!(job))]);
                ((*sentence).to_owned(), job)
            }
            error => (error.to_string(), Map::new()),
        };
        data.extend(more);
        let body = json!({ "status": "error", "error": { "statusCode": told, "name": name, "message": message, "data": data } });
        let mut response = respond(status, &body);
        let headers = response.headers_mut();
        let retry_after = match &error {
            Error::TooMany { retry_after } => Some(retry_after.as_secs().max(1)),
            Error::Unavailable(_) => Some(1),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        match &error {
            Error::Unauthenticated => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static(r#"ApiKey realm="api""#),
                );
            }
            Error::NoSuchMethod(allowed) => {
                headers
                    .extend(HeaderValue::from_str(allowed).map(|allowed| (header::ALLOW, allowed)));
            }
            // RFC 9110 §15.5.16: so a client knows that it was not the media type.
            Error::ContentEncoding => {
                headers.insert(
                    header::ACCEPT_ENCODING,
                    HeaderValue::from_static("identity"),
                );
            }
            _ => {}
        }
        // The outermost layer writes it to the log, once.
        response.extensions_mut().insert(Arc::new(error));
        response
    }
}
