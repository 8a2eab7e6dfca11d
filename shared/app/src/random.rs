//! Randomness: the operating system's, or a seeded stream for tests.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{
    RngExt, SeedableRng, TryRng,
    rngs::{StdRng, SysRng},
};
use uuid::Uuid;

/// Where randomness comes from.
#[derive(Clone)]
pub enum Random {
    /// The operating system's generator; everything that guards something uses it.
    System,
    /// The same stream on every run.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// A reproducible stream, for tests.
    pub fn seeded(seed: u64) -> Self {
        Random::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; the request is answered as an internal error.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
            Random::System => SysRng
                .try_fill_bytes(&mut bytes)
                .expect("the operating system has randomness to give"),
            Random::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill(&mut bytes),
        }
        bytes
    }

    /// A version-4 uuid.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// Characters of `A–Z a–z 0–9 _ -` from `N` random bytes: four for every three bytes.
    pub fn url_safe<const N: usize>(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// A uniform number below `bound` (at least 1), by rejection sampling.
    pub fn below(&self, bound: u32) -> u32 {
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let number = u32::from_le_bytes(self.bytes());
            if number < limit {
                return number % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_below_the_bound_can_come_and_none_above() {
        let random = Random::seeded(1);
        let mut seen = [false; 7];
        for _ in 0..500 {
            seen[random.below(7) as usize] = true;
        }
        assert_eq!(seen, [true; 7]);
    }

    #[test]
    fn ids_are_version_four() {
        assert_eq!(Random::System.uuid().get_version_num(), 4);
    }
}
