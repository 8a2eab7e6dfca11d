//! What is told of each thing when not everything can be moved.

use std::collections::BTreeSet;

use app::{
    Error, Result,
    domain::id::{ContentId, SpaceId},
};
use saved::list::ChartSource;
use serde_json::{Value, json};

use super::{ItemPayload, kinds};

/// Everything that is named, once.
pub(super) fn once_each(items: &[ItemPayload]) -> impl Iterator<Item = &ItemPayload> {
    let mut seen = BTreeSet::new();
    items.iter().filter(move |item| {
        let sql = item.source.map(|source| source == ChartSource::Sql);
        seen.insert((item.content_type, sql, item.uuid.as_str()))
    })
}

/// A thing as it was named.
fn named(item: &ItemPayload) -> Value {
    let mut told = json!({ "contentType": item.content_type, "uuid": item.uuid });
    if let Some(source) = item.source {
        told["source"] = json!(source);
    }
    told
}

/// What cannot be moved, and why.
#[derive(Default)]
pub(super) struct Refused {
    /// What the answer is: that something is not there, else the first.
    answer: Option<Error>,
    errors: Vec<Value>,
}

impl Refused {
    pub(super) fn note(&mut self, item: &ItemPayload, error: Error) {
        let mut told = named(item);
        told["message"] = json!(error.to_string());
        self.errors.push(told);
        let answered = match &self.answer {
            None => false,
            Some(Error::NotFound(_)) => true,
            Some(_) => !matches!(error, Error::NotFound(_)),
        };
        if !answered {
            self.answer = Some(error);
        }
    }

    /// Lets the caller go on only if nothing was refused.
    ///
    /// # Errors
    /// What was noted; every thing is in `errors` of its data.
    pub(super) fn done(self) -> Result<()> {
        match self.answer {
            None => Ok(()),
            Some(error) => Err(error.telling("errors", json!(self.errors))),
        }
    }
}

/// An error that is a space's own is told of it; whatever may mend itself is nobody's.
pub(super) fn of_space(id: SpaceId, error: Error) -> Error {
    if matches!(
        error,
        Error::Changed(_) | Error::Unavailable(_) | Error::Internal(_)
    ) {
        return error;
    }
    let told = json!({ "contentType": "space", "uuid": id, "message": error.to_string() });
    error.telling("errors", json!([told]))
}

/// What is known to lie where it was sent.
#[derive(Default)]
pub(super) struct Moved {
    /// Whether anything may have been written.
    began: bool,
    heads: BTreeSet<ContentId>,
    spaces: BTreeSet<SpaceId>,
}

impl Moved {
    pub(super) fn begin(&mut self) {
        self.began = true;
    }

    pub(super) fn heads(&mut self, ids: impl Iterator<Item = ContentId>) {
        self.heads.extend(ids);
    }

    pub(super) fn space(&mut self, id: SpaceId) {
        self.spaces.insert(id);
    }

    fn has(&self, item: &ItemPayload) -> bool {
        match kinds(item) {
            None => SpaceId::parse(&item.uuid).is_some_and(|id| self.spaces.contains(&id)),
            Some(_) => ContentId::parse(&item.uuid).is_some_and(|id| self.heads.contains(&id)),
        }
    }

    /// An error that ends a move, with what was moved and what is not known to be, if anything may have been written.
    pub(super) fn tell(&self, items: &[ItemPayload], error: Error) -> Error {
        if !self.began {
            return error;
        }
        let (moved, open): (Vec<_>, Vec<_>) = once_each(items).partition(|item| self.has(item));
        let list = |items: Vec<&ItemPayload>| items.into_iter().map(named).collect::<Value>();
        error
            .telling("moved", list(moved))
            .telling("notMoved", list(open))
    }
}
