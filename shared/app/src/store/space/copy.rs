//! Copies of spaces in another project.

use std::collections::BTreeMap;

use super::{Guest, SLUG_TRIES, SpaceRole, Store, Write, keys};
use crate::{
    Error, Result,
    domain::{id::OrganizationId, space::Space},
    error::Kind,
};

/// How many are let in in one transaction, which takes a hundred actions: each is two.
const LET_IN: usize = 40;

impl Store {
    /// Puts a copy of a space where there is none yet, closed, and then lets in whom the copy lists; who is no member any
    /// more is left out. Under another slug when somebody took it meanwhile. Answers the space as it is there; none when the
    /// one that it lies in was deleted. May be repeated at any time.
    ///
    /// # Errors
    /// `NotExists` when the project is gone.
    pub async fn copy_space(
        &self,
        organization: OrganizationId,
        copy: &Space,
    ) -> Result<Option<Space>> {
        let Some(there) = self.put_copy(copy).await? else {
            return Ok(None);
        };
        let users = copy.users.iter();
        let users = users.map(|(user, role)| (Guest::User(*user), *role));
        let groups = copy.groups.iter();
        let groups = groups.map(|(group, role)| (Guest::Group(*group), *role));
        let guests: Vec<_> = users
            .chain(groups)
            .filter(|(guest, _)| there.role_of(*guest).is_none())
            .collect();
        for chunk in guests.chunks(LET_IN) {
            match self.let_in(organization, &there, chunk).await {
                // Somebody is gone: the others are let in one by one.
                Err(Error::NotFound(_) | Error::Changed(_)) => {
                    for guest in chunk {
                        match self.let_in(organization, &there, &[*guest]).await {
                            Err(Error::NotFound(_) | Error::Changed(_)) => {}
                            done => done?,
                        }
                    }
                }
                done => done?,
            }
        }
        Ok(Some(there))
    }

    /// The copy without anybody in it, or what is there of it.
    async fn put_copy(&self, copy: &Space) -> Result<Option<Space>> {
        let mut bare = Space {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            rev: 0,
            ..copy.clone()
        };
        for _ in 0..SLUG_TRIES {
            match self.apply(Self::copied(&bare)).await {
                Err(Error::Exists(_)) => {}
                Err(Error::NotFound(_)) => return Ok(None),
                done => return done.map(|()| Some(bare)),
            }
            if let Some(there) = self.space(copy.project, copy.id).await? {
                return Ok(Some(there));
            }
            bare = bare.under_another_slug(&copy.slug, &self.random);
        }
        Err(Error::Changed(Kind::Space))
    }

    fn copied(space: &Space) -> Vec<Write> {
        let parent = space.parent.map(|parent| {
            // Whoever deletes that one meanwhile finds it changed.
            Write::update(keys::space(space.project, parent))
                .add("rev", 1)
                .when_present()
                .or(Error::NotFound(Kind::Space))
        });
        let mut writes = vec![Self::project_stays(space.project)];
        writes.extend(parent);
        writes.extend(Self::space_writes(space));
        writes
    }

    /// Lets several into a space of any level, all of them or none.
    async fn let_in(
        &self,
        organization: OrganizationId,
        space: &Space,
        guests: &[(Guest, SpaceRole)],
    ) -> Result<()> {
        let entries = Write::update(keys::space(space.project, space.id))
            .add("rev", 1)
            .when_present()
            .or(Error::NotFound(Kind::Space));
        let entries = guests
            .iter()
            .fold(entries, |entries, (guest, role)| guest.set(entries, *role));
        let mut writes = vec![Self::project_stays(space.project), entries];
        for (guest, _) in guests {
            writes.extend([guest.stays(organization), guest.mirror_write(space)]);
        }
        self.apply(writes).await
    }
}
