//! Removing what hangs on a project.

use serde::Deserialize;

use super::{CHUNK, Finished, KEYS, Until, gone_is_fine};
use crate::{
    Error, Result,
    domain::{
        id::{CompileJobId, GroupId, ProjectId, SpaceId, UserId, WorkId},
        project::Project,
    },
    error::Kind,
    store::{Store, keys, project::Grant, write::Write},
};

impl Store {
    pub(super) async fn walk_project(&self, id: ProjectId, until: Until) -> Result<Finished> {
        let Some(project) = self.get::<Project>(&keys::project(id)).await? else {
            return Ok(true);
        };
        let pk = keys::project_partition(id);
        for prefix in [keys::MEMBERS, keys::ACCESSES] {
            for chunk in self.all::<Grant>(&pk, prefix).await?.chunks(CHUNK) {
                let mirrors = chunk.iter().filter_map(|grant| {
                    let user = grant.user.map(|user| keys::granted_project(user, id));
                    user.or_else(|| grant.group.map(|group| keys::group_project(group, id)))
                });
                // The mirror first: what is left of the pair leads to it again.
                self.delete_all(&mirrors.collect::<Vec<_>>()).await?;
            }
        }
        if !self.drop_space_mirrors(id, until).await? {
            return Ok(false);
        }
        if !self.release_previews(id, until).await? {
            return Ok(false);
        }
        // Before the index that leads there.
        if !self.remove_contents_of(id, until).await? {
            return Ok(false);
        }
        let activity = keys::activity_partition(id);
        if !self.clear(&activity, "", None, until).await? {
            return Ok(false);
        }
        let explores = self.all_late_keys(&keys::late_explores(id)).await?;
        for chunk in explores.chunks(KEYS as usize) {
            self.delete_all(chunk).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        let preference = |user: &str| Some(keys::preference(UserId::parse(user)?, id));
        let dropped = self.drop_pointed_at(&pk, keys::PREFERRERS, preference, until);
        if !dropped.await? {
            return Ok(false);
        }
        let compile_job = |job: &str| CompileJobId::parse(job).map(keys::compile_job);
        let dropped = self.drop_pointed_at(&pk, keys::COMPILATIONS, compile_job, until);
        if !dropped.await? {
            return Ok(false);
        }
        let work = |work: &str| WorkId::parse(work).map(keys::work);
        let dropped = self.drop_pointed_at(&pk, keys::WORKS, work, until);
        if !dropped.await? {
            return Ok(false);
        }
        let author = project.created_by;
        let author = author.map(|author| keys::owned_project(author, id));
        let preview = project.upstream.map(|upstream| keys::preview(upstream, id));
        let named: Vec<_> = author.into_iter().chain(preview).collect();
        self.delete_all(&named).await?;
        let default = Write::update(keys::organization(project.organization))
            .remove("defaultProject")
            .when_equal("defaultProject", id)
            .or(Error::Changed(Kind::Organization));
        gone_is_fine(self.apply([default]).await)?;
        self.clear(&pk, "", Some(&keys::project(id)), until).await
    }

    /// The previews of a deleted project stay, and are of none.
    async fn release_previews(&self, id: ProjectId, until: Until) -> Result<Finished> {
        let pk = keys::project_partition(id);
        loop {
            let previews = self.keys_under(&pk, keys::PREVIEWS, KEYS).await?;
            if previews.is_empty() {
                return Ok(true);
            }
            for pointer in previews {
                let preview = pointer.sk.strip_prefix(keys::PREVIEWS);
                if let Some(preview) = preview.and_then(ProjectId::parse)
                    && let Some(found) = self.get::<Project>(&keys::project(preview)).await?
                {
                    let row = keys::project_row(found.organization, preview);
                    self.clear_reference([keys::project(preview), row], "upstream", id)
                        .await?;
                }
                self.delete_all(&[pointer]).await?;
            }
            if until.is_over() {
                return Ok(false);
            }
        }
    }

    async fn drop_space_mirrors(&self, id: ProjectId, until: Until) -> Result<Finished> {
        #[derive(Deserialize)]
        struct Grants {
            id: SpaceId,
            #[serde(default)]
            users: std::collections::BTreeMap<UserId, serde::de::IgnoredAny>,
            #[serde(default)]
            groups: std::collections::BTreeMap<GroupId, serde::de::IgnoredAny>,
        }
        let pk = keys::project_partition(id);
        for space in self.all::<Grants>(&pk, keys::SPACES).await? {
            let users = space
                .users
                .keys()
                .map(|user| keys::granted_space(*user, id, space.id));
            let groups = space
                .groups
                .keys()
                .map(|group| keys::group_space(*group, id, space.id));
            // With the space itself, so that the next try goes on behind it.
            let own = std::iter::once(keys::space(id, space.id));
            let mirrors: Vec<_> = users.chain(groups).chain(own).collect();
            self.delete_all(&mirrors).await?;
            if until.is_over() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
