//! Requests with the token, and a statement from its start to its end.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::{
    answer::{Answer, Refusal, State},
    links::Links,
};
use crate::{
    Column, Error, Hosts, Result,
    remote::{Cancel, Remote},
};

/// Polling waits this long, then twice as long each time.
const FIRST_POLL: Duration = Duration::from_millis(100);
const LONGEST_POLL: Duration = Duration::from_secs(2);

/// Where requests go, and with which token.
#[derive(Clone)]
pub(super) struct Workspace {
    pub(super) remote: Remote,
    pub(super) hosts: Hosts,
    /// `…/api/2.0/sql/statements/`
    pub(super) statements: Url,
    pub(super) token: String,
}

impl Workspace {
    pub(super) fn login(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(&self.token)
    }

    /// An address below `/api/2.0/sql/statements/`, to which the token may go.
    pub(super) fn below(&self, path: &str) -> Result<Url> {
        let url = self.statements.join(path).ok();
        let here = url.filter(|url| {
            url.origin() == self.statements.origin()
                && url.path().starts_with(self.statements.path())
        });
        here.ok_or_else(|| {
            self.remote
                .failed("answered with an address outside of its API")
        })
    }

    /// What a request answers.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = self.remote.send(request).await?;
        let status = response.status();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.remote.failed(
                    "does not accept the login; check the personal access token, and that it may use the SQL warehouse",
                ));
            }
            StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {}
            other => return Err(self.remote.status(other)),
        }
        let body = self.remote.body(response).await?;
        if status == StatusCode::OK {
            return self.remote.read(&body);
        }
        Err(self.remote.read::<Refusal>(&body)?.error())
    }
}

/// A statement that was taken.
pub(super) struct Started {
    workspace: Workspace,
    answer: Answer,
    cancel: Cancel,
}

impl Started {
    /// Sends a statement.
    pub(super) async fn of(workspace: Workspace, post: RequestBuilder) -> Result<Self> {
        let answer: Answer = workspace.ask(post).await?;
        let mut cancel = Cancel::default();
        let address = workspace.below(&format!("{}/cancel", answer.id()?))?;
        cancel.by(workspace.login(workspace.remote.client.post(address)));
        Ok(Self {
            workspace,
            answer,
            cancel,
        })
    }

    /// Asks until the statement has ended.
    pub(super) async fn finish(&mut self) -> Result<()> {
        let address = self.workspace.below(self.answer.id()?)?;
        let mut wait = FIRST_POLL;
        while matches!(
            self.answer.status.state,
            State::Pending | State::Running | State::Unknown
        ) {
            sleep(wait).await;
            wait = LONGEST_POLL.min(wait * 2);
            let get = self.workspace.remote.client.get(address.clone());
            self.answer = self.workspace.ask(self.workspace.login(get)).await?;
        }
        self.cancel.over();
        self.answer.succeeded()
    }

    pub(super) fn into_links(self) -> Result<(Vec<Column>, Links)> {
        let manifest = self.answer.manifest.unwrap_or_default();
        if manifest.truncated {
            return Err(Error::query("Databricks cut the answer off"));
        }
        let columns = manifest.columns();
        let types = columns.iter().map(|one| one.r#type).collect();
        let rows = manifest.total_row_count;
        let links = Links::new(self.workspace, types, self.answer.result, rows)?;
        Ok((columns, links))
    }
}
