//! The pages of a statement, one after the other.

use std::collections::VecDeque;

use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Server, types};
use crate::{Column, Error, Result, Row, Type, remote::Cancel, values};

/// What a request answers; rows are read once their types are known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    next_uri: Option<String>,
    columns: Option<Vec<ColumnOf>>,
    #[serde(borrow)]
    data: Option<Vec<Vec<&'a RawValue>>>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct ColumnOf {
    name: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: Option<String>,
    error_location: Option<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    line_number: Option<u32>,
    column_number: Option<u32>,
}

/// A statement that runs.
pub(super) struct Running {
    server: Server,
    next: Option<Url>,
    columns: Option<Vec<Column>>,
    types: Vec<Type>,
    ready: VecDeque<Vec<Row>>,
    cancel: Cancel,
}

impl Running {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            next: None,
            columns: None,
            types: Vec::new(),
            ready: VecDeque::new(),
            cancel: Cancel::default(),
        }
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        self.columns.clone().unwrap_or_default()
    }

    /// Asks for a page, and takes what it says.
    pub(super) async fn follow(&mut self, request: RequestBuilder) -> Result<()> {
        let body = self.server.page(request).await?;
        let page: Page<'_> = self.server.remote.read(&body)?;
        self.next = None;
        if let Some(failure) = page.error {
            self.cancel.over();
            return Err(failed(failure));
        }
        match page.next_uri {
            None => self.cancel.over(),
            Some(next) => {
                let next = self.server.next(&next)?;
                let delete = self.server.remote.client.delete(next.clone());
                self.cancel.by(self.server.login(delete));
                self.next = Some(next);
            }
        }
        if let (None, Some(columns)) = (&self.columns, page.columns) {
            self.take(columns);
        }
        let data = page.data.unwrap_or_default();
        if !data.is_empty() {
            let rows = data.iter().map(|row| values::row(row, &self.types));
            self.ready.push_back(rows.collect::<Result<_>>()?);
        }
        Ok(())
    }

    fn take(&mut self, columns: Vec<ColumnOf>) {
        let columns = columns.into_iter().map(|one| Column {
            r#type: types::of(&one.r#type),
            name: one.name,
        });
        let columns: Vec<_> = columns.collect();
        self.types = columns.iter().map(|one| one.r#type).collect();
        self.columns = Some(columns);
    }

    /// The next rows; nothing at the end.
    pub(super) async fn next_rows(&mut self) -> Result<Option<Vec<Row>>> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            let Some(next) = self.next.clone() else {
                return Ok(None);
            };
            let get = self.server.remote.client.get(next);
            self.follow(self.server.login(get)).await?;
        }
    }

    /// Follows pages until one names the columns.
    pub(super) async fn until_columns(&mut self) -> Result<()> {
        while self.columns.is_none()
            && let Some(next) = self.next.clone()
        {
            let get = self.server.remote.client.get(next);
            self.follow(self.server.login(get)).await?;
        }
        Ok(())
    }
}

/// `QueryError` of Trino's client; its places count from 1.
fn failed(failure: Failure) -> Error {
    let place = failure.error_location;
    let message = failure.message;
    Error::Query {
        message: message.unwrap_or_else(|| "the query failed without a message".to_owned()),
        line: place.as_ref().and_then(|place| place.line_number),
        character: place.and_then(|place| place.column_number),
    }
}
