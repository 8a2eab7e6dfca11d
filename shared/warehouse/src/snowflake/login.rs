//! Who asks: <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating>.

use super::key::KeyPair;
use crate::{
    Error, Result,
    connect::{Secret, SnowflakeCredentials},
};

/// What the SQL API takes.
pub(super) enum Login {
    KeyPair(Box<KeyPair>),
    /// OAuth; the token brings user and role.
    OAuth(Secret),
    /// A programmatic access token.
    Programmatic(Secret),
}

impl Login {
    /// # Errors
    /// `Connection` when there is nothing that the SQL API takes.
    pub(super) fn of(credentials: &SnowflakeCredentials) -> Result<Self> {
        let given = |secret: &Option<Secret>| secret.clone().filter(|s| !s.reveal().is_empty());
        let password = given(&credentials.password);
        match (
            credentials.authentication_type.as_deref(),
            given(&credentials.private_key),
        ) {
            (Some("sso"), _) => {
                let token = given(&credentials.token);
                let none = || missing("there is no token for Snowflake; sign in to it again");
                token.map(Self::OAuth).ok_or_else(none)
            }
            (kind, Some(key)) if kind == Some("private_key") || password.is_none() => {
                let user = credentials.user.reveal();
                let passphrase = credentials.private_key_pass.as_ref();
                let pair = KeyPair::new(&credentials.account, user, &key, passphrase)?;
                Ok(Self::KeyPair(Box::new(pair)))
            }
            (Some("private_key"), None) => Err(missing("there is no private key for Snowflake")),
            _ => Self::password(password),
        }
    }

    fn password(password: Option<Secret>) -> Result<Self> {
        let password = password.ok_or_else(|| missing("there is no password for Snowflake"))?;
        match is_token(password.reveal()) {
            true => Ok(Self::Programmatic(password)),
            false => Err(missing(
                "Snowflake's SQL API takes no passwords; use a key pair, or a programmatic access token in place of the password",
            )),
        }
    }

    /// Whether the role of the connection is to be asked for.
    pub(super) fn has_role(&self) -> bool {
        !matches!(self, Self::OAuth(_))
    }

    /// A token for one request, and its kind.
    ///
    /// # Errors
    /// `Connection` when the key cannot sign.
    pub(super) fn token(&self) -> Result<(Secret, &'static str)> {
        Ok(match self {
            Self::KeyPair(pair) => (pair.token()?.into(), "KEYPAIR_JWT"),
            Self::OAuth(token) => (token.clone(), "OAUTH"),
            Self::Programmatic(token) => (token.clone(), "PROGRAMMATIC_ACCESS_TOKEN"),
        })
    }
}

/// Programmatic access tokens are JSON Web Tokens: three parts in base64url, of which the first begins with `{"`.
fn is_token(password: &str) -> bool {
    let base64url = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    let parts: Vec<_> = password.split('.').collect();
    let filled = |part: &&str| !part.is_empty() && part.bytes().all(base64url);
    password.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(filled)
}

fn missing(why: &str) -> Error {
    Error::Connection(why.to_owned())
}
