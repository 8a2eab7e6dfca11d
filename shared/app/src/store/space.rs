//! Spaces, and who was let in. An entry of a space and its mirror (what somebody or a group was let into) are written and
//! removed in one transaction.

mod copy;

use std::time::Duration;

use serde::Serialize;

use super::{Edit, Store, keys, project::Grant, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::SpaceRole,
        id::{OrganizationId, ProjectId, SpaceId, UserId},
        organization::Member,
        project::Project,
        space::{AccessList, Entry, Guest, MOST_GRANTS, Space, SpaceTree},
        user::User,
    },
    error::Kind,
};

/// A transaction takes a hundred actions; a space of its own needs two more.
const CHUNK: usize = 88;
/// Actions that a transaction takes.
const MOST_WRITES: usize = 100;
/// Charts and dashboards that are moved in one transaction: a head each, and all parts of the index.
pub const MOVES: usize = 50;
/// Ten random characters meet once: whoever loses that often has another problem.
const SLUG_TRIES: usize = 5;

/// What somebody or a group was let into.
#[derive(Serialize)]
struct Mirror {
    project: ProjectId,
    space: SpaceId,
}

/// Whose a slug is.
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

/// Where a space of a project is to go.
pub struct SpaceMove<'a> {
    pub organization: OrganizationId,
    /// The spaces of the project, as they were read.
    pub tree: &'a SpaceTree,
    pub space: &'a Space,
    /// The space that it is to lie in; none for a root.
    pub target: Option<&'a Space>,
}

impl SpaceMove<'_> {
    /// Lets the caller go on only if one transaction takes it.
    ///
    /// # Errors
    /// `Invalid` for a place in itself or too deep, and for more than that.
    pub fn fits(&self, now: Timestamp) -> Result<()> {
        self.writes(now).map(drop)
    }

    /// What is written; nothing where the space lies there already.
    fn writes(&self, now: Timestamp) -> Result<Vec<Write>> {
        let (tree, space, target) = (self.tree, self.space, self.target);
        if space.parent == target.map(|target| target.id) {
            return Ok(Vec::new());
        }
        tree.may_lie_in(space, target)?;
        let mut writes = vec![Store::project_stays(space.project)];
        writes.extend(self.around());
        for (one, path) in tree.moved_paths(space, target)? {
            let write = Store::space_update(one).set("path", path);
            if one.id == space.id {
                writes.extend(self.own(write.set("updatedAt", now)));
            } else {
                writes.push(write);
            }
        }
        if writes.len() > MOST_WRITES {
            return Err(Error::invalid(
                "This is more than can be moved at once: with what lies in it, what it is to lie in and, to the root, twice those                  who are let in, a space has at most 98; move parts of it first, or share it with groups",
            ));
        }
        Ok(writes)
    }

    /// What has to be as it was read: what the target lies in, so that two moves at once make no circle; for a new root the old
    /// one, whose privacy and grants it takes over. The target is marked: whoever deletes it meanwhile finds it changed.
    fn around(&self) -> Vec<Write> {
        let root = self.tree.root_of(self.space);
        let Some(target) = self.target else {
            let other = Some(root).filter(|root| root.id != self.space.id);
            return other.map(stays).into_iter().collect();
        };
        let above = self.tree.breadcrumbs(target).into_iter();
        let above = above.filter(|one| one.id != target.id).map(stays);
        above.chain([Store::space_update(target)]).collect()
    }

    /// The change of the space itself, and of the mirrors of who is let in.
    fn own(&self, write: Write) -> Vec<Write> {
        let space = self.space;
        if let Some(target) = self.target {
            return vec![write.set("parent", target.id).set("isPrivate", true)];
        }
        let root = self.tree.root_of(space);
        let write = write.remove("parent").set("isPrivate", root.is_private);
        let mut writes = vec![write.set("users", &root.users).set("groups", &root.groups)];
        for guest in everybody(root).filter(|guest| space.role_of(*guest).is_none()) {
            writes.push(guest.stays(self.organization).or(CHANGED));
            writes.push(guest.mirror_write(space));
        }
        let gone = everybody(space).filter(|guest| root.role_of(*guest).is_none());
        writes.extend(gone.map(|guest| Write::delete(guest.mirror(space))));
        writes
    }
}

