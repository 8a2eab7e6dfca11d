//! What Snowflake's SQL API takes of a login: key pairs, OAuth and programmatic access tokens, and no passwords.
//! <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating>

use super::{NewSnowflake, NewWarehouse};
use crate::{
    Error, Result,
    domain::{secret::Secret, warehouse_credentials::SnowflakeAuthentication},
};

impl NewWarehouse {
    /// Lets a connection pass whose login its warehouse may take.
    ///
    /// # Errors
    /// `Invalid` for one that no query could sign in with.
    pub fn check_login(&self) -> Result<()> {
        match self {
            Self::Snowflake(one) if one.signs_in_by_password() => Err(Error::invalid(
                "Snowflake's SQL API takes no passwords: send a key pair's privateKey, or a programmatic access token of Snowflake as the password",
            )),
            _ => Ok(()),
        }
    }
}

impl NewSnowflake {
    /// Whether queries would sign in with a password that is none of Snowflake's tokens: the adapter chooses in the same way.
    fn signs_in_by_password(&self) -> bool {
        // Then the project's own login signs in nowhere.
        if self.shown.require_user_credentials == Some(true) {
            return false;
        }
        let Some(password) = given(self.password.as_ref()) else {
            return false;
        };
        let by_key = given(self.private_key.as_ref()).is_some();
        match self.shown.authentication_type {
            Some(SnowflakeAuthentication::Sso) => false,
            Some(SnowflakeAuthentication::PrivateKey) if by_key => false,
            _ => !is_token(password),
        }
    }
}

fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::reveal).filter(|text| !text.is_empty())
}

/// Programmatic access tokens are JSON Web Tokens: three parts in base64url, of which the first begins with `{"`.
fn is_token(password: &str) -> bool {
    let base64url = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    let parts: Vec<_> = password.split('.').collect();
    let filled = |part: &&str| !part.is_empty() && part.bytes().all(base64url);
    password.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(filled)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJ.eyJzdWIiOiJ.c2lnbmF0dXJl";

    fn check(login: Value) -> Result<()> {
        let mut sent = json!({
            "type": "snowflake", "account": "a", "database": "d", "warehouse": "w", "schema": "s", "user": "u",
        });
        for (name, value) in login.as_object().unwrap() {
            sent[name.as_str()] = value.clone();
        }
        serde_json::from_value::<NewWarehouse>(sent)
            .unwrap()
            .check_login()
    }

    #[test]
    fn logins_that_the_sql_api_takes_pass() {
        for login in [
            json!({}),
            json!({ "password": "" }),
            json!({ "password": TOKEN }),
            json!({ "privateKey": "k" }),
            json!({ "privateKey": "k", "authenticationType": "private_key", "password": "hunter2" }),
            json!({ "authenticationType": "sso", "token": "t", "password": "hunter2" }),
            // Everybody comes with a login of their own.
            json!({ "requireUserCredentials": true, "password": "hunter2" }),
        ] {
            assert!(check(login.clone()).is_ok(), "{login}");
        }
    }

    #[test]
    fn passwords_are_refused_and_not_quoted() {
        for login in [
            json!({ "password": "hunter2" }),
            json!({ "password": "hunter2", "authenticationType": "password" }),
            json!({ "password": "hunter2", "privateKey": "" }),
            json!({ "password": "hunter2", "privateKey": "k" }),
            json!({ "password": "hunter2.hunter2.hunter2" }),
        ] {
            let refused = check(login.clone()).unwrap_err();
            assert!(matches!(refused, Error::Invalid(_)), "{login}");
            assert!(!refused.to_string().contains("hunter2"), "{login}");
        }
    }
}
