//! Every key of the table, built from typed parts. Nothing else makes one.

mod accounts;
mod contents;
mod organizations;
mod projects;

use crate::{
    clock::Timestamp,
    domain::{
        id::{JobId, UserId},
        limit::Counter,
        secret::sha256_hex,
    },
};

pub use accounts::*;
pub use contents::*;
pub use organizations::*;
pub use projects::*;

/// Longest free text in a key, in bytes; longer text is replaced by its hash.
const LONGEST_TEXT: usize = 200;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key {
        pk: pk.into(),
        sk: sk.into(),
    }
}

/// Free text as part of a key: `#`, `%` and `~` are encoded, so that different parts never give one key.
fn text(part: &str) -> String {
    let encoded = part
        .replace('%', "%25")
        .replace('#', "%23")
        .replace('~', "%7E");
    if encoded.len() > LONGEST_TEXT {
        format!("~{}", sha256_hex(part))
    } else {
        encoded
    }
}

/// The installation: how many organisations there are.
pub fn instance() -> Key {
    key("INSTANCE", "ORGANISATION")
}

/// The installation's sealed keys.
pub fn instance_keys() -> Key {
    key("INSTANCE", "KEYS")
}

/// A piece of work.
pub fn job(job: JobId) -> Key {
    key(format!("JOB#{job}"), "JOB")
}

/// Where the index has the work that is not done.
pub const LATE_JOBS: &str = "JOBS";

/// Where the index has one piece of work, in the order in which they are due.
pub fn late_job(job: JobId, due: Timestamp) -> (String, String) {
    (LATE_JOBS.to_owned(), format!("{due}#{job}"))
}

/// A limit's counter.
pub fn limit(counter: &Counter) -> Key {
    key(
        format!(
            "LIMIT#{}#{}#{}",
            counter.action,
            text(&counter.subject),
            counter.start.seconds()
        ),
        "COUNT",
    )
}

/// What a repeated request is answered with.
pub fn idempotency(user: UserId, (kind, client_key): (&'static str, &str)) -> Key {
    key(
        format!("IDEMPOTENCY#{user}#{kind}#{}", text(client_key)),
        "CLAIM",
    )
}

#[cfg(test)]
mod tests;
