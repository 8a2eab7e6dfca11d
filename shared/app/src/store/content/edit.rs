//! Writing charts, dashboards and SQL charts: what makes, changes and deletes heads, and keeps the index.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Claim, Shard, slug_kind, unpack};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        content::{Content, ContentKind, Shown, Version, shard},
        id::{ContentId, ProjectId, SpaceId},
        job::{Job, Task},
        packed::Packed,
        slug::next_slug,
    },
    error::Kind,
    store::{NewSpaces, Store, keys, page::read, write::Write},
};

/// How often a transaction is tried again that lost a part of the index to another one.
const TRIES: u32 = 12;
/// Bytes of a part of the index, packed; an item has at most 400 KB.
const LARGEST_PART: usize = 370 * 1024;
/// How often a fresh slug is tried: nine numbers, then random ones.
const SLUG_TRIES: u32 = 14;
/// Bytes of versions in one transaction; it takes 4 MB.
pub const LARGEST_CHUNK: usize = 2_500_000;
/// Edits in one transaction, which takes a hundred actions: three of each, the parts of the index, a space, and a few checks.
pub const EDITS: usize = 20;

/// A change of one head.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The head as it was read; none for something new.
    pub old: Option<Content>,
    /// The head as it is to be, with `rev` and `latest` of before: they are counted here.
    pub new: Content,
    /// What a new version holds, if there is one.
    pub version: Option<Packed>,
    /// Whether the slug is claimed or let go with it: for something new, deleted or restored.
    pub slug: Slug,
}

/// What becomes of a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slug {
    Stays,
    Claimed,
    Freed,
}

/// Something new: what it is, and what its first version holds.
#[derive(Debug, Clone)]
pub struct NewContent {
    /// With the slug that is wanted.
    pub head: Content,
    pub body: Packed,
    /// Whether another slug will do where that one is taken.
    pub any_slug: bool,
}

impl Edit {
    /// Something new.
    pub fn create(head: Content, body: Packed) -> Self {
        Self {
            old: None,
            new: head,
            version: Some(body),
            slug: Slug::Claimed,
        }
    }

    /// A change without a new version.
    pub fn change(old: &Content, new: Content) -> Self {
        Self {
            old: Some(old.clone()),
            new,
            version: None,
            slug: Slug::Stays,
        }
    }

    /// A new version, of a head whose time and author the caller has set.
    pub fn version(old: &Content, new: Content, body: Packed) -> Self {
        Self {
            version: Some(body),
            ..Self::change(old, new)
        }
    }

    /// A deletion, from which it can be restored for a while.
    pub fn delete(old: &Content, now: Timestamp) -> Self {
        let new = Content {
            deleted_at: Some(now),
            ..old.clone()
        };
        Self {
            slug: Slug::Freed,
            ..Self::change(old, new)
        }
    }

    /// The head as it will be stored.
    pub fn result(&self) -> Content {
        let version = u32::from(self.version.is_some());
        match &self.old {
            Some(old) => Content {
                rev: old.rev + 1,
                latest: old.latest + version,
                ..self.new.clone()
            },
            None => Content {
                rev: 1,
                latest: 1,
                ..self.new.clone()
            },
        }
    }

    /// The space that it comes into with this, by being made, moved or restored, and the dashboard, by being made or moved: the
    /// charts of a dashboard are restored before it.
    fn enters(&self) -> (Option<SpaceId>, Option<ContentId>) {
        let was = self.old.as_ref().filter(|old| old.deleted_at.is_none());
        if self.new.deleted_at.is_some() {
            return (None, None);
        }
        let space = self
            .new
            .space
            .filter(|_| was.is_none_or(|old| old.space != self.new.space));
        let dashboard = self.new.dashboard;
        let was = self.old.as_ref();
        let dashboard = dashboard.filter(|_| was.is_none_or(|old| old.dashboard != dashboard));
        (space, dashboard)
    }

    /// How many actions of a transaction it takes, its part of the index left out.
    pub fn actions(&self) -> usize {
        let (space, dashboard) = self.enters();
        let parts = [
            self.version.is_some(),
            self.slug != Slug::Stays,
            space.is_some(),
            dashboard.is_some(),
        ];
        1 + parts.into_iter().filter(|part| *part).count()
    }

