//! Spaces, and who was let in. An entry of a space and its mirror (what somebody or a group was let into) are written and
//! removed in one transaction.

mod access;
mod copy;
mod deletion;
mod moving;

use serde::Serialize;

use super::{Store, keys, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::SpaceRole,
        id::{OrganizationId, ProjectId, SpaceId, UserId},
        space::{Guest, Space, SpaceTree},
    },
    error::Kind,
};

pub use moving::{MOVES, SpaceMove};

/// Ten random characters meet once: whoever loses that often has another problem.
const SLUG_TRIES: usize = 5;

/// What somebody or a group was let into.
#[derive(Serialize)]
struct Mirror {
    project: ProjectId,
    space: SpaceId,
}

/// Whose a slug or a path is.
#[derive(Serialize)]
struct Claim {
    space: SpaceId,
}

/// What a new space is written with.
pub struct NewSpace<'a> {
    /// With those who are let in, its creator among them.
    pub space: Space,
    pub organization: OrganizationId,
    pub creator: UserId,
    pub client_key: Option<&'a str>,
}

/// New spaces, each in the one before it, whose slugs are settled. Privacy and grants are those of the first, if it is a root.
pub struct NewSpaces<'a> {
    /// Outermost first.
    pub spaces: &'a [Space],
    /// The space that the first lies in, as it was read; none for a root.
    pub above: Option<&'a Space>,
    pub organization: OrganizationId,
    pub creator: UserId,
}

/// What of a space is to be changed.
pub struct SpaceChange<'a> {
    pub name: &'a str,
    pub is_private: bool,
    /// Who becomes an admin of it with that.
    pub admin: Option<UserId>,
}

/// The claim on the path where a space lies.
fn path_of(space: &Space) -> keys::Key {
    keys::space_path(space.project, space.parent, space.step())
}

impl Guest {
    fn map(self) -> &'static str {
        match self {
            Guest::User(_) => "users",
            Guest::Group(_) => "groups",
        }
    }

    fn mirror(self, space: &Space) -> keys::Key {
        match self {
            Guest::User(user) => keys::granted_space(user, space.project, space.id),
            Guest::Group(group) => keys::group_space(group, space.project, space.id),
        }
    }

    fn mirror_write(self, space: &Space) -> Write {
        let kind = match self {
            Guest::User(_) => "granted space",
            Guest::Group(_) => "group space",
        };
        let (project, id) = (space.project, space.id);
        Write::put(self.mirror(space), kind, &Mirror { project, space: id })
    }

    fn set(self, write: Write, role: SpaceRole) -> Write {
        match self {
            Guest::User(user) => write.set_entry(self.map(), user, role),
            Guest::Group(group) => write.set_entry(self.map(), group, role),
        }
    }

    fn remove(self, write: Write) -> Write {
        match self {
            Guest::User(user) => write.remove_entry(self.map(), user),
            Guest::Group(group) => write.remove_entry(self.map(), group),
        }
    }

    /// Holds while they belong to the organisation.
    fn stays(self, organization: OrganizationId) -> Write {
        match self {
            Guest::User(user) => {
                Store::member_stays(organization, user).or(Error::NotFound(Kind::User))
            }
            Guest::Group(group) => Store::group_stays(group),
        }
    }
}

impl Store {
    /// All spaces of a project, read consistently.
    pub async fn spaces(&self, project: ProjectId) -> Result<SpaceTree> {
        let spaces: Vec<Space> = self
            .all(&keys::project_partition(project), keys::SPACES)
            .await?;
        Ok(spaces.into_iter().collect())
    }

    /// One space of a project.
    pub async fn space(&self, project: ProjectId, id: SpaceId) -> Result<Option<Space>> {
        self.get(&keys::space(project, id)).await
    }

    /// A new space with the claims on its slug and its path; `Exists` when one of them is taken.
    pub(super) fn space_writes(space: &Space) -> Vec<Write> {
        let slug = keys::slug(space.project, "space", &space.slug);
        vec![
            Write::put(slug, "space slug", &Claim { space: space.id })
                .when_absent()
                .or(Error::Exists(Kind::Space)),
            Self::path_claim(space, path_of(space)),
            Write::put(keys::space(space.project, space.id), "space", space)
                .when_absent()
                .or(Error::Exists(Kind::Space)),
        ]
    }

    /// The claim on a path that a space comes to: no two are at one.
    fn path_claim(space: &Space, path: keys::Key) -> Write {
        Write::put(path, "space path", &Claim { space: space.id })
            .when_absent()
            .or(Error::Exists(Kind::Space))
    }

