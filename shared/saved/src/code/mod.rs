//! Charts and dashboards as documents that are kept in a repository (reference 22). What is downloaded and uploaded again
//! changes nothing: a change is a difference in content, whatever times say.

pub mod chart;
pub mod chart_upload;
pub mod dashboard;
pub mod dashboard_upload;
pub mod language;
pub mod places;
pub mod space;
pub mod tiles;

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, Error, InProject, Result,
    domain::{
        access::{Action, Subject},
        content::{Content, ContentKind, Shown, Version},
        id::ContentId,
        slug::valid_slug,
    },
};
use semantic::{MetricQuery, query::CustomDimension};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use crate::contents::Contents;

/// Items of a page (reference 22 §1.1).
const PAGE: usize = 100;
/// Bytes of a page: a function's answer has at most 6 MB.
const LARGEST_PAGE: usize = 4_000_000;
/// The version of the format; it is told and not looked at.
const FORMAT: u32 = 1;
/// How often an upload is tried that others came in the way of: each time, one of them got on.
pub(crate) const TRIES: usize = 10;

/// Which items to download.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct DownloadParams {
    /// Slugs or ids of items of this project; all of them where it is absent.
    #[param(nullable = false)]
    pub ids: Option<Vec<String>>,
    /// How many to pass over: the `offset` of the answer before.
    #[param(nullable = false)]
    pub offset: Option<u32>,
    /// Whether what people read is told beside, to be translated.
    #[param(nullable = false)]
    pub language_map: Option<bool>,
}

/// How to upload.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// Tells what would be done, and where content would be changed, and does nothing.
    #[param(nullable = false)]
    pub dry_run: Option<bool>,
    /// Whether a space that is missing is an error.
    #[param(nullable = false)]
    pub skip_space_create: Option<bool>,
    /// Whether a new root space is public.
    #[param(nullable = false)]
    pub public_space_create: Option<bool>,
    /// Whether there is a new version even if nothing differs.
    #[param(nullable = false)]
    pub force: Option<bool>,
}

/// How an upload is done, whether the query or the body says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub dry_run: bool,
    pub skip_space_create: bool,
    pub public_space_create: bool,
    pub force: bool,
}

impl UploadParams {
    /// With what the body says.
    fn with(&self, skip: Option<bool>, public: Option<bool>, force: Option<bool>) -> Options {
        let either = |a: Option<bool>, b: Option<bool>| a == Some(true) || b == Some(true);
        Options {
            dry_run: self.dry_run == Some(true),
            skip_space_create: either(self.skip_space_create, skip),
            public_space_create: either(self.public_space_create, public),
            force: either(self.force, force),
        }
    }
}

/// The slug that a path and a document name: they name the same.
///
/// # Errors
/// `Invalid` for one that is no slug, and for two.
pub fn same_slug<'a>(path: &'a str, body: &str) -> Result<&'a str> {
    valid_slug(path)?;
    if path == body {
        Ok(path)
    } else {
        Err(Error::invalid(format!(
            "The path names the slug \"{path}\", the document names \"{body}\""
        )))
    }
}

/// Whether two values are the same content. Numbers are compared by value: a file writes `1.0` as `1`.
///
/// # Errors
/// `Internal` when one cannot be written.
pub fn same<T: Serialize>(a: &T, b: &T) -> Result<bool> {
    let json =
        |value: &T| serde_json::to_value(value).map_err(|error| Error::Internal(error.into()));
    Ok(equal(&json(a)?, &json(b)?))
}

pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            // Of whole numbers, neighbours can be the same as floats.
            a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// What was asked for and is there, by slug, and which of the ids name nothing that the caller may see.
struct Selection<'a> {
    rows: Vec<&'a Content>,
    missing: Vec<String>,
}

impl<'a> Selection<'a> {
    fn of(contents: &'a Contents<'_>, what: ContentKind, ids: Option<&[String]>) -> Self {
        let mut rows: Vec<&Content> = contents.seen().filter(|row| row.what == what).collect();
        rows.sort_by(|a, b| (&a.slug, a.id).cmp(&(&b.slug, b.id)));
        let Some(ids) = ids else {
            return Self {
                rows,
                missing: Vec::new(),
            };
        };
        let known: BTreeMap<&str, ContentId> =
            rows.iter().map(|row| (row.slug.as_str(), row.id)).collect();
        let there: BTreeSet<ContentId> = rows.iter().map(|row| row.id).collect();
        let (mut wanted, mut missing) = (BTreeSet::new(), Vec::new());
        for text in ids {
            let by_id = ContentId::parse(text).filter(|id| there.contains(id));
            match by_id.or_else(|| known.get(text.as_str()).copied()) {
                Some(id) => {
                    wanted.insert(id);
                }
                None => missing.push(text.clone()),
            }
        }
        rows.retain(|row| wanted.contains(&row.id));
        Self { rows, missing }
    }
}

