//! The files of projects in S3: below the prefix of all, each project has one of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use datafusion::datasource::listing::ListingTableUrl;
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::path::Path;
use object_store::{ClientOptions, CredentialProvider, ObjectStore, RetryConfig};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::files::{self, File};
use super::own::{ByStatus, Own, Unreachable, unreachable};
use super::projects::Seen;
use crate::{Error, Result};

/// Where a project's engine knows its files to be. What is before them it does not know.
const FILES: &str = "project://files";
/// How long credentials are used before they are asked for again; those of AWS end some minutes after there are newer ones.
const KEPT: Duration = Duration::from_secs(60);
/// How long a list of files is used before it is asked for again: a file that comes is seen so much later.
const LISTED: Duration = Duration::from_secs(3);

/// A bucket, and how it is asked.
pub(super) struct Bucket {
    name: String,
    prefix: Path,
    endpoint: Option<String>,
    region: String,
    keys: Arc<Keys>,
}

impl Bucket {
    /// The bucket of `s3://bucket/prefix`. Nothing is sent yet.
    pub(super) fn new(
        location: &str,
        endpoint: Option<&str>,
        settings: &SdkConfig,
    ) -> Result<Self> {
        let (name, prefix) = parsed(location).ok_or_else(|| {
            let message = "the place of the warehouse is not one like s3://bucket/prefix";
            Error::Connection(message.to_owned())
        })?;
        let endpoint = endpoint.or(settings.endpoint_url());
        if !endpoint.is_none_or(is_endpoint) {
            let message = "the endpoint of S3 is not an address like https://s3.example.com";
            return Err(Error::Connection(message.to_owned()));
        }
        let region = settings.region().map_or("us-east-1", AsRef::as_ref);
        if region.is_empty() || !region.bytes().all(is_plain) {
            let message = format!("\"{region}\" is not a region of AWS");
            return Err(Error::Connection(message));
        }
        let provider = settings.credentials_provider().ok_or_else(no_credentials)?;
        Ok(Self {
            name,
            prefix,
            endpoint: endpoint.map(str::to_owned),
            region: region.to_owned(),
            keys: Arc::new(Keys {
                provider,
                kept: Mutex::default(),
            }),
        })
    }

    /// A way to the files of one project and no others. Its connections live where they were made, so each engine has its own.
    fn own(&self, project: &str, seen: &Seen, is_outdated: &Arc<AtomicBool>) -> Result<Own> {
        let insecure = self
            .endpoint
            .as_deref()
            .is_some_and(|endpoint| endpoint.starts_with("http:"));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_credentials(self.keys.clone())
            .with_http_connector(ByStatus)
            .with_client_options(ClientOptions::new().with_allow_http(insecure))
            .with_retry(RetryConfig {
                max_retries: 2,
                retry_timeout: Duration::from_secs(5),
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let s3 = builder.build().map_err(|_| {
            Error::Connection("the bucket with the files cannot be used".to_owned())
        })?;
        let prefix = self.prefix.clone().join(project);
        Ok(Own::new(s3, prefix, seen, Arc::clone(is_outdated)))
    }
}

/// The files of one project.
pub(super) struct Shelf {
    bucket: Arc<Bucket>,
    project: String,
    own: Own,
    /// The last list, and since when it is known.
    listed: SyncMutex<Option<(Instant, Seen)>>,
    /// Whether somebody found a file otherwise than it was listed.
    is_outdated: Arc<AtomicBool>,
}

impl Shelf {
    pub(super) fn new(bucket: &Arc<Bucket>, project: &str) -> Result<Self> {
        let is_outdated = Arc::default();
        Ok(Self {
            bucket: Arc::clone(bucket),
            project: project.to_owned(),
            own: bucket.own(project, &Seen::new(), &is_outdated)?,
            listed: SyncMutex::default(),
            is_outdated,
        })
    }

    /// Whether a file that was read is gone, or not as it was listed. The next query has the files listed anew.
    pub(super) fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed)
    }

    /// What is there, without what is in folders. A file that came in the last seconds may be missing; one that went or changed in
    /// them may be there as it was, which is an error for who reads it.
    pub(super) async fn seen(&self) -> Result<Seen> {
        if self.is_outdated.swap(false, Ordering::Relaxed) {
            *self.known() = None;
        }
        let known = self.known().clone();
        if let Some((since, seen)) = known
            && since.elapsed() < LISTED
        {
            return Ok(seen);
        }
        // From before: what comes while the files are listed may be missing.
        let since = Instant::now();
        let seen = self.list().await?;
        *self.known() = Some((since, seen.clone()));
        Ok(seen)
    }

