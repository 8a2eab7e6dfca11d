//! Requests with a token: <https://cloud.google.com/bigquery/docs/reference/rest>.

use reqwest::{Client, Method, Url};
use serde_json::Value;

use super::{fault::Fault, token::Tokens};
use crate::{
    Error, Result,
    cloud::{self, Reply},
};

pub(super) const NAME: &str = "BigQuery";

pub(super) struct Api {
    pub(super) client: Client,
    pub(super) base: Url,
    pub(super) tokens: Tokens,
    pub(super) retries: u32,
}

/// One request: its path below `projects`, its query, and what is sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a [&'a str], query: Vec<(&'static str, String)>) -> Self {
        Self {
            method: Method::GET,
            path,
            query,
            body: None,
        }
    }
}

impl Api {
    /// Sends a call. What passes by is tried again, and a token that is refused once replaced by a new one.
    ///
    /// # Errors
    /// `Connection` when there is no answer, or the login does not work.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Reply> {
        let token = self.tokens.get(None).await?;
        let reply = self.send_with(call, token.reveal()).await?;
        if reply.status.as_u16() != 401 {
            return Ok(reply);
        }
        let token = self.tokens.get(Some(&token)).await?;
        let reply = self.send_with(call, token.reveal()).await?;
        match reply.status.as_u16() {
            401 => Err(Fault::of(&reply)?.into_connection()),
            _ => Ok(reply),
        }
    }

    async fn send_with(&self, call: &Call<'_>, token: &str) -> Result<Reply> {
        let url = self.url(call)?;
        let build = |_| {
            let request = self.client.request(call.method.clone(), url.clone());
            let request = request.bearer_auth(token);
            match (&call.body, &call.method) {
                (Some(body), _) => request.json(body),
                // The front ends of Google ask for a length.
                (None, &Method::POST) => request.json(&Value::Object(serde_json::Map::new())),
                (None, _) => request,
            }
        };
        cloud::insist(NAME, self.retries, build, Fault::is_passing).await
    }

    /// Names of the catalogue come from whoever asks: each is one segment, encoded.
    fn url(&self, call: &Call<'_>) -> Result<Url> {
        let mut url = self.base.clone();
        let unusual = |_| Error::Connection(format!("the address of {NAME} has no path"));
        let mut path = url.path_segments_mut().map_err(unusual)?;
        path.pop_if_empty().extend(["bigquery", "v2", "projects"]);
        path.extend(call.path);
        drop(path);
        for (name, value) in &call.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        Ok(url)
    }
}