/// A page of a selection.
struct Page<'a> {
    rows: Vec<&'a Content>,
    versions: BTreeMap<ContentId, Version>,
    offset: usize,
    total: usize,
}

impl<'a> Page<'a> {
    /// Reads the latest versions of a page, in one batch.
    async fn read(app: &App, selection: &Selection<'a>, offset: Option<u32>) -> Result<Self> {
        let offset = usize::try_from(offset.unwrap_or(0)).unwrap_or(usize::MAX);
        let rows: Vec<_> = selection
            .rows
            .iter()
            .skip(offset)
            .take(PAGE)
            .copied()
            .collect();
        let versions = app.store.latest_of(&rows).await?.into_iter();
        Ok(Self {
            versions: versions.map(|version| (version.of, version)).collect(),
            rows,
            offset,
            total: selection.rows.len(),
        })
    }

    /// Makes documents of as many rows as an answer takes, one at least; with where the next page begins. What was deleted
    /// meanwhile has none.
    fn documents<T: Serialize>(
        &mut self,
        make: impl Fn(&Content, Version) -> Result<T>,
    ) -> Result<(Vec<T>, usize)> {
        let (mut made, mut bytes, mut next) = (Vec::new(), 0, self.offset);
        for row in &self.rows {
            if let Some(version) = self.versions.remove(&row.id) {
                let document = make(row, version)?;
                let json = serde_json::to_vec(&document);
                let size = json.map_err(|error| Error::Internal(error.into()))?.len();
                if !made.is_empty() && bytes + size > LARGEST_PAGE {
                    break;
                }
                bytes += size;
                made.push(document);
            }
            next += 1;
        }
        Ok((made, next.min(self.total)))
    }
}

/// The space of something, as documents name it.
fn space_slug(contents: &Contents<'_>, row: &Content) -> Result<String> {
    let space = contents.space_of(row);
    let space = space.ok_or(Error::NotFound(row.what.named()))?;
    Ok(space::outward(&space.path))
}

/// The head of something new under a slug, made by the caller now, in no space yet.
pub(crate) fn fresh(app: &App, project: &InProject, what: ContentKind, slug: &str) -> Content {
    let (now, user) = (app.clock.now(), project.user.id);
    Content {
        id: ContentId::new(&app.random),
        what,
        project: project.id(),
        organization: project.organization(),
        slug: slug.to_owned(),
        name: space::friendly(slug),
        description: None,
        space: None,
        dashboard: None,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: Some(user),
        updated_at: now,
        updated_by: Some(user),
        deleted_at: None,
        shown: Shown::default(),
        tiled: BTreeSet::new(),
    }
}

/// Lets the caller save a query only if it has no SQL of its own, or they may write that.
pub fn allow_sql(project: &InProject, query: &MetricQuery) -> Result<()> {
    let mut dimensions = query.custom_dimensions.iter().flatten();
    let has_sql = dimensions.any(|one| matches!(one, CustomDimension::Sql(_)));
    if has_sql && !project.may(Action::Manage, Subject::CustomSql, &project.object()) {
        return Err(Error::CustomSql);
    }
    Ok(())
}

/// Whether an upload is to be tried again: somebody else came first.
pub(crate) fn lost(error: &Error) -> bool {
    matches!(error, Error::Changed(_) | Error::Exists(_))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_the_same_whatever_a_file_makes_of_numbers() {
        let a = json!({ "a": [1.0, { "b": null }], "c": "x" });
        let b = json!({ "c": "x", "a": [1, { "b": null }] });
        assert!(same(&a, &b).unwrap());
        for other in [
            json!({ "a": [1.5, { "b": null }], "c": "x" }),
            json!({ "a": [1, {}], "c": "x" }),
            json!({ "a": [1, { "b": null }], "c": "x", "d": null }),
            json!({ "a": [1], "c": "x" }),
        ] {
            assert!(!same(&a, &other).unwrap(), "{other}");
        }
        let large = 9_007_199_254_740_992_u64;
        assert!(!same(&json!(large), &json!(large + 1)).unwrap());
        assert!(same(&json!(large), &json!(9_007_199_254_740_992.0)).unwrap());
    }
}
