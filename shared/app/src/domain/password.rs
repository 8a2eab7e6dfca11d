//! Passwords: the rule, and the hash.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc,
};
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
    pub fn hash(&self, random: &Random) -> Result<PasswordHash> {
        let salt = random.bytes::<16>();
        let hash = hasher()
            .hash_password_with_salt(self.0.reveal().as_bytes(), &salt)
            .map_err(|error| Error::Internal(anyhow::anyhow!("hashing a password: {error}")))?;
        Ok(PasswordHash(hash.to_string()))
    }
}

/// A stored password hash, in PHC string form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Whether this is the password; slow on purpose. Without a hash it takes the same time and says no, so that
    /// time does not tell whether an account exists.
    pub fn verify(hash: Option<&PasswordHash>, password: &Secret) -> bool {
        // A hash of nothing anybody knows, under the parameters above.
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$8c0rvD6DdZ4c6KJSbdJyS2Yxrk1f8u0A4cX1rGQq0yU";
        let text = password.reveal();
        if text.chars().count() > LONGEST {
            return false;
        }
        let stored = hash.map_or(NOBODY, |hash| hash.0.as_str());
        let matches = phc::PasswordHash::new(stored)
            .is_ok_and(|stored| hasher().verify_password(text.as_bytes(), &stored).is_ok());
        hash.is_some() && matches
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

fn hasher() -> Argon2<'static> {
    #[expect(
        clippy::expect_used,
        reason = "constants within the library's bounds, used by every test that registers"
    )]
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
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
        let secret = Secret::new("correct-horse-1".into());
        let hash = Password::new(secret.clone())
            .unwrap()
            .hash(&Random::seeded(1))
            .unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(PasswordHash::verify(Some(&hash), &secret));
        assert!(!PasswordHash::verify(
            Some(&hash),
            &Secret::new("correct-horse-2".into())
        ));
        assert!(!PasswordHash::verify(None, &secret));
        assert_eq!(format!("{hash:?} {secret:?}"), "[secret] [secret]");
    }

    #[test]
    fn the_hash_for_nobody_costs_what_a_real_one_costs() {
        // It has to parse, or an unknown address would answer at once.
        let text = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$8c0rvD6DdZ4c6KJSbdJyS2Yxrk1f8u0A4cX1rGQq0yU";
        let parsed = phc::PasswordHash::new(text).unwrap();
        assert!(hasher().verify_password(b"x", &parsed).is_err());
        assert_eq!(Params::try_from(&parsed).unwrap().m_cost(), MEMORY_KIB);
    }
}
