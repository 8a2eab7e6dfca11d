//! Access tokens: <https://developers.google.com/identity/protocols/oauth2/service-account#httprest> for service
//! accounts, <https://developers.google.com/identity/protocols/oauth2/web-server#offline> for refresh tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Url, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};
use url::form_urlencoded;

use crate::{
    Error, Hosts, Result,
    cloud::{self, Reply},
    connect::{BigqueryCredentials, Secret},
    http,
};

const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";
const DEFAULT_ENDPOINT: &str = "https://oauth2.googleapis.com/token";
/// The longest that Google allows for a service account.
const LIFE: u64 = 60 * 60;
/// A token is not used in the last minute of its life.
const MARGIN: u64 = 60;
const GOOGLE: &str = "Google's sign-in";

/// Signs in, and keeps the token as long as it is good.
pub(super) struct Tokens {
    client: Client,
    endpoint: Url,
    login: Login,
    kept: Mutex<Option<Kept>>,
}

/// What is exchanged for a token.
enum Login {
    Service {
        email: String,
        key_id: Option<String>,
        key: EncodingKey,
    },
    User {
        client: String,
        secret: Secret,
        refresh: Secret,
    },
}

struct Kept {
    token: Secret,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    error_description: Option<String>,
}

impl Tokens {
    /// # Errors
    /// `Connection` when the key file lacks something, or sends its secrets to somebody else than Google.
    pub(super) fn new(
        credentials: &BigqueryCredentials,
        hosts: Hosts,
        client: Client,
    ) -> Result<Self> {
        let login = match credentials.authentication_type.as_deref() {
            None | Some("private_key") => Login::service(credentials)?,
            Some("sso") => Login::user(credentials)?,
            Some("adc") => return refuse("the host's own Google credentials are not enabled here"),
            Some(_) => return refuse("the kind of sign-in to BigQuery is not known here"),
        };
        let endpoint = credentials.keyfile_contents.get("token_uri");
        let endpoint = endpoint.map_or(DEFAULT_ENDPOINT, |uri| uri.reveal());
        Ok(Self {
            client,
            endpoint: trusted(hosts, endpoint)?,
            login,
            kept: Mutex::new(None),
        })
    }

    /// A token that is good for a minute at least; another one than `refused`.
    ///
    /// # Errors
    /// `Connection` when Google does not give one.
    pub(super) async fn get(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut kept = self.kept.lock().await;
        let good = kept.as_ref();
        let good = good.filter(|kept| kept.until > Instant::now() && Some(&kept.token) != refused);
        if let Some(good) = good {
            return Ok(good.token.clone());
        }
        let granted = self.exchange().await?;
        // A token of unknown life is not kept.
        let life = granted.expires_in.unwrap_or(0).min(LIFE);
        let until = Instant::now() + Duration::from_secs(life.saturating_sub(MARGIN));
        let token = granted.access_token;
        *kept = Some(Kept {
            token: token.clone(),
            until,
        });
        Ok(token)
    }

    async fn exchange(&self) -> Result<Granted> {
        let body = self.login.form(self.endpoint.as_str())?;
        let build = |_| {
            let request = self.client.post(self.endpoint.clone());
            let form = "application/x-www-form-urlencoded";
            request.header(CONTENT_TYPE, form).body(body.clone())
        };
        let busy = |reply: &Reply| matches!(reply.status.as_u16(), 429 | 503);
        let reply = cloud::insist(GOOGLE, 2, build, busy).await?;
        if reply.status.is_success() {
            return reply.json();
        }
        let denied: Denied = reply.json()?;
        let why = denied.error_description.unwrap_or(denied.error);
        let message = format!("{GOOGLE} does not accept the key: {}", cloud::shown(&why));
        Err(Error::Connection(message))
    }
}

impl Login {
    fn service(credentials: &BigqueryCredentials) -> Result<Self> {
        let key = EncodingKey::from_rsa_pem(field(credentials, "private_key")?.reveal().as_bytes());
        let unreadable = "the private_key of the key file is not an RSA key in PEM form";
        let id = credentials.keyfile_contents.get("private_key_id");
        Ok(Self::Service {
            email: field(credentials, "client_email")?.reveal().to_owned(),
            key_id: id.map(|id| id.reveal().to_owned()),
            key: key.or_else(|_| refuse(unreadable))?,
        })
    }

    fn user(credentials: &BigqueryCredentials) -> Result<Self> {
        Ok(Self::User {
            client: field(credentials, "client_id")?.reveal().to_owned(),
            secret: field(credentials, "client_secret")?.clone(),
            refresh: field(credentials, "refresh_token")?.clone(),
        })
    }

    fn form(&self, audience: &str) -> Result<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match self {
            Self::Service { email, key_id, key } => {
                let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                form.append_pair("grant_type", grant);
                let assertion = assertion(email, key_id.clone(), key, audience)?;
                form.append_pair("assertion", &assertion);
            }
            Self::User {
                client,
                secret,
                refresh,
            } => {
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("client_id", client);
                form.append_pair("client_secret", secret.reveal());
                form.append_pair("refresh_token", refresh.reveal());
            }
        }
        Ok(form.finish())
    }
}

fn assertion(
    email: &str,
    key_id: Option<String>,
    key: &EncodingKey,
    audience: &str,
) -> Result<String> {
    let now = cloud::now();
    let claims = json!({
        "iss": email, "scope": SCOPE, "aud": audience, "iat": now, "exp": now + LIFE,
    });
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key_id;
    let signed = jsonwebtoken::encode(&header, &claims, key);
    signed.or_else(|_| refuse("the private_key of the key file cannot sign"))
}

fn field<'a>(credentials: &'a BigqueryCredentials, name: &str) -> Result<&'a Secret> {
    let found = credentials.keyfile_contents.get(name);
    let found = found.filter(|value| !value.reveal().is_empty());
    found.ok_or_else(|| Error::Connection(format!("the key file of BigQuery has no {name}")))
}

/// Where tokens come from is in the key file, which anybody can write: it must be Google's, and encrypted on the way.
/// Where any host may be talked to it may be another one, for emulators also on this machine without encryption.
fn trusted(hosts: Hosts, endpoint: &str) -> Result<Url> {
    let url = http::address(hosts, endpoint)?;
    let host = url.host_str().unwrap_or_default();
    let google = host == "googleapis.com" || host.ends_with(".googleapis.com");
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let trusted = match (url.scheme(), hosts) {
        ("https", Hosts::Public) => google,
        ("https", Hosts::Any) => true,
        ("http", Hosts::Any) => here,
        _ => false,
    };
    match trusted {
        true => Ok(url),
        false => refuse("the token_uri of the key file is not Google's"),
    }
}

fn refuse<T>(why: &str) -> Result<T> {
    Err(Error::Connection(why.to_owned()))
}
