//! What PostgreSQL's errors mean here (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::{error::Error as _, time::Duration};

use tokio::time::{Instant, timeout_at};
use tokio_postgres::error::{DbError, ErrorPosition, Severity, SqlState};

use super::stream::Excess;
use crate::{Error, Result};

/// Why there is no connection. What the server says is not passed on: it names the user, who is a secret.
pub(super) fn connecting(error: &tokio_postgres::Error, database: &str, excess: &Excess) -> Error {
    let Some(code) = error.code() else {
        if let Some(too_large) = excess.error() {
            return too_large;
        }
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        return Error::Connection(format!("the warehouse cannot be reached: {error}: {cause}"));
    };
    let why = if *code == SqlState::INVALID_PASSWORD {
        "the warehouse refuses the user or the password".to_owned()
    } else if code.code().starts_with("28") {
        "the warehouse does not let this user in from here, or not with this SSL mode".to_owned()
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        format!("the warehouse has no database \"{database}\"")
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        format!("the user may not connect to the database \"{database}\"")
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        "the warehouse has too many connections already".to_owned()
    } else if *code == SqlState::CANNOT_CONNECT_NOW {
        "the warehouse is starting or stopping".to_owned()
    } else {
        format!(
            "the warehouse refuses the connection (SQLSTATE {})",
            code.code()
        )
    };
    Error::Connection(why)
}

/// A statement that is on its way: what is needed to say what became of it.
pub(super) struct Asked {
    pub(super) sql: String,
    pub(super) limit: Duration,
    started: Instant,
}

impl Asked {
    pub(super) fn now(sql: String, limit: Duration) -> Self {
        let started = Instant::now();
        Self {
            sql,
            limit,
            started,
        }
    }

    /// What a step answers within the statement's time.
    ///
    /// # Errors
    /// `Time` when it does not.
    pub(super) async fn in_time<T>(&self, step: impl Future<Output = T>) -> Result<T> {
        let end = timeout_at(self.started + self.limit, step).await;
        end.map_err(|_| Error::Time(self.limit))
    }

    /// What stopped the statement.
    pub(super) fn error(&self, error: &tokio_postgres::Error, excess: &Excess) -> Error {
        let broken = |why: &str| {
            Error::Connection(format!("the connection to the warehouse broke off: {why}"))
        };
        let Some(said) = error.as_db_error() else {
            return excess.error().unwrap_or_else(|| broken(&error.to_string()));
        };
        let code = said.code();
        if *code == SqlState::QUERY_CANCELED && self.started.elapsed() >= self.limit {
            Error::Time(self.limit)
        } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            Error::Refused(format!(
                "only statements that read are run: {}",
                said.message()
            ))
        } else if is_several(said) {
            Error::Refused("only one statement is run at a time".to_owned())
        } else if is_end(said) {
            broken(said.message())
        } else {
            self.wrong(said)
        }
    }

    fn wrong(&self, said: &DbError) -> Error {
        let message = said.message();
        let Some(ErrorPosition::Original(position)) = said.position() else {
            return Error::query(message);
        };
        let before = usize::try_from(*position)
            .unwrap_or_default()
            .saturating_sub(1);
        let byte = self.sql.char_indices().nth(before).map(|(byte, _)| byte);
        Error::query_at(message, &self.sql, byte.unwrap_or(self.sql.len()))
    }
}

/// Several statements where one is parsed. The code is that of any syntax error, and the message may be translated.
fn is_several(said: &DbError) -> bool {
    *said.code() == SqlState::SYNTAX_ERROR && said.routine() == Some("exec_parse_message")
}

/// Whether the server ended the connection with it.
fn is_end(said: &DbError) -> bool {
    let code = said.code().code();
    let fatal = matches!(
        said.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    );
    fatal || code.starts_with("08") || code.starts_with("57P")
}

/// Whether `prepare` may have failed while it looked up the types of a statement that was right: the types' catalogue
/// is not everywhere what it is in PostgreSQL, or not for everyone.
pub(super) fn is_look_up(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| {
        *code == SqlState::UNDEFINED_TABLE
            || *code == SqlState::UNDEFINED_COLUMN
            || *code == SqlState::UNDEFINED_FUNCTION
            || *code == SqlState::INSUFFICIENT_PRIVILEGE
            || *code == SqlState::FEATURE_NOT_SUPPORTED
    })
}
