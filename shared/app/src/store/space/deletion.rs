//! Deleting spaces.

use super::{Guest, Store, Write, keys, path_of};
use crate::{
    Error, Result,
    domain::{space::Space, user::User},
    error::Kind,
};

/// A transaction takes a hundred actions.
const CHUNK: usize = 88;
/// What a space takes of them without anybody who is let in: itself, its slug and its path.
const OWN: usize = 3;

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
    /// Deletes spaces, given deepest first, as a tree has them: a failure at any line leaves a tree, in which whoever
    /// deletes them keeps their own way in until the end. A transaction for about thirty spaces without grants.
    ///
    /// # Errors
    /// `Changed` when one changed meanwhile, or is gone.
    pub async fn delete_spaces(&self, spaces: &[&Space], by: &User) -> Result<()> {
        let mut writes = Vec::new();
        for space in spaces {
            let mut guests = guests(space, by);
            let mut rev = space.rev;
            while guests.len() > CHUNK - OWN {
                let some: Vec<_> = guests.drain(..CHUNK - OWN).collect();
                self.apply(std::mem::take(&mut writes)).await?;
                self.apply(Self::put_out(space, rev, &some)).await?;
                rev += 1;
            }
            if writes.len() + guests.len() + OWN > CHUNK {
                self.apply(std::mem::take(&mut writes)).await?;
            }
            let mirrors = guests.into_iter().map(|guest| guest.mirror(space));
            writes.extend(mirrors.map(Write::delete));
            writes.push(Write::delete(keys::slug(
                space.project,
                "space",
                &space.slug,
            )));
            writes.push(Write::delete(path_of(space)));
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
}