    fn known(&self) -> MutexGuard<'_, Option<(Instant, Seen)>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn list(&self) -> Result<Seen> {
        let found = self.own.list_with_delimiter(None).await;
        let found = found.map_err(|error| {
            Error::Connection(unreachable(&error).unwrap_or_else(|| error.to_string()))
        })?;
        let mut seen: Seen = found
            .objects
            .into_iter()
            .filter_map(|about| {
                let name = PathBuf::from(about.location.filename()?);
                let changed = SystemTime::from(about.last_modified);
                Some((name, about.size, Some(changed), about.e_tag))
            })
            .collect();
        seen.sort();
        Ok(seen)
    }

    /// Those that can be tables, and where an engine finds them.
    pub(super) fn files(&self, seen: &Seen) -> Result<(Vec<File>, Url, Arc<dyn ObjectStore>)> {
        let place = Url::parse(FILES).map_err(|error| Error::Engine(error.to_string()))?;
        let files = seen.iter().filter_map(|(name, ..)| {
            let url = at(&place, name.to_str()?)?;
            files::file(name.clone(), Some(url))
        });
        let own = self.bucket.own(&self.project, seen, &self.is_outdated)?;
        Ok((files.collect(), place.clone(), Arc::new(own)))
    }
}

fn at(place: &Url, name: &str) -> Option<ListingTableUrl> {
    let mut url = place.clone();
    url.path_segments_mut().ok()?.push(name);
    ListingTableUrl::try_new(url, None).ok()
}

/// The bucket and the prefix.
fn parsed(location: &str) -> Option<(String, Path)> {
    let rest = location.strip_prefix("s3://")?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || byte == b'.')
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    is_name.then_some(())?;
    Some((name.to_owned(), Path::parse(prefix).ok()?))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Whether this is an address, without a login in it.
fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let nobody = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && nobody
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

fn no_credentials() -> Error {
    Error::Connection("no credentials of AWS were found".to_owned())
}

/// The credentials that AWS's SDK finds.
struct Keys {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<(Instant, Arc<AwsCredential>)>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[async_trait]
impl CredentialProvider for Keys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        if let Some((since, credential)) = &*kept
            && since.elapsed() < KEPT
        {
            return Ok(Arc::clone(credential));
        }
        // What the SDK says may quote a profile or the answer of a service.
        let found = self.provider.provide_credentials().await;
        let found = found.map_err(|_| Unreachable::error("no credentials of AWS were found"))?;
        let credential = Arc::new(credential(&found)?);
        *kept = Some((Instant::now(), Arc::clone(&credential)));
        Ok(credential)
    }
}

fn credential(found: &Credentials) -> object_store::Result<AwsCredential> {
    let (key_id, token) = (found.access_key_id(), found.session_token());
    // They are sent in headers.
    let can_be_sent =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !can_be_sent(key_id) || !token.is_none_or(can_be_sent) {
        return Err(Unreachable::error("the credentials of AWS are none"));
    }
    Ok(AwsCredential {
        key_id: key_id.to_owned(),
        secret_key: found.secret_access_key().to_owned(),
        token: token.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_bucket_and_a_prefix() {
        let of = |text| parsed(text).map(|(name, prefix)| format!("{name} {prefix}"));
        assert_eq!(of("s3://my-bucket").as_deref(), Some("my-bucket "));
        assert_eq!(of("s3://my.bucket/").as_deref(), Some("my.bucket "));
        assert_eq!(of("s3://bucket/a/b/").as_deref(), Some("bucket a/b"));
        for wrong in [
            "bucket/a",
            "s3:/bucket",
            "s3://",
            "s3://a",
            "s3://Bucket/a",
            "s3://-bucket",
            "s3://bucket/../a",
            "s3://bucket/a//b",
            "https://bucket/a",
            "s3://key:secret@bucket/a",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_endpoint_is_an_address_without_a_login() {
        assert!(is_endpoint("http://127.0.0.1:9000"));
        assert!(is_endpoint("https://s3.example.com/"));
        for wrong in [
            "s3.example.com",
            "file:///a",
            "https://a:b@c",
            "http://a?b",
            "",
        ] {
            assert!(!is_endpoint(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_what_fits_into_a_header_is_a_credential() {
        let of = |key: &str, token: Option<&str>| {
            credential(&Credentials::new(
                key,
                "secret",
                token.map(str::to_owned),
                None,
                "test",
            ))
        };
        assert_eq!(of("AKIA", Some("t")).unwrap().key_id, "AKIA");
        for (key, token) in [("", None), ("AKIA\n", None), ("AKIA", Some("é"))] {
            let said = of(key, token).unwrap_err().to_string();
            assert!(!said.contains("AKIA") && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn files_keep_their_names() {
        let place = Url::parse(FILES).unwrap();
        for name in ["a.csv", "a b.csv", "ä?#%41&*.json", "a:b.csv"] {
            let url = at(&place, name).unwrap();
            assert_eq!(url.prefix().as_ref(), name);
            assert_eq!(url.object_store().as_str(), "project://files/");
        }
    }
}
