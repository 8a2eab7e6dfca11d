//! What Snowflake says when it does not answer:
//! <https://docs.snowflake.com/en/developer-guide/sql-api/reference#response-codes-for-all-operations>.

use serde::Deserialize;

use crate::{
    Error, Result,
    cloud::{Reply, shown},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: String,
}

/// Snowflake's code for a statement that ran into its time limit.
const TIMED_OUT: &str = "000630";

/// Whether asking again helps, by the list of response codes.
pub(super) fn is_passing(reply: &Reply) -> bool {
    matches!(reply.status.as_u16(), 429 | 503 | 504)
}

/// What a reply that is neither an answer nor a promise of one says; nothing when the statement took too long.
///
/// # Errors
/// `Connection` when it says nothing that can be read.
pub(super) fn of(reply: &Reply) -> Result<Option<Error>> {
    let status = reply.status.as_u16();
    let Fault { message, code } = reply.json()?;
    let message = shown(own(&message));
    Ok(match status {
        401 => Some(Error::Connection(format!(
            "Snowflake does not accept the login: {message}"
        ))),
        403 => Some(Error::Connection(format!(
            "Snowflake does not allow this: {message}"
        ))),
        408 => None,
        _ if code == TIMED_OUT => None,
        400 | 422 => {
            let place = place(&message);
            Some(Error::Query {
                line: place.map(|(line, _)| line),
                character: place.map(|(_, character)| character),
                message,
            })
        }
        404 => Some(Error::Connection(
            "there is no such account of Snowflake, or the statement is gone".to_owned(),
        )),
        _ => Some(Error::Connection(format!(
            "Snowflake answers {status}: {message}"
        ))),
    })
}

/// Without what is said around the message of one of several statements.
fn own(message: &str) -> &str {
    let several = message.contains("multiple statements failed");
    let start = message.find("SQL compilation error").filter(|_| several);
    start
        .and_then(|start| message.get(start..))
        .unwrap_or(message)
}

/// `… line 2 at position 7 …`; Snowflake counts positions from 0 (reference §8).
fn place(message: &str) -> Option<(u32, u32)> {
    let (before, after) = message.split_once(" at position ")?;
    let (_, line) = before.rsplit_once("line ")?;
    let digits = |text: &str| {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text.get(..end)
            .and_then(|digits| digits.parse::<u32>().ok())
    };
    Some((digits(line)?, digits(after)?.checked_add(1)?))
}
