//! What people did in a project: one item for each person and week, and one for each dashboard that they opened in it.

use super::{Store, keys, write::Write};
use crate::{
    Result,
    clock::Timestamp,
    domain::{
        activity::{Activity, Did, KEPT, week_of},
        id::{ProjectId, UserId},
    },
};

impl Store {
    /// Counts something that somebody did in a project. One update, which stands under no condition.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer: whoever counts goes on without.
    pub async fn note_activity(
        &self,
        project: ProjectId,
        user: UserId,
        did: Did,
        now: Timestamp,
    ) -> Result<()> {
        let week = week_of(now);
        let own = || Write::update(keys::activity(project, &week, user));
        let write = match did {
            Did::Queried => own().add("queries", 1).set("lastQueryAt", now),
            Did::OpenedChart => own().add("chartViews", 1),
            Did::OpenedDashboard(id) => {
                Write::update(keys::dashboard_activity(project, &week, user, id))
                    .add("dashboardViews", 1)
                    .set("dashboard", id)
            }
        };
        let write = write.set("kind", "activity");
        self.apply([write
            .set("week", &week)
            .set("user", user)
            .expires(now + KEPT)])
            .await
    }

    /// What people did in a project in the weeks that are kept, by week.
    pub async fn activity(&self, project: ProjectId, now: Timestamp) -> Result<Vec<Activity>> {
        let pk = keys::activity_partition(project);
        let mut found: Vec<Activity> = self.all(&pk, "").await?;
        let first = week_of(now - KEPT);
        found.retain(|one| one.week >= first);
        Ok(found)
    }
}
