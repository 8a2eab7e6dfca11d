//! Comments on dashboards: in the dashboard's partition, by ids that sort by time.

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    domain::{
        comment::Comment,
        content::ContentKind,
        id::{CommentId, ContentId},
        job::Job,
        notification::Notification,
    },
    error::Kind,
};

impl Store {
    /// The comments on a dashboard, the oldest first.
    pub async fn comments(&self, dashboard: ContentId) -> Result<Vec<Comment>> {
        let pk = keys::content_partition(ContentKind::Dashboard, dashboard);
        self.all(&pk, keys::COMMENTS).await
    }

    /// A comment of a dashboard.
    pub async fn comment(&self, dashboard: ContentId, id: CommentId) -> Result<Option<Comment>> {
        self.get(&keys::comment(dashboard, id)).await
    }

    /// A new comment, with the notices and the mails that tell of it: together at most ninety. The claim of its author's
    /// idempotency key goes with it.
    ///
    /// # Errors
    /// `NotFound` when the dashboard is gone; `Changed` when a request with the same key was first.
    pub async fn create_comment(
        &self,
        comment: &Comment,
        told: &[Notification],
        mails: &[Job],
        client_key: Option<&str>,
    ) -> Result<()> {
        let head = keys::content(ContentKind::Dashboard, comment.dashboard);
        let key = keys::comment(comment.dashboard, comment.id);
        let mut writes = vec![
            Write::check(head)
                .when_live()
                .or(Error::NotFound(Kind::Dashboard)),
            Write::put(key, "comment", comment)
                .when_absent()
                .or(Error::Exists(Kind::Comment)),
        ];
        writes.extend(told.iter().map(|note| {
            let key = keys::notification(note.user, note.id);
            Write::put(key, "notification", note).expires(note.expires_at)
        }));
        writes.extend(mails.iter().map(Self::job_write));
        if let Some((author, key)) = comment.author.zip(client_key) {
            let (kind, made) = (("comment", key), comment.id.to_string());
            let claim = Self::claim_write(author, kind, &made, comment.created_at);
            writes.push(claim.or(Error::Changed(Kind::Comment)));
        }
        self.apply(writes).await
    }

    /// Notes that a thread is resolved.
    ///
    /// # Errors
    /// `NotFound` when there is no such comment.
    pub async fn resolve_comment(&self, dashboard: ContentId, id: CommentId) -> Result<()> {
        let write = Write::update(keys::comment(dashboard, id))
            .set("resolved", true)
            .when_present()
            .or(Error::NotFound(Kind::Comment));
        self.apply([write]).await
    }

    /// Removes comments: a thread's replies, then what they reply to.
    pub async fn delete_comments(&self, dashboard: ContentId, ids: &[CommentId]) -> Result<()> {
        let keys: Vec<_> = ids.iter().map(|id| keys::comment(dashboard, *id)).collect();
        self.delete_all(&keys).await
    }
}
