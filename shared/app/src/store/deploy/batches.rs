//! Deploys that come in batches.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{SESSION, TRIES, UNNAMED, pack_list, unreadable};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        explore_set::{DeployStatus, Entry, Given},
        id::{DeployId, ProjectId, UserId},
        job::{Job, Task},
        packed::Packed,
    },
    error::Kind,
    store::{
        Store,
        keys::{self, Key},
        page::read,
        write::{LARGEST_ITEM, Write},
    },
};

/// A deploy that comes in batches.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    pub id: DeployId,
    pub project: ProjectId,
    pub user: UserId,
    pub status: DeployStatus,
    pub ends_at: Timestamp,
    /// From when on the sweep counts.
    pub written_at: Timestamp,
    /// How many explores it was in the end.
    #[serde(default)]
    pub explores: usize,
}

/// What came in a batch.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    number: u32,
    /// Each entry, and whether its body was written with it: what the set that counted had already was not.
    entries: Packed,
    written_at: Timestamp,
}

impl Batch {
    fn entries(&self) -> Result<Vec<(Entry, bool)>> {
        serde_json::from_slice(&self.entries.unpack()?).map_err(unreadable)
    }
}

impl Deploy {
    /// A deploy that begins.
    pub fn new(id: DeployId, project: ProjectId, user: UserId, now: Timestamp) -> Self {
        Self {
            id,
            project,
            user,
            status: DeployStatus::Uploading,
            ends_at: now + SESSION,
            written_at: now,
            explores: 0,
        }
    }

    /// The job that tidies up after it.
    pub fn sweep(project: ProjectId, random: &crate::random::Random, now: Timestamp) -> Job {
        let due = now + UNNAMED + SESSION;
        Job::new(Task::SweepExplores { project }, random, now).due(due)
    }
}

impl Store {
    /// Begins a deploy in batches.
    ///
    /// # Errors
    /// `NotExists` when the project goes.
    pub async fn create_deploy(&self, deploy: &Deploy, job: &Job) -> Result<()> {
        let key = keys::deploy(deploy.id);
        let index = keys::late_explore(deploy.project, &key);
        self.apply([
            Self::project_stays(deploy.project),
            Write::put(key, "deploy", deploy)
                .expires(deploy.ends_at + UNNAMED)
                .indexed(index)
                .when_absent()
                .or(Error::Exists(Kind::Deploy)),
            Self::job_write(job),
        ])
        .await
    }

    /// A deploy in batches that is not over.
    pub async fn deploy(&self, id: DeployId, now: Timestamp) -> Result<Option<Deploy>> {
        let found: Option<Deploy> = self.get(&keys::deploy(id)).await?;
        Ok(found.filter(|deploy| deploy.ends_at > now))
    }

    /// Takes a batch. One with the number of an earlier one takes its place.
    ///
    /// # Errors
    /// `Forbidden` when the deploy is finalised meanwhile; `Invalid` when the batch has too many explores.
    pub async fn add_batch(
        &self,
        deploy: &Deploy,
        number: u32,
        given: &[Given<'_>],
        now: Timestamp,
    ) -> Result<()> {
        let project = deploy.project;
        let names = given.iter().map(|one| one.entry.name.as_str());
        let known = self.known_bodies(project, names).await?;
        self.put_bodies(project, given, &known, now).await?;
        let entries: Vec<_> = given
            .iter()
            .map(|one| (&one.entry, !known.contains(&one.entry.body)))
            .collect();
        let text = serde_json::to_vec(&entries).map_err(unreadable)?;
        let batch = Batch {
            number,
            entries: pack_list(&text)?,
            written_at: now,
        };
        if batch.entries.0.len() > LARGEST_ITEM {
            return Err(Error::invalid(
                "The batch has too many explores: send it as several",
            ));
        }
        let key = keys::deploy_batch(deploy.id, number);
        let index = keys::late_explore(project, &key);
        self.apply([
            // Touched, so that who finalises meanwhile has to look again.
            Write::update(keys::deploy(deploy.id))
                .when_equal("status", DeployStatus::Uploading)
                .or(closed()),
            Write::put(key, "batch", &batch)
                .expires(deploy.ends_at + UNNAMED)
                .indexed(index),
        ])
        .await
    }

    /// Makes what came in batches the explores of the project, and answers how many they are; again, it answers the same. Of
    /// several with one name the one of the highest batch counts. A batch that is taken meanwhile is in, too.
    ///
    /// # Errors
    /// As [`Self::set_explores`]; `NotFound` when the deploy is over or gone; `Changed` when something that a batch relied on
    /// was removed, or batches keep coming.
    pub async fn finalize_deploy(&self, id: DeployId, now: Timestamp) -> Result<usize> {
        for _ in 0..TRIES {
            let head = self.get_many(&[keys::deploy(id)]).await?.pop().flatten();
            let head = head.ok_or(Error::NotFound(Kind::Deploy))?;
            let touched = match head.get("w") {
                Some(AttributeValue::S(w)) => w.clone(),
                _ => String::new(),
            };
            let deploy: Deploy = read(head)?;
            if deploy.status == DeployStatus::Completed {
                return Ok(deploy.explores);
            }
            let entries = self.batched(id).await?;
            let count = entries.len();
            let done = || {
                let head = Write::update(keys::deploy(id))
                    .set("status", DeployStatus::Completed)
                    .set("explores", count)
                    .when_equal("w", &touched);
                vec![head.or(Error::Changed(Kind::Deploy))]
            };
            match self.switch(deploy.project, &entries, now, done).await {
                Err(Error::Changed(Kind::Deploy)) => {}
                other => return other.map(|()| count),
            }
        }
        Err(Error::Changed(Kind::Deploy))
    }

    /// What came in the batches of a deploy, the last of each name.
    async fn batched(&self, id: DeployId) -> Result<Vec<(Entry, bool)>> {
        let pk = keys::deploy(id).pk;
        let mut batches: Vec<Batch> = self.all(&pk, keys::BATCHES).await?;
        batches.sort_by_key(|batch| batch.number);
        let mut merged: BTreeMap<String, (Entry, bool)> = BTreeMap::new();
        for batch in batches {
            let entries = batch.entries()?.into_iter();
            merged.extend(entries.map(|one| (one.0.name.clone(), one)));
        }
        Ok(merged.into_values().collect())
    }

    /// The partitions of the bodies that batches among these keys name, if they came after `since`: their deploys may be
    /// finalised yet.
    pub(in crate::store) async fn promised(
        &self,
        project: ProjectId,
        among: &[Key],
        since: Timestamp,
    ) -> Result<BTreeSet<String>> {
        let batches = among.iter().filter(|key| key.sk.starts_with(keys::BATCHES));
        let batches: Vec<_> = batches.cloned().collect();
        let mut promised = BTreeSet::new();
        for item in self.get_many(&batches).await?.into_iter().flatten() {
            let batch: Batch = read(item)?;
            if batch.written_at <= since {
                continue;
            }
            let entries = batch.entries()?.into_iter();
            promised.extend(entries.map(|(one, _)| keys::explore_body(project, &one.body).pk));
        }
        Ok(promised)
    }
}

/// The deploy takes no more.
fn closed() -> Error {
    Error::Forbidden("This deploy session takes no more explores")
}
