//! The outside world, built once at start.

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "seal")]
use tokio::sync::OnceCell;
use tokio::sync::Semaphore;

#[cfg(feature = "files")]
use crate::files::Files;
#[cfg(feature = "mail")]
use crate::mail::Mailer;
use crate::{
    Error, Result,
    clock::Clock,
    config::Config,
    domain::{
        password::{HashMemory, Password, PasswordHash},
        secret::Secret,
    },
    random::Random,
    store::Store,
};
#[cfg(feature = "seal")]
use crate::{domain::otp::OtpKey, seal::Sealer, store::InstanceKeys};

/// How many passwords are hashed at once: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 2;

/// Where passwords are hashed: a slot and a memory for each at once.
struct Hashing {
    slots: Arc<Semaphore>,
    spare: Mutex<Vec<HashMemory>>,
}

/// Everything a handler reaches the outside world through.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub store: Store,
    #[cfg(feature = "mail")]
    pub mail: Mailer,
    #[cfg(feature = "seal")]
    pub seal: Sealer,
    #[cfg(feature = "files")]
    pub files: Files,
    #[cfg(feature = "warehouse")]
    pub warehouses: warehouse::Warehouses,
    pub clock: Clock,
    pub random: Random,
    hashing: Arc<Hashing>,
    #[cfg(feature = "seal")]
    otp_key: Arc<OnceCell<OtpKey>>,
}

impl App {
    /// An app over a given table, with what the configuration says for the rest.
    ///
    /// # Errors
    /// `Internal` when a local key file or folder cannot be made.
    pub async fn with(config: Config, store: Store, clock: Clock, random: Random) -> Result<Self> {
        #[cfg(any(feature = "files", feature = "mail", feature = "seal"))]
        let sdk = tokio::sync::OnceCell::new();
        Ok(Self {
            #[cfg(feature = "mail")]
            mail: Mailer::new(&config.mail, &clock, &random, async || {
                sdk.get_or_init(sdk_config).await.clone()
            })
            .await?,
            #[cfg(feature = "seal")]
            seal: match &config.seal {
                crate::config::SealConfig::Kms(key) => Sealer::Kms {
                    client: kms(sdk.get_or_init(sdk_config).await),
                    key: key.as_str().into(),
                },
                crate::config::SealConfig::KeyFile(path) => Sealer::key_file(path, &random)?,
                crate::config::SealConfig::None => Sealer::None,
            },
            #[cfg(feature = "seal")]
            otp_key: Arc::default(),
            #[cfg(feature = "files")]
            files: match &config.files {
                crate::config::FilesConfig::Bucket(bucket) => Files::Bucket {
                    client: s3(sdk.get_or_init(sdk_config).await),
                    bucket: bucket.as_str().into(),
                },
                crate::config::FilesConfig::Folder(path) => {
                    Files::folder(path, &config.site_url, &random)?
                }
                crate::config::FilesConfig::None => Files::None,
            },
            #[cfg(feature = "warehouse")]
            warehouses: warehouse::Warehouses::new(if config.private_warehouses {
                warehouse::Hosts::Any
            } else {
                warehouse::Hosts::Public
            }),
            hashing: Arc::new(Hashing {
                slots: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
                spare: Mutex::default(),
            }),
            config: Arc::new(config),
            store,
            clock,
            random,
        })
    }

    /// The app that the environment describes.
    ///
    /// # Errors
    /// `Internal` when the environment cannot be used.
    pub async fn from_env() -> Result<Self> {
        let config =
            Config::from_env().map_err(|sentence| Error::Internal(anyhow::anyhow!(sentence)))?;
        let store = Store::new(
            dynamodb(&sdk_config().await, config.dynamodb_endpoint.as_deref()),
            &config.table,
            Random::System,
        );
        Self::with(config, store, Clock::System, Random::System).await
    }

    /// The same app over another way to its table.
    #[must_use]
    pub fn over(&self, store: Store) -> Self {
        let mut app = self.clone();
        app.store = store;
        #[cfg(feature = "seal")]
        {
            app.otp_key = Arc::default();
        }
        app
    }

    /// Hashes a password beside the async threads.
    ///
    /// # Errors
    /// `Internal` when the process is stopping.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash> {
        let random = self.random.clone();
        self.slowly(move |memory| password.hash(&random, memory))
            .await?
    }

    /// Whether this is the password, beside the async threads; takes as long without a hash.
    ///
    /// # Errors
    /// `Internal` when the process is stopping.
    pub async fn verify(&self, hash: Option<PasswordHash>, password: Secret) -> Result<bool> {
        self.slowly(move |memory| PasswordHash::verify(hash.as_ref(), &password, memory))
            .await
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T> {
        let hashing = self.hashing.clone();
        let slot = hashing
            .slots
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| Error::Internal(error.into()))?;
        let done = tokio::task::spawn_blocking(move || {
            // Kept until the work is done, also when the caller has gone.
            let _slot = slot;
            let spare = || hashing.spare.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = spare().pop().unwrap_or_default();
            let made = work(&mut memory);
            spare().push(memory);
            made
        });
        done.await.map_err(|error| Error::Internal(error.into()))
    }

    /// The key of the passcodes' hashes: made once per installation, sealed in the table, opened on first use.
    ///
    /// # Errors
    /// `Unavailable` when the table or the key service does not answer.
    #[cfg(feature = "seal")]
    pub async fn otp_key(&self) -> Result<OtpKey> {
        const CONTEXT: &crate::seal::Context<'_> = &[("instance", "otp")];
        let load = async || {
            if let Some(keys) = self.store.instance_keys().await? {
                return open_key(&self.seal.open(&keys.otp, CONTEXT).await?);
            }
            let fresh = self.random.bytes::<32>();
            let made = InstanceKeys {
                otp: self.seal.seal(&fresh, CONTEXT).await?,
            };
            if self.store.put_instance_keys(&made).await? {
                return Ok(OtpKey::new(fresh));
            }
            let keys = self.store.instance_keys().await?;
            let keys = keys.ok_or_else(|| {
                Error::Internal(anyhow::anyhow!("the installation's keys are gone"))
            })?;
            open_key(&self.seal.open(&keys.otp, CONTEXT).await?)
        };
        self.otp_key.get_or_try_init(load).await.cloned()
    }
}

#[cfg(feature = "seal")]
fn open_key(bytes: &[u8]) -> Result<OtpKey> {
    let bytes = bytes
        .try_into()
        .map_err(|_| Error::Internal(anyhow::anyhow!("the passcode key has the wrong length")))?;
    Ok(OtpKey::new(bytes))
}

pub(crate) async fn sdk_config() -> aws_config::SdkConfig {
    use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
    use std::time::Duration;

    // A caller waits at most 30 seconds at the gateway; three tries of two seconds leave room for a handler's other calls.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(7))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50));
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}

#[expect(clippy::disallowed_methods, reason = "the clients are built here")]
fn dynamodb(sdk: &aws_config::SdkConfig, endpoint: Option<&str>) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::config::Builder::from(sdk);
    config.set_endpoint_url(
        endpoint
            .map(str::to_owned)
            .or_else(|| sdk.endpoint_url().map(str::to_owned)),
    );
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

#[cfg(feature = "files")]
#[expect(clippy::disallowed_methods, reason = "the clients are built here")]
fn s3(sdk: &aws_config::SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(sdk.into())
}

#[cfg(feature = "seal")]
#[expect(clippy::disallowed_methods, reason = "the clients are built here")]
fn kms(sdk: &aws_config::SdkConfig) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(sdk.into())
}
