//! Virtual views: explores made of a statement, in the project's set of explores. Each change is a set of its own, which
//! counts at once, as after a deploy; deploys keep what they find.

use std::collections::BTreeSet;

use super::{
    Store,
    deploy::{Current, TRIES, shards_of},
    explore::ExploreSet,
    write::Write,
};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        explore_set::{Entry, Given, MOST_EXPLORES},
        id::{ProjectId, UserId},
    },
    error::Kind,
};

/// What claims on virtual views are kept under.
const MADE: &str = "virtual view";

/// What becomes of a virtual view.
#[derive(Debug)]
pub enum VirtualView<'a> {
    /// There is none of its name, nor another explore; made by a user, with the key of their request.
    New(&'a Given<'a>, (UserId, Option<&'a str>)),
    /// It takes the place of the one of its name.
    Changed(&'a Given<'a>),
    /// The one of this name goes, if it is there.
    Removed(&'a str),
}

impl VirtualView<'_> {
    fn name(&self) -> &str {
        match self {
            VirtualView::New(given, _) | VirtualView::Changed(given) => &given.entry.name,
            VirtualView::Removed(name) => name,
        }
    }

    fn given(&self) -> Option<&Given<'_>> {
        match self {
            VirtualView::New(given, _) | VirtualView::Changed(given) => Some(given),
            VirtualView::Removed(_) => None,
        }
    }

    /// The claim of the idempotency key of the request that makes it.
    fn claim(&self, now: Timestamp) -> Option<Write> {
        let VirtualView::New(given, (by, key)) = self else {
            return None;
        };
        let claim = Store::claim_write(*by, (MADE, (*key)?), &given.entry.name, now);
        Some(claim.or(Error::Changed(Kind::VirtualView)))
    }

    /// Whether there is something to do to the explores that there are.
    fn fits(&self, current: &Current) -> Result<bool> {
        let mut entries = current.entries.iter();
        let found = entries.find(|entry| entry.name == self.name());
        match (self, found) {
            (VirtualView::New(..), Some(_)) => Err(Error::Exists(Kind::VirtualView)),
            (VirtualView::New(..), None) if current.entries.len() >= MOST_EXPLORES => Err(
                Error::invalid(format!("A project has at most {MOST_EXPLORES} explores")),
            ),
            (VirtualView::Changed(_), None) => Err(Error::NotFound(Kind::VirtualView)),
            (VirtualView::Changed(_), Some(entry)) if !entry.is_virtual => {
                Err(Error::NotFound(Kind::VirtualView))
            }
            (VirtualView::Removed(_), found) => Ok(found.is_some_and(|entry| entry.is_virtual)),
            _ => Ok(true),
        }
    }
}

impl Store {
    /// The name of the virtual view that an earlier request with the same idempotency key made, unless it was removed since.
    pub async fn virtual_view_made_before(
        &self,
        project: ProjectId,
        (by, key): (UserId, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<String>> {
        let Some(name) = self.made_before(by, (MADE, key), now).await? else {
            return Ok(None);
        };
        let found = self.explore(project, &name).await?;
        Ok(found
            .filter(|(entry, _)| entry.is_virtual)
            .map(|(entry, _)| entry.name))
    }

    /// Puts a virtual view into the explores of a project, or takes one out. Whoever deploys meanwhile finds it so, or is
    /// found: the set is switched only if it is as it was read, else read and decided again.
    ///
    /// # Errors
    /// `Exists` when an explore has the name of a new one; `NotFound` when there is no virtual view to be changed;
    /// `Changed` when others keep coming before, and when a request with the same key was first; `NotExists` when the project
    /// goes.
    pub async fn set_virtual_view(
        &self,
        project: ProjectId,
        view: &VirtualView<'_>,
        now: Timestamp,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let current = self.current(project).await?;
            if !view.fits(&current)? {
                return Ok(());
            }
            if let Some(given) = view.given() {
                let known: BTreeSet<_> = current.bodies().into_iter().cloned().collect();
                let given = std::slice::from_ref(given);
                self.put_bodies(project, given, &known, now).await?;
            }
            let others = current.entries.iter();
            let others = others.filter(|entry| entry.name != view.name());
            let mut list: Vec<&Entry> = others.collect();
            list.extend(view.given().map(|given| &given.entry));
            // The same explores are the same list, in whatever order they were read.
            list.sort_by(|a, b| a.name.cmp(&b.name));

            let old = current.set.as_ref();
            let (shards, writes) = shards_of(project, &list, old, now)?;
            if old.is_some_and(|old| old.shards == shards) {
                return Ok(());
            }
            self.put_all(writes).await?;
            let set = ExploreSet {
                shards,
                number: old.map_or(1, |old| old.number + 1),
                explores: list.len(),
                deployed_at: now,
            };
            let writes = self.switch_writes(project, old, &set, now);
            match self.apply(writes.into_iter().chain(view.claim(now))).await {
                Err(Error::Changed(Kind::Explore)) => {}
                other => return other,
            }
        }
        Err(Error::Changed(Kind::Explore))
    }
}
