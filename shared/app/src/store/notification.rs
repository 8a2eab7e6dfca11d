//! Notices in somebody's inbox.

use super::{Ends, Store, keys, live, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{NotificationId, UserId},
        notification::{MOST_SHOWN, Notification},
    },
    error::Kind,
};

impl Ends for Notification {
    fn ends(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl Store {
    /// Puts a notice into its user's inbox.
    ///
    /// # Errors
    /// `Changed` when the account is being deleted.
    pub async fn put_notification(&self, notification: &Notification) -> Result<()> {
        let key = keys::notification(notification.user, notification.id);
        self.apply([
            Self::user_stays(notification.user),
            Write::put(key, "notification", notification).expires(notification.expires_at),
        ])
        .await
    }

    /// The newest notices of a user, the newest first. Reads no more than it answers.
    pub async fn notifications(&self, user: UserId, now: Timestamp) -> Result<Vec<Notification>> {
        let newest: Vec<Notification> = self
            .newest(&keys::inbox_partition(user), MOST_SHOWN)
            .await?;
        let kept = newest.into_iter().filter_map(|one| live(Some(one), now));
        let mut kept: Vec<_> = kept.collect();
        kept.sort_by_key(|one| std::cmp::Reverse((one.created_at, one.id)));
        Ok(kept)
    }

    /// Notes that a user has seen one of their notices, or not.
    ///
    /// # Errors
    /// `NotFound` when they have no such notice.
    pub async fn view_notification(
        &self,
        user: UserId,
        id: NotificationId,
        viewed: bool,
        now: Timestamp,
    ) -> Result<()> {
        let update = Write::update(keys::notification(user, id))
            .set("viewed", viewed)
            .when_present()
            .when_after("expiresAt", now);
        self.apply([update.or(Error::NotFound(Kind::Notification))])
            .await
    }
}