/// Somebody else changed a space first.
const CHANGED: Error = Error::Changed(Kind::Space);

/// Holds while a space is as it was read.
fn stays(space: &Space) -> Write {
    Write::check(keys::space(space.project, space.id))
        .when_equal("rev", space.rev)
        .or(CHANGED)
}

/// Everybody and every group that a space was shared with.
fn everybody(space: &Space) -> impl Iterator<Item = Guest> {
    let users = space.users.keys().copied().map(Guest::User);
    users.chain(space.groups.keys().copied().map(Guest::Group))
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

/// Everybody and every group that a space was shared with; `last` are those whom somebody has their own way in by.
fn guests(space: &Space, last: &User) -> Vec<Guest> {
    let users = space
        .users
        .keys()
        .map(|user| (*user == last.id, Guest::User(*user)));
    let groups = space
        .groups
        .keys()
        .map(|group| (last.groups.contains(group), Guest::Group(*group)));
    let mut guests: Vec<_> = users.chain(groups).collect();
    guests.sort_by_key(|(last, _)| *last);
    guests.into_iter().map(|(_, guest)| guest).collect()
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

    /// A new space with the claim on its slug; `Exists` when the slug is taken.
    pub(super) fn space_writes(space: &Space) -> Vec<Write> {
        let slug = keys::slug(space.project, "space", &space.slug);
        vec![
            Write::put(slug, "space slug", &Claim { space: space.id })
                .when_absent()
                .or(Error::Exists(Kind::Space)),
            Write::put(keys::space(space.project, space.id), "space", space)
                .when_absent()
                .or(Error::Exists(Kind::Space)),
        ]
    }

    /// A new space, with those who are let in; under another slug when the one it came with is taken. One transaction,
    /// and one more for each slug that was taken.
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
    /// `Exists` when a slug is taken; `Changed` when the space that they lie in changed meanwhile or is gone, or the creator is
    /// no member any more; `NotFound` when somebody who is let in is gone; `NotExists` when the project is.
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

    /// Lets somebody or a group into a root space, or gives them another role there. Others may be let in at the same time.
    ///
    /// # Errors
    /// `NotFound` when the user is no member, or the group is gone; `NotExists` when the project is gone; `Changed` when
    /// the space is gone, or no root any more, or full.
    pub async fn let_into_space(
        &self,
        organization: OrganizationId,
        space: &Space,
        guest: Guest,
        role: SpaceRole,
    ) -> Result<()> {
        let entry = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_present()
            .when_missing("parent");
        let entry = guest.set(entry, role);
        let entry = if space.role_of(guest).is_some() {
            entry
        } else {
            entry.when_fewer(guest.map(), MOST_GRANTS)
        };
        self.apply([
            Self::project_stays(space.project),
            guest.stays(organization),
            entry.or(Error::Changed(Kind::Space)),
            guest.mirror_write(space),
        ])
        .await
    }

    /// Takes back what somebody or a group was given in a space.
    ///
    /// # Errors
    /// `NotFound` when the space is gone.
    pub async fn put_out_of_space(&self, space: &Space, guest: Guest) -> Result<()> {
        let entry = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_present()
            .or(Error::NotFound(Kind::Space));
        self.apply([guest.remove(entry), Write::delete(guest.mirror(space))])
            .await
    }

    /// Moves a space with everything in it: one transaction. As a root it is as private as its old root, and shared with whom
    /// that was.
    ///
    /// # Errors
    /// `Invalid` for a place in itself, and for more than one transaction takes; `Changed` when one of the spaces changed
    /// meanwhile or is gone; `NotExists` when the project is gone.
    pub async fn move_space(&self, moved: SpaceMove<'_>, now: Timestamp) -> Result<()> {
        let writes = moved.writes(now)?;
        if writes.is_empty() {
            return Ok(());
        }
        self.apply(writes).await
    }

    /// Moves charts and dashboards into a space that has been read: at most [`MOVES`].
    ///
    /// # Errors
    /// `NotFound` when the space is gone; as [`Store::edit_content`].
    pub async fn move_contents(
        &self,
        target: &Space,
        edits: &[Edit],
        kept: Duration,
        now: Timestamp,
    ) -> Result<()> {
        let marked = || {
            // Whoever deletes it meanwhile finds it changed.
            let update = Write::update(keys::space(target.project, target.id)).add("rev", 1);
            vec![update.when_present().or(Error::NotFound(Kind::Space))]
        };
        self.edit_contents(target.project, edits, kept, now, marked)
            .await
    }

    /// Deletes spaces, given deepest first, as a tree has them: a failure at any line leaves a tree, in which whoever
    /// deletes them keeps their own way in until the end. A transaction for about forty spaces without grants.
    ///
    /// # Errors
    /// `Changed` when one changed meanwhile, or is gone.
    pub async fn delete_spaces(&self, spaces: &[&Space], by: &User) -> Result<()> {
        let mut writes = Vec::new();
        for space in spaces {
            let mut guests = guests(space, by);
            let mut rev = space.rev;
            while guests.len() > CHUNK - 2 {
                let some: Vec<_> = guests.drain(..CHUNK - 2).collect();
                self.apply(std::mem::take(&mut writes)).await?;
                self.apply(Self::put_out(space, rev, &some)).await?;
                rev += 1;
            }
            if writes.len() + guests.len() + 2 > CHUNK {
                self.apply(std::mem::take(&mut writes)).await?;
            }
            let mirrors = guests.into_iter().map(|guest| guest.mirror(space));
            writes.extend(mirrors.map(Write::delete));
            writes.push(Write::delete(keys::slug(
                space.project,
                "space",
                &space.slug,
            )));
            writes.push(
                Write::delete(keys::space(space.project, space.id))
                    .when_equal("rev", rev)
                    .or(Error::Changed(Kind::Space)),
            );
        }
        self.apply(writes).await
    }

    /// Some entries of a space go, with their mirrors.
    fn put_out(space: &Space, rev: u64, guests: &[Guest]) -> Vec<Write> {
        let entry = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_equal("rev", rev)
            .or(Error::Changed(Kind::Space));
        let entry = guests
            .iter()
            .fold(entry, |entry, guest| guest.remove(entry));
        let mirrors = guests
            .iter()
            .map(|guest| Write::delete(guest.mirror(space)));
        std::iter::once(entry).chain(mirrors).collect()
    }

    /// Everybody with access to a root space of a project, by address. Three queries: the roles in the project, of people
    /// and of groups, then every member of the organisation.
    pub async fn space_access(&self, project: &Project, root: &Space) -> Result<Vec<Entry>> {
        let pk = keys::project_partition(project.id);
        let (people, groups) = tokio::try_join!(
            self.all::<Grant>(&pk, keys::MEMBERS),
            self.all::<Grant>(&pk, keys::ACCESSES),
        )?;
        let people = people
            .into_iter()
            .filter_map(|one| Some((one.user?, one.role)));
        let groups = groups
            .into_iter()
            .filter_map(|one| Some((one.group?, one.role)));
        let mut list = AccessList::new(root, people.collect(), groups.collect());
        let organization = keys::organization_partition(project.organization);
        self.each(&organization, keys::MEMBERS, |member: Member| {
            list.add(&member);
        })
        .await?;
        Ok(list.finish())
    }
}
