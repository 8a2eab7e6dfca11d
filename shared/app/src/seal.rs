//! Secrets at rest: AES-256-GCM under a KMS data key each, or under a key file on a laptop.

use std::{path::Path, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{Error, Result, domain::secret::SealedBytes};

/// What a secret belongs to; sealing and opening must name the same. KMS logs it, so it holds ids only.
pub type Context<'a> = [(&'a str, &'a str)];

/// Seals and opens.
#[derive(Clone)]
pub enum Sealer {
    /// A data key per secret, wrapped by this KMS key.
    Kms {
        client: aws_sdk_kms::Client,
        key: Arc<str>,
    },
    /// One key from a file.
    KeyFile(Arc<[u8; 32]>),
    /// Not set up: every use is an error.
    None,
}

impl Sealer {
    /// The key in a file with mode 0600, made where there is none.
    ///
    /// # Errors
    /// `Internal` when the file cannot be read or written, or is no key.
    pub fn key_file(path: &Path, random: &crate::random::Random) -> Result<Self> {
        let key = crate::key_file::read_or_make(path, random)?;
        Ok(Self::KeyFile(Arc::new(key)))
    }

    /// Seals bytes for a context.
    ///
    /// # Errors
    /// `Unavailable` when KMS does not answer, `Internal` when nothing is set up.
    pub async fn seal(&self, bytes: &[u8], context: &Context<'_>) -> Result<SealedBytes> {
        let (key, wrapped_key) = match self {
            Self::KeyFile(key) => (key.to_vec(), String::new()),
            Self::Kms { client, key } => {
                let mut call = client
                    .generate_data_key()
                    .key_id(&**key)
                    .key_spec(DataKeySpec::Aes256);
                for (name, value) in context {
                    call = call.encryption_context(*name, *value);
                }
                let made = call.send().await.map_err(unavailable)?;
                let plain = made.plaintext.ok_or_else(missing)?.into_inner();
                (
                    plain,
                    STANDARD.encode(made.ciphertext_blob.ok_or_else(missing)?.into_inner()),
                )
            }
            Self::None => return Err(not_set_up()),
        };
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| broken("a key"))?;
        let mut sealed = bytes.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(flat(context)), &mut sealed)
            .map_err(|_| broken("sealing"))?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(SealedBytes {
            wrapped_key,
            ciphertext: STANDARD.encode(whole),
        })
    }

    /// Opens what [`Self::seal`] made for the same context.
    ///
    /// # Errors
    /// `Unavailable` when KMS does not answer; `Internal` when it was sealed under another key or for another context.
    pub async fn open(&self, sealed: &SealedBytes, context: &Context<'_>) -> Result<Vec<u8>> {
        let key = match self {
            Self::KeyFile(key) => key.to_vec(),
            Self::Kms { client, key } => {
                let wrapped = STANDARD
                    .decode(&sealed.wrapped_key)
                    .map_err(|_| broken("a wrapped key"))?;
                let mut call = client
                    .decrypt()
                    .key_id(&**key)
                    .ciphertext_blob(Blob::new(wrapped));
                for (name, value) in context {
                    call = call.encryption_context(*name, *value);
                }
                call.send()
                    .await
                    .map_err(unavailable)?
                    .plaintext
                    .ok_or_else(missing)?
                    .into_inner()
            }
            Self::None => return Err(not_set_up()),
        };
        let whole = STANDARD
            .decode(&sealed.ciphertext)
            .map_err(|_| broken("a ciphertext"))?;
        let (nonce, rest) = whole
            .split_at_checked(NONCE_LEN)
            .ok_or_else(|| broken("a ciphertext"))?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| broken("a key"))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken("a nonce"))?;
        let mut bytes = rest.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::from(flat(context)), &mut bytes)
            .map_err(|_| broken("opening"))?;
        Ok(opened.to_vec())
    }
}

/// The context as associated data; lengths keep `("a", "bc")` and `("ab", "c")` apart.
fn flat(context: &Context<'_>) -> Vec<u8> {
    context
        .iter()
        .flat_map(|(name, value)| {
            format!("{}:{name}{}:{value}", name.len(), value.len()).into_bytes()
        })
        .collect()
}

fn unavailable<E: std::error::Error + Send + Sync + 'static>(error: E) -> Error {
    Error::Unavailable(anyhow::Error::new(error).context("asking the key service"))
}

fn missing() -> Error {
    Error::Internal(anyhow::anyhow!("the key service left something out"))
}

fn not_set_up() -> Error {
    Error::Internal(anyhow::anyhow!(
        "secrets need ZERODASH_KMS_KEY, or ZERODASH_KEY_FILE on a laptop"
    ))
}

fn broken(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("a sealed secret cannot be used: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[tokio::test]
    async fn what_is_sealed_for_one_opens_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::key_file(&folder.path().join("key"), &Random::System).unwrap();
        let sealed = sealer.seal(b"hunter2", &[("user", "ana")]).await.unwrap();

        assert_eq!(
            sealer.open(&sealed, &[("user", "ana")]).await.unwrap(),
            b"hunter2"
        );
        assert!(sealer.open(&sealed, &[("user", "bob")]).await.is_err());
        let other = Sealer::key_file(&folder.path().join("other"), &Random::System).unwrap();
        assert!(other.open(&sealed, &[("user", "ana")]).await.is_err());
        assert!(!serde_json::to_string(&sealed).unwrap().contains("hunter2"));
        assert_eq!(format!("{sealed:?}"), "[sealed]");
    }

    #[test]
    fn the_key_file_is_for_its_owner_only_and_stays() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let keys = [(); 2].map(
            |()| match Sealer::key_file(&path, &Random::System).unwrap() {
                Sealer::KeyFile(key) => key,
                _ => unreachable!("a key file"),
            },
        );
        assert_eq!(keys[0], keys[1]);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