    fn writes(&self) -> Vec<Write> {
        let head = self.result();
        let (what, id) = (head.what, head.id);
        let put = Write::put(keys::content(what, id), "content", &head);
        let put = match &self.old {
            Some(old) => put
                .when_equal("rev", old.rev)
                .or(Error::Changed(what.named())),
            None => put.when_absent().or(Error::Changed(what.named())),
        };
        let mut writes = vec![put];
        if let Some(body) = &self.version {
            let version = Version {
                of: id,
                number: head.latest,
                created_at: head.updated_at,
                created_by: head.updated_by,
                body: body.clone(),
            };
            let key = keys::version(what, id, head.latest);
            let put = Write::put(key, "version", &version).when_absent();
            writes.push(put.or(Error::Changed(what.named())));
        }
        let slug = keys::slug(head.project, slug_kind(what), &head.slug);
        match self.slug {
            Slug::Stays => {}
            Slug::Claimed => {
                let claim = Write::put(slug, "content slug", &Claim { content: id });
                writes.push(claim.when_absent().or(Error::Exists(what.named())));
            }
            Slug::Freed => {
                let free = Write::delete(slug).when_equal("content", id);
                writes.push(free.or(Error::Changed(what.named())));
            }
        }
        writes
    }
}

/// A part of the index was changed by another transaction.
const LOST: Error = Error::Changed(Kind::ContentIndex);

impl Store {
    /// Makes something new, under a slug that is free. One transaction, and one more for each slug that was taken.
    ///
    /// # Errors
    /// `Exists` when the slug is taken and no other will do; `NotExists` when the project is gone.
    pub async fn create_content(
        &self,
        new: NewContent,
        client_key: Option<&str>,
        kept: Duration,
        now: Timestamp,
    ) -> Result<Content> {
        let wanted = new.head.slug.clone();
        for tries in 0..SLUG_TRIES {
            let slug = next_slug(&wanted, tries, &self.random);
            let head = Content {
                slug,
                ..new.head.clone()
            };
            let edit = Edit::create(head, new.body.clone());
            let made = edit.result();
            let author = made.created_by.zip(client_key);
            let claim = || {
                author.map(|(author, key)| {
                    let kind = ("content", key);
                    Self::claim_write(author, kind, &made.id.to_string(), now)
                        .or(Error::Changed(made.what.named()))
                })
            };
            match self
                .edit_contents(made.project, &[edit], kept, now, || {
                    claim().into_iter().collect()
                })
                .await
            {
                Err(Error::Exists(_)) if new.any_slug => {}
                done => return done.map(|()| made),
            }
        }
        Err(Error::Exists(new.head.what.named()))
    }

    /// Makes several new things in one transaction, under the slugs that they have. A request's idempotency key stands for
    /// the first of them. At most [`EDITS`] at once.
    ///
    /// # Errors
    /// `Exists` when a slug is taken; `Changed` when a request with the same key was first; `NotExists` when the project is
    /// gone.
    pub async fn create_contents(
        &self,
        edits: &[Edit],
        client_key: Option<&str>,
        kept: Duration,
        now: Timestamp,
    ) -> Result<()> {
        let Some(first) = edits.first().map(|edit| &edit.new) else {
            return Ok(());
        };
        let claims = || {
            let author = first.created_by.zip(client_key).into_iter();
            let claims = author.map(|(author, key)| {
                let kind = ("content", key);
                Self::claim_write(author, kind, &first.id.to_string(), now)
                    .or(Error::Changed(first.what.named()))
            });
            claims.collect::<Vec<_>>()
        };
        self.edit_contents(first.project, edits, kept, now, claims)
            .await
    }

