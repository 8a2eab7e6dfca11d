//! Whose query runs next: everybody waits behind their own queries, not behind somebody else's hundred.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Queries of one person that run at once in a process.
const OF_ONE: usize = 2;
/// Queries that run at once in a process; the rest of their work is small beside the warehouse's.
const OF_ALL: usize = 8;

/// Hands out turns.
#[derive(Clone)]
pub struct Turns {
    all: Arc<Semaphore>,
    own: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(OF_ALL)),
            own: Arc::default(),
        }
    }
}

/// A turn; it ends with the value.
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    _kept: Arc<Semaphore>,
}

impl Turns {
    /// Waits for a turn of somebody. Nothing, when the process is stopping.
    pub async fn wait(&self, who: &str) -> Option<Turn> {
        let kept = self.of(who);
        // First behind one's own: who waits here takes nothing from the others.
        let own = kept.clone().acquire_owned().await.ok()?;
        let all = self.all.clone().acquire_owned().await.ok()?;
        Some(Turn {
            _own: own,
            _all: all,
            _kept: kept,
        })
    }

    fn of(&self, who: &str) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = own.get(who).and_then(Weak::upgrade) {
            return found;
        }
        own.retain(|_, one| one.strong_count() > 0);
        let made = Arc::new(Semaphore::new(OF_ONE));
        own.insert(who.to_owned(), Arc::downgrade(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Long enough that a turn which is free would have come.
    const MOMENT: Duration = Duration::from_millis(50);

    #[tokio::test(start_paused = true)]
    async fn a_hundred_queries_of_one_person_leave_the_others_a_turn() {
        let turns = Turns::default();
        let first = [turns.wait("ana").await, turns.wait("ana").await];
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                tokio::spawn({
                    let turns = turns.clone();
                    async move { turns.wait("ana").await.is_some() }
                })
            })
            .collect();
        tokio::time::sleep(MOMENT).await;
        assert!(turns.wait("bob").await.is_some());
        drop(first);
        for one in waiting {
            assert!(one.await.unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_so_many_run_at_once() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for number in 0..OF_ALL {
            held.push(turns.wait(&number.to_string()).await);
        }
        assert!(
            tokio::time::timeout(MOMENT, turns.wait("one more"))
                .await
                .is_err()
        );
        held.pop();
        assert!(
            tokio::time::timeout(MOMENT, turns.wait("one more"))
                .await
                .is_ok()
        );
    }
}
