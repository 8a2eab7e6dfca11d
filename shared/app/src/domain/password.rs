//! Passwords: the rule, and the hash.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, domain::secret::Secret, random::Random};

/// Longer ones are refused: hashing must not become a way to load the server (OWASP Password Storage cheat sheet).
const LONGEST: usize = 256;
/// argon2id with 19 MiB, two passes and one lane (OWASP Password Storage cheat sheet).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The most used passwords that the rule would let through (OWASP ASVS 2.1.7).
const COMMON: [&str; 40] = [
    "password1",
    "password12",
    "password123",
    "password1234",
    "password!",
    "password1!",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword1",
    "qwerty12",
    "qwerty123",
    "qwerty1234",
    "qwertyuiop1",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "q1w2e3r4",
    "zaq12wsx",
    "abc12345",
    "abcd1234",
    "abc123456",
    "a1234567",
    "a12345678",
    "aa123456",
    "123456789a",
    "1234567a",
    "12345678a",
    "iloveyou1",
    "welcome1",
    "welcome123",
    "welcome1!",
    "letmein1",
    "letmein123",
    "admin123",
    "admin1234",
    "changeme1",
    "changeme123",
    "football1",
    "sunshine1",
    "princess1",
];

/// A password that keeps the rule.
#[derive(Debug, Clone)]
pub struct Password(Secret);

impl Password {
    /// At least 8 and at most 256 characters; an ASCII letter; a digit, an underscore or a character that is no
    /// letter; not one of the most common (reference 01 §1.3).
    ///
    /// # Errors
    /// `Invalid` when the rule is broken.
    pub fn new(secret: Secret) -> Result<Self> {
        let text = secret.reveal();
        let length = text.chars().count();
        let letter = text.chars().any(|c| c.is_ascii_alphabetic());
        let other = text.chars().any(|c| !c.is_ascii_alphabetic());
        if !(8..=LONGEST).contains(&length) || !letter || !other {
            return Err(Error::invalid(
                "A password needs 8 to 256 characters, among them a letter and a digit or symbol",
            ));
        }
        if COMMON.contains(&text.to_lowercase().as_str()) {
            return Err(Error::invalid(
                "This password is one of the most common, choose another",
            ));
        }
        Ok(Self(secret))
    }

    /// The hash to store; slow on purpose, so never on an async thread.
    ///
    /// # Errors
    /// `Internal` when the library refuses its own parameters.
    pub fn hash(&self, random: &Random, memory: &mut HashMemory) -> Result<PasswordHash> {
        let hash = memory.phc(self.0.reveal(), &random.bytes::<16>());
        let hash =
            hash.map_err(|error| Error::Internal(anyhow::anyhow!("hashing a password: {error}")))?;
        Ok(PasswordHash(hash.to_string()))
    }
}

/// The memory of the hash function, to be used again. Freed and asked for again, blocks of this size and alignment tear
/// the allocator's heap apart: half a gigabyte stayed with the process after a hundred sign-ins.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl HashMemory {
    fn stretch(
        &mut self,
        password: &str,
        salt: &[u8],
        params: Params,
        output: &mut [u8],
    ) -> argon2::Result<()> {
        self.0.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut self.0)
    }

    fn phc(
        &mut self,
        password: &str,
        salt: &[u8],
    ) -> argon2::password_hash::Result<phc::PasswordHash> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        self.stretch(password, salt, params.clone(), &mut output)?;
        Ok(phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into()?,
            salt: Some(phc::Salt::new(salt)?),
            hash: Some(phc::Output::new(&output)?),
        })
    }

    /// Whether a stored hash is this password's; outputs compare in constant time.
    fn is(&mut self, password: &str, stored: &phc::PasswordHash) -> bool {
        let (Some(salt), Some(hash), Ok(params)) = (&stored.salt, &stored.hash, stored.try_into())
        else {
            return false;
        };
        let mut output = vec![0; hash.len()];
        stored.algorithm == Algorithm::Argon2id.ident()
            && self.stretch(password, salt, params, &mut output).is_ok()
            && phc::Output::new(&output).is_ok_and(|output| output == *hash)
    }
}

/// A hash of nothing anybody knows, under the parameters above.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$8c0rvD6DdZ4c6KJSbdJyS2Yxrk1f8u0A4cX1rGQq0yU";

/// A stored password hash, in PHC string form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Whether this is the password; slow on purpose. Without a hash it takes the same time and says no, so that
    /// time does not tell whether an account exists.
    pub fn verify(hash: Option<&PasswordHash>, password: &Secret, memory: &mut HashMemory) -> bool {
        let text = password.reveal();
        if text.chars().count() > LONGEST {
            return false;
        }
        let stored = hash.map_or(NOBODY, |hash| hash.0.as_str());
        let matches = phc::PasswordHash::new(stored).is_ok_and(|stored| memory.is(text, &stored));
        hash.is_some() && matches
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> bool {
        Password::new(Secret::new(text.into())).is_ok()
    }

    #[test]
    fn the_rule_is_eight_characters_a_letter_and_something_else() {
        for good in [
            "correct-horse",
            "abcdefg1",
            "abcdefg_",
            "pässwort-mit",
            "a       ",
        ] {
            assert!(rule(good), "{good:?}");
        }
        for bad in [
            "",
            "abcdef1",
            "abcdefgh",
            "12345678",
            "Password1",
            &"a1".repeat(129),
        ] {
            assert!(!rule(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_hash_knows_its_password_and_shows_nothing() {
        let mut memory = HashMemory::default();
        let secret = Secret::new("correct-horse-1".into());
        let password = Password::new(secret.clone()).unwrap();
        let hash = password.hash(&Random::seeded(1), &mut memory).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(PasswordHash::verify(Some(&hash), &secret, &mut memory));
        let other = Secret::new("correct-horse-2".into());
        assert!(!PasswordHash::verify(Some(&hash), &other, &mut memory));
        assert!(!PasswordHash::verify(None, &secret, &mut memory));
        assert_eq!(format!("{hash:?} {secret:?}"), "[secret] [secret]");
    }

    #[test]
    fn memory_that_was_used_before_changes_nothing() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut memory = HashMemory::default();
        for (password, salt) in [("first-1", [1; 16]), ("second-2", [2; 16])] {
            let ours = memory.phc(password, &salt).unwrap();
            let theirs = library.hash_password_with_salt(password.as_bytes(), &salt);
            assert_eq!(ours, theirs.unwrap());
            assert!(memory.is(password, &ours) && !memory.is("third-3", &ours));
            assert!(library.verify_password(password.as_bytes(), &ours).is_ok());
        }
    }

    #[test]
    fn the_hash_for_nobody_costs_what_a_real_one_costs() {
        // It has to parse, or an unknown address would answer at once.
        let parsed = phc::PasswordHash::new(NOBODY).unwrap();
        assert!(!HashMemory::default().is("x", &parsed));
        assert_eq!(Params::try_from(&parsed).unwrap().m_cost(), MEMORY_KIB);
    }
}