    /// Changes several heads of a project with their rows in the index, and whatever is to be written with them: one
    /// transaction, tried again while others change the index. At most [`EDITS`] at once, and fewer with more beside them.
    /// What was deleted longer ago than it is kept leaves the index with it, and a job removes it.
    ///
    /// # Errors
    /// `Changed` when a head is not as it was read; `Exists` when a slug is taken; `NotExists` when the project is gone;
    /// what the other writes mean; `Unavailable` when the index stays contended.
    pub(in crate::store) async fn edit_contents(
        &self,
        project: ProjectId,
        edits: &[Edit],
        kept: Duration,
        now: Timestamp,
        beside: impl Fn() -> Vec<Write>,
    ) -> Result<()> {
        let mut parts: BTreeMap<usize, Vec<Content>> = BTreeMap::new();
        for edit in edits {
            let row = edit.result();
            parts.entry(shard(row.id)).or_default().push(row);
        }
        for attempt in 0..TRIES {
            let mut writes = vec![Self::project_stays(project)];
            writes.extend(edits.iter().flat_map(Edit::writes));
            writes.extend(self.index_writes(project, &parts, kept, now).await?);
            let beside = beside();
            writes.extend(Self::places_stay(project, edits, &beside));
            writes.extend(beside);
            match self.apply(writes).await {
                Err(Error::Changed(Kind::ContentIndex)) => {
                    let most = 8 << attempt.min(5);
                    let pause = u64::from(1 + self.random.below(most));
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                done => return done,
            }
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "the index of a project's content was changed by others {TRIES} times"
        )))
    }

    /// Holds while the spaces are there that something comes into, and tells whoever deletes one of them meanwhile that it has
    /// changed; and while the dashboards are not deleted that charts come into, which may be made after them. What the transaction
    /// makes or changes itself is left out.
    fn places_stay(project: ProjectId, edits: &[Edit], beside: &[Write]) -> Vec<Write> {
        let entered = edits.iter().map(Edit::enters);
        let (spaces, dashboards): (BTreeSet<_>, BTreeSet<_>) = entered.unzip();
        let own: BTreeSet<_> = edits.iter().map(|edit| edit.new.id).collect();
        let spaces = spaces.into_iter().flatten();
        let spaces = spaces.map(|space| keys::space(project, space));
        let spaces = spaces.filter(|key| !beside.iter().any(|write| write.is_on(key)));
        let spaces = spaces.map(|key| {
            Write::update(key)
                .add("rev", 1)
                .when_present()
                .or(Error::NotFound(Kind::Space))
        });
        let dashboards = dashboards.into_iter().flatten();
        let dashboards = dashboards.filter(|id| !own.contains(id)).map(|id| {
            Write::check(keys::content(ContentKind::Dashboard, id))
                .when_missing("deletedAt")
                .or(Error::NotFound(Kind::Dashboard))
        });
        spaces.chain(dashboards).collect()
    }

    /// Changes several heads, as [`Store::edit_contents`] does, and nothing else.
    ///
    /// # Errors
    /// As there.
    pub async fn edit_content(
        &self,
        project: ProjectId,
        edits: &[Edit],
        kept: Duration,
        now: Timestamp,
    ) -> Result<()> {
        self.edit_contents(project, edits, kept, now, Vec::new)
            .await
    }

    /// Changes several heads, as [`Store::edit_content`] does, and makes the new spaces that they lie in, in one transaction.
    ///
    /// # Errors
    /// As there, and as [`Store::create_spaces`].
    pub async fn edit_content_in(
        &self,
        project: ProjectId,
        edits: &[Edit],
        spaces: &NewSpaces<'_>,
        (kept, now): (Duration, Timestamp),
    ) -> Result<()> {
        self.edit_contents(project, edits, kept, now, || {
            Self::new_spaces_writes(spaces)
        })
        .await
    }

    /// The parts of the index with rows put in, and the job that removes what is over.
    async fn index_writes(
        &self,
        project: ProjectId,
        parts: &BTreeMap<usize, Vec<Content>>,
        kept: Duration,
        now: Timestamp,
    ) -> Result<Vec<Write>> {
        let keys: Vec<_> = parts
            .keys()
            .map(|part| keys::content_shard(project, *part))
            .collect();
        let items = self.get_many(&keys).await?;
        let (mut writes, mut over) = (Vec::new(), Vec::new());
        for ((key, new), item) in keys.into_iter().zip(parts.values()).zip(items) {
            let is_new = item.is_none();
            let shard: Shard = item.map(read).transpose()?.unwrap_or_default();
            let (rev, mut rows) = unpack(shard)?;
            rows.extend(new.iter().map(|row| (row.id, row.clone())));
            let (gone, stay): (Vec<_>, Vec<_>) =
                rows.into_values().partition(|row| row.is_over(kept, now));
            over.extend(gone.into_iter().map(|row| (row.what, row.id)));
            let stay: Vec<_> = stay.iter().map(as_row).collect();
            let rows = Packed::pack_json(&stay)?;
            if rows.0.len() > LARGEST_PART {
                return Err(Error::invalid(
                    "A project holds no more charts and dashboards than these; delete some, or shorten what they are described with",
                ));
            }
            let shard = Shard {
                rows: Some(rows),
                rev: rev + 1,
            };
            let put = Write::put(key, "content index", &shard);
            let put = if is_new {
                put.when_absent()
            } else {
                put.when_equal("rev", rev)
            };
            writes.push(put.or(LOST));
        }
        for contents in over.chunks(500) {
            let contents = contents.to_vec();
            let job = Job::new(Task::RemoveContents { contents }, &self.random, now);
            writes.push(Self::job_write(&job));
        }
        Ok(writes)
    }
}

/// A head as the index has it: of what was deleted, as much as it takes to list and to restore it, so that deleting always
/// makes room.
fn as_row(head: &Content) -> Content {
    if head.deleted_at.is_none() {
        return head.clone();
    }
    Content {
        description: None,
        shown: Shown {
            charts: head.shown.charts.clone(),
            ..Shown::default()
        },
        ..head.clone()
    }
}
