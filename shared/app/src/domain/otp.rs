//! The one-time passcode that proves an e-mail address.

use std::{fmt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    clock::Timestamp,
    domain::{email::EmailAddress, secret::Secret},
    random::Random,
};

/// Long enough to find the mail, short enough that a leaked one is stale (NIST SP 800-63B §5.1.3.2).
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Five guesses at six digits: one chance in two hundred thousand (OWASP ASVS 5.0, 6.6.3).
pub const ATTEMPTS: u32 = 5;
/// Six decimal digits: 20 bits (NIST SP 800-63B §5.1.3.2).
const CODES: u32 = 1_000_000;

/// The key of the passcodes' hashes; made once per installation and stored sealed.
#[derive(Clone)]
pub struct OtpKey([u8; 32]);

impl OtpKey {
    /// Wraps a key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for OtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A passcode as it is stored: everything but the code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Otp {
    /// The address that the code was sent to.
    pub email: EmailAddress,
    /// Keyed hash of the code, hexadecimal: six digits are guessable from a plain one.
    pub code_mac: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// How many guesses were counted, right or wrong.
    pub attempts: u32,
}

impl Otp {
    /// A fresh passcode for an address, and the code to mail.
    pub fn issue(
        email: &EmailAddress,
        key: &OtpKey,
        random: &Random,
        now: Timestamp,
    ) -> (Otp, Secret) {
        let code = format!("{:06}", random.below(CODES));
        let otp = Otp {
            email: email.clone(),
            code_mac: hex::encode(mac(email, now, &code, key)),
            created_at: now,
            expires_at: now + LIFETIME,
            attempts: 0,
        };
        (otp, Secret::new(code))
    }

    /// Whether this is the code, compared in constant time. Says nothing about expiry or attempts.
    pub fn accepts(&self, code: &str, key: &OtpKey) -> bool {
        let stored = hex::decode(&self.code_mac).unwrap_or_default();
        mac(&self.email, self.created_at, code, key)
            .as_slice()
            .ct_eq(&stored)
            .into()
    }

    /// Past its ten minutes.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// All five guesses are used.
    pub fn is_max_attempts(&self) -> bool {
        self.attempts >= ATTEMPTS
    }
}

/// Address and time of issue are part of it, so that a hash cannot be carried from one passcode to another.
fn mac(email: &EmailAddress, issued: Timestamp, code: &str, key: &OtpKey) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    for part in ["passcode", email.as_str(), &issued.to_string(), code] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued() -> (Otp, Secret, OtpKey) {
        let key = OtpKey::new([7; 32]);
        let email = EmailAddress::parse("ana@example.com").unwrap();
        let (otp, code) = Otp::issue(&email, &key, &Random::seeded(3), Timestamp::from_millis(0));
        (otp, code, key)
    }

    #[test]
    fn only_the_code_and_only_under_the_key_is_accepted() {
        let (otp, code, key) = issued();
        assert!(otp.accepts(code.reveal(), &key));
        assert!(!otp.accepts(code.reveal(), &OtpKey::new([8; 32])));
        for wrong in ["", "000000", "0", "١٢٣٤٥٦", &format!("{} ", code.reveal())] {
            assert!(!otp.accepts(wrong, &key), "{wrong:?}");
        }
    }

    #[test]
    fn the_code_is_six_digits_and_not_in_what_is_stored() {
        let (otp, code, _) = issued();
        assert!(code.reveal().len() == 6 && code.reveal().bytes().all(|b| b.is_ascii_digit()));
        assert!(!serde_json::to_string(&otp).unwrap().contains(code.reveal()));
        assert_eq!(format!("{code:?}"), "[secret]");
    }

    #[test]
    fn it_expires_at_the_tenth_minute() {
        let (otp, ..) = issued();
        assert!(!otp.is_expired(Timestamp::from_millis(599_999)));
        assert!(otp.is_expired(Timestamp::from_millis(600_000)));
    }
}
