//! SSH key pairs for tunnels to warehouses. They belong to an organisation, and nobody ever sees the private half.

use std::time::Duration;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use serde::{Deserialize, Serialize};
use sha2::Digest;

use crate::{
    clock::Timestamp,
    domain::{id::OrganizationId, secret::SealedBytes},
};

/// How long an unused pair is kept (NIST SP 800-57: a key has a crypto-period).
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// A use is written down at most once in this time.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);

/// A key pair of an organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SshKey {
    pub organization: OrganizationId,
    /// `SHA256:…` of the public key, as the tools of OpenSSH show it.
    pub fingerprint: String,
    /// One line of OpenSSH's form.
    pub public_key: String,
    /// OpenSSH's private form, sealed for the organisation.
    pub sealed: SealedBytes,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl SshKey {
    /// Until when a pair is kept that is used now; `None` when that was written down lately.
    pub fn kept_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = now + KEPT;
        (until.since(self.expires_at) >= NOTED).then_some(until)
    }
}

/// The fingerprint of a public key in OpenSSH's one-line form, whatever its comment; `None` for what is none.
pub fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_ascii_whitespace();
    let (algorithm, key) = (words.next()?, words.next()?);
    let key = STANDARD.decode(key).ok()?;
    // The key says its algorithm itself, behind the length.
    let (length, rest) = key.split_first_chunk::<4>()?;
    let named = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let digest = sha2::Sha256::digest(&key);
    (named == algorithm.as_bytes()).then(|| format!("SHA256:{}", STANDARD_NO_PAD.encode(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_what_ssh_keygen_shows() {
        // The pair of RFC 8032 §7.1, test 1.
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
        let shown = fingerprint(&format!("ssh-ed25519 {key} a comment"));
        assert_eq!(shown, fingerprint(&format!("ssh-ed25519  {key}\n")));
        assert_eq!(
            shown.as_deref(),
            Some("SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8")
        );
        for wrong in [
            "",
            "ssh-ed25519",
            key,
            &format!("ssh-rsa {key}"),
            "ssh-ed25519 AAA= x",
        ] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
