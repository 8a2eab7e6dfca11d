//! What validations found: of a project's own in the project, of one that brought its explores beside its work.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        id::{ProjectId, WorkId},
        packed::Packed,
        validation::{Finding, Validation},
    },
    error::Kind,
};

/// What one item holds; the rest of it is in further ones.
const PIECE: usize = 300 * 1024;
/// Pieces at most: 12 MB packed.
const MOST_PIECES: usize = 40;
/// How often a change is tried that others came before, and how often a reader looks again.
const TRIES: usize = 10;

/// A piece of something packed.
#[derive(Serialize, Deserialize)]
struct Piece {
    data: Packed,
    /// How many there are in all.
    of: usize,
}

/// A run of a validation.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub id: WorkId,
    pub begun_at: Timestamp,
    pub at: Timestamp,
    /// Whether it looked at everything.
    pub whole: bool,
}

fn lost() -> Error {
    Error::Changed(Kind::Validation)
}

fn cut(packed: &Packed) -> Result<Vec<&[u8]>> {
    let pieces: Vec<_> = packed.0.chunks(PIECE).collect();
    if pieces.len() > MOST_PIECES {
        return Err(Error::invalid(
            "This is more than one validation can hold: validate fewer explores at once",
        ));
    }
    Ok(pieces)
}

impl Store {
    /// What a project's last validation found; nothing before the first one.
    pub async fn validation(&self, project: ProjectId) -> Result<Validation> {
        let found = self.get(&keys::validation(project)).await?;
        Ok(found.unwrap_or_default())
    }

    /// The findings of a project's last validation, with its head. One request, and one more for those that an item does
    /// not hold.
    pub async fn findings(&self, project: ProjectId) -> Result<(Validation, Vec<Finding>)> {
        for _ in 0..TRIES {
            let head = self.validation(project).await?;
            let (Some(run), Some(first)) = (head.run, &head.findings) else {
                return Ok((head, Vec::new()));
            };
            let keys: Vec<_> = (1..=head.pieces)
                .map(|piece| keys::validation_piece(project, run, piece))
                .collect();
            let mut data = first.clone();
            let mut whole = true;
            for item in self.get_many(&keys).await? {
                match item {
                    Some(item) => data.0.extend(read::<Piece>(item)?.data.0),
                    // Another run has taken its place meanwhile.
                    None => whole = false,
                }
            }
            if whole {
                return Ok((head, data.unpack_json()?));
            }
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "a part of what a validation found is missing"
        )))
    }

    /// Makes what a run found the project's list, at once, unless a run that began later has. What was dismissed stays so
    /// where it is found again. May be repeated.
    ///
    /// # Errors
    /// `Invalid` when it is too much; `NotExists` when the project is gone; `Unavailable` when others always come before.
    pub async fn put_findings(
        &self,
        project: ProjectId,
        run: Run,
        findings: &[Finding],
    ) -> Result<()> {
        let packed = Packed::pack_json(&findings)?;
        let pieces = cut(&packed)?;
        for (at, data) in pieces.iter().enumerate().skip(1) {
            let piece = Piece {
                data: Packed(data.to_vec()),
                of: pieces.len(),
            };
            let key = keys::validation_piece(project, run.id, at);
            self.apply([Write::put(key, "validation piece", &piece)])
                .await?;
        }
        let known: BTreeSet<u64> = findings.iter().map(|one| one.id).collect();
        for _ in 0..TRIES {
            let old = self.validation(project).await?;
            if old.begun_at.is_some_and(|at| at > run.begun_at) {
                return self.drop_pieces(project, run.id, pieces.len()).await;
            }
            let mut dismissed = old.dismissed.clone();
            if run.whole {
                dismissed.retain(|id| known.contains(id));
            }
            let first = pieces.first().copied().unwrap_or_default();
            let new = Validation {
                rev: old.rev,
                run: Some(run.id),
                begun_at: Some(run.begun_at),
                found_at: Some(run.at),
                findings: Some(Packed(first.to_vec())),
                pieces: pieces.len().saturating_sub(1),
                dismissed,
            };
            match self.put_validation(project, new).await {
                Err(Error::Changed(_)) => {}
                done => {
                    done?;
                    if let Some(before) = old.run.filter(|before| *before != run.id) {
                        self.drop_pieces(project, before, old.pieces + 1).await?;
                    }
                    return Ok(());
                }
            }
        }
        Err(Error::Unavailable(anyhow::anyhow!(
            "a project's validation was changed by others {TRIES} times"
        )))
    }

    /// Dismisses one thing of what the last validation found. Again, nothing changes.
    ///
    /// # Errors
    /// `NotFound` when it found no such thing; `Changed` when others always come before.
    pub async fn dismiss(&self, project: ProjectId, id: u64) -> Result<()> {
        for _ in 0..TRIES {
            let (mut head, findings) = self.findings(project).await?;
            if !findings.iter().any(|one| one.id == id) {
                return Err(Error::NotFound(Kind::Validation));
            }
            if !head.dismissed.insert(id) {
                return Ok(());
            }
            match self.put_validation(project, head).await {
                Err(Error::Changed(_)) => {}
                done => return done,
            }
        }
        Err(lost())
    }

    /// Writes the head, if it has the `rev` that it was read with.
    async fn put_validation(&self, project: ProjectId, head: Validation) -> Result<()> {
        let new = Validation {
            rev: head.rev + 1,
            ..head
        };
        let put = Write::put(keys::validation(project), "validation", &new);
        let put = if head.rev == 0 {
            put.when_absent()
        } else {
            put.when_equal("rev", head.rev)
        };
        self.apply([Self::project_stays(project), put.or(lost())])
            .await
    }

    async fn drop_pieces(&self, project: ProjectId, run: WorkId, count: usize) -> Result<()> {
        let keys: Vec<_> = (1..count)
            .map(|piece| keys::validation_piece(project, run, piece))
            .collect();
        self.delete_all(&keys).await
    }

    /// Keeps something beside a piece of work, until that can be asked for no more. May be repeated.
    ///
    /// # Errors
    /// `Invalid` when it is too much.
    pub async fn put_beside(&self, work: WorkId, packed: &Packed, until: Timestamp) -> Result<()> {
        let pieces = cut(packed)?;
        for (at, data) in pieces.iter().enumerate() {
            let piece = Piece {
                data: Packed(data.to_vec()),
                of: pieces.len(),
            };
            let put = Write::put(keys::work_piece(work, at), "work piece", &piece);
            self.apply([put.expires(until)]).await?;
        }
        Ok(())
    }

    /// What is kept beside a piece of work; none when there is nothing, or not all of it.
    pub async fn beside(&self, work: WorkId) -> Result<Option<Packed>> {
        let pk = keys::work(work).pk;
        let pieces: Vec<Piece> = self.all(&pk, keys::PIECES).await?;
        let count = pieces.first().map_or(0, |piece| piece.of);
        if count == 0 || pieces.len() < count {
            return Ok(None);
        }
        let data = pieces.into_iter().take(count);
        Ok(Some(Packed(data.flat_map(|piece| piece.data.0).collect())))
    }
}