    /// A new space, with those who are let in; under another slug when the one it came with is taken, or its path. One
    /// transaction, and one more for each that was taken.
    ///
    /// # Errors
    /// `NotFound` when somebody who is let in is no member, or when the space that it lies in is gone; `NotExists` when the
    /// project is gone; `Changed` when the creator is no member any more, or when a request with the same key was first.
    pub async fn create_space(&self, new: NewSpace<'_>, now: Timestamp) -> Result<Space> {
        let mut space = new.space.clone();
        for _ in 0..SLUG_TRIES {
            match self.apply(Self::creation(&new, &space, now)).await {
                Ok(()) => return Ok(space),
                Err(Error::Exists(Kind::Space)) => {
                    space = space.under_another_slug(&new.space.slug, &self.random);
                }
                Err(Error::NotFound(Kind::Space)) => space = self.in_moved_parent(space).await?,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Changed(Kind::Space))
    }

    /// A new space where its parent lies now: that one was moved meanwhile, or is gone.
    async fn in_moved_parent(&self, space: Space) -> Result<Space> {
        let parent = match space.parent {
            Some(parent) => self.space(space.project, parent).await?,
            None => None,
        };
        space.inside(&parent.ok_or(Error::NotFound(Kind::Space))?)
    }

    fn creation(new: &NewSpace<'_>, space: &Space, now: Timestamp) -> Vec<Write> {
        let NewSpace {
            organization,
            creator,
            client_key,
            ..
        } = *new;
        let claim = client_key.map(|key| {
            Self::claim_write(creator, ("space", key), &space.id.to_string(), now)
                .or(Error::Changed(Kind::Space))
        });
        let above = space.path.rsplit_once('.').map_or("", |(above, _)| above);
        let parent = space.parent.map(|parent| {
            // Whoever deletes or moves that one meanwhile finds it changed.
            Write::update(keys::space(space.project, parent))
                .add("rev", 1)
                .when_equal("path", above)
                .or(Error::NotFound(Kind::Space))
        });
        let mut writes = vec![
            Self::project_stays(space.project),
            Self::member_stays(organization, creator),
        ];
        writes.extend(claim.into_iter().chain(parent));
        for user in space.users.keys().map(|user| Guest::User(*user)) {
            let is_creator = matches!(user, Guest::User(id) if id == creator);
            writes.extend((!is_creator).then(|| user.stays(organization)));
            writes.push(user.mirror_write(space));
        }
        writes.extend(Self::space_writes(space));
        writes
    }

    /// Makes spaces, each in the one before it, under exactly the slugs that they come with: all of them or none.
    ///
    /// # Errors
    /// `Exists` when a slug or a path is taken; `Changed` when the space that they lie in changed meanwhile or is gone, or the
    /// creator is no member any more; `NotFound` when somebody who is let in is gone; `NotExists` when the project is.
    pub async fn create_spaces(&self, project: ProjectId, new: &NewSpaces<'_>) -> Result<()> {
        let stays = std::iter::once(Self::project_stays(project));
        self.apply(stays.chain(Self::new_spaces_writes(new))).await
    }

    /// The writes of [`Store::create_spaces`], beside the check on the project; none where no space is new.
    pub(super) fn new_spaces_writes(new: &NewSpaces<'_>) -> Vec<Write> {
        if new.spaces.is_empty() {
            return Vec::new();
        }
        let mut writes = vec![Self::member_stays(new.organization, new.creator)];
        // Whoever makes one in it at the same time, or deletes it, finds it changed.
        writes.extend(new.above.map(Self::space_update));
        for space in new.spaces {
            let users = space.users.keys().map(|user| Guest::User(*user));
            let groups = space.groups.keys().map(|group| Guest::Group(*group));
            for guest in users.chain(groups) {
                let is_creator = guest == Guest::User(new.creator);
                writes.extend((!is_creator).then(|| guest.stays(new.organization)));
                writes.push(guest.mirror_write(space));
            }
            writes.extend(Self::space_writes(space));
        }
        writes
    }

    /// Changes a space that has been read.
    ///
    /// # Errors
    /// `Changed` when it changed meanwhile or is gone, `NotFound` when the new admin is no member any more.
    pub async fn change_space(
        &self,
        organization: OrganizationId,
        space: &Space,
        change: SpaceChange<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let mut write = Self::space_update(space)
            .set("name", change.name)
            .set("isPrivate", change.is_private)
            .set("updatedAt", now);
        let mut writes = Vec::new();
        if let Some(admin) = change.admin.map(Guest::User) {
            write = admin.set(write, SpaceRole::Admin);
            writes.push(Self::project_stays(space.project));
            writes.push(admin.stays(organization));
            writes.push(admin.mirror_write(space));
        }
        writes.push(write);
        self.apply(writes).await
    }

    /// An update of a space, if it is as it was read.
    fn space_update(space: &Space) -> Write {
        Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_equal("rev", space.rev)
            .or(Error::Changed(Kind::Space))
    }
}
