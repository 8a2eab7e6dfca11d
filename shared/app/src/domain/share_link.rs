//! Share links: short links to long addresses of the web app.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::id::{OrganizationId, UserId},
    random::Random,
};

/// Characters of a code: 126 random bits (reference 00 §0.8).
const CODE: usize = 21;
/// Longest path, in bytes (reference 05, "Do better").
const LONGEST_PATH: usize = 2 * 1024;
/// Longest query, in bytes (reference 05, "Do better").
const LONGEST_PARAMS: usize = 64 * 1024;

/// A share link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareLink {
    pub code: String,
    pub organization: OrganizationId,
    pub created_by: UserId,
    pub path: String,
    pub params: String,
    pub created_at: Timestamp,
}

/// A fresh code of `A–Z a–z 0–9 _ -`.
pub fn new_code(random: &Random) -> String {
    let mut code = random.url_safe::<16>();
    code.truncate(CODE);
    code
}

/// Whether this can be a code.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Checks where a link leads: a place on this site and nowhere else, as clients go there without looking (OWASP
/// Unvalidated Redirects cheat sheet).
///
/// # Errors
/// `Invalid` for a path that does not start with one `/`, for a query that does not start with `?`, for control
/// characters, and for what is too long.
pub fn check_target(path: &str, params: &str) -> Result<()> {
    let here = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    if !here || path.len() > LONGEST_PATH || path.chars().any(char::is_control) {
        return Err(Error::invalid(
            "A path starts with a single /, has at most 2 KB and no control characters",
        ));
    }
    let query = params.is_empty() || params.starts_with('?');
    if !query || params.len() > LONGEST_PARAMS || params.chars().any(char::is_control) {
        return Err(Error::invalid(
            "Params are empty or start with ?, have at most 64 KB and no control characters",
        ));
    }
    Ok(())
}
