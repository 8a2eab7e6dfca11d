//! A store of objects that is a part of another one: it reads below a prefix, and does not tell where that is.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, future};
use object_store::aws::AmazonS3;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};
use object_store::path::Path;
use object_store::{
    ClientOptions, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use super::projects::Seen;

/// How long one answer, or the next piece of one, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const GONE: &str = "a file is not there any more";

/// Why the store did not answer, for whoever asked. What S3 says has keys and addresses in it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreachable(&'static str);

impl Unreachable {
    pub(super) fn error(reason: &'static str) -> Error {
        Error::Generic {
            store: "S3",
            source: Box::new(Self(reason)),
        }
    }
}

/// Whether an error comes from a store that did not answer, and why it did not.
pub(super) fn unreachable(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    found(error).map(ToString::to_string)
}

fn found<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Unreachable> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<Unreachable>())
}

/// Tells refusals apart by the status of an answer, which the error of a listing does not give.
#[derive(Debug)]
pub(super) struct ByStatus;

impl HttpConnector for ByStatus {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Answers(client)))
    }
}

#[derive(Debug)]
struct Answers(HttpClient);

#[async_trait]
impl HttpService for Answers {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query();
        let is_listing = query.is_some_and(|query| query.contains("list-type="));
        let answer = self.0.execute(request).await?;
        match refusal(answer.status().as_u16(), is_listing) {
            // Of a kind that is not tried again.
            Some(reason) => Err(HttpError::new(HttpErrorKind::Unknown, Unreachable(reason))),
            None => Ok(answer),
        }
    }
}

/// Why this answer is none, if that does not depend on which file was asked for.
fn refusal(status: u16, is_listing: bool) -> Option<&'static str> {
    match status {
        301 | 302 | 303 | 307 | 308 => Some("the bucket with the files is in another region"),
        401 | 403 => Some("the bucket with the files refuses the credentials"),
        404 if is_listing => Some("there is no bucket with the files"),
        _ => None,
    }
}

pub(super) struct Own {
    s3: AmazonS3,
    prefix: Path,
    /// The size, time and tag of each file when they were listed, by its name.
    listed: HashMap<String, (u64, Option<SystemTime>, Option<String>)>,
    /// Whether a file is not as it was listed.
    is_outdated: Arc<AtomicBool>,
}

impl Own {
    /// A store of files that were seen.
    pub(super) fn new(
        s3: AmazonS3,
        prefix: Path,
        seen: &Seen,
        is_outdated: Arc<AtomicBool>,
    ) -> Self {
        let listed = seen.iter().filter_map(|(name, size, changed, tag)| {
            let name = name.to_str()?.to_owned();
            Some((name, (*size, *changed, tag.clone())))
        });
        Self {
            s3,
            prefix,
            listed: listed.collect(),
            is_outdated,
        }
    }

    /// The engine takes a file that is not found for one without rows, and one that changed for one with the columns that it had.
    fn outdated(&self, reason: &'static str) -> Error {
        self.is_outdated.store(true, Ordering::Relaxed);
        Unreachable::error(reason)
    }

    fn is_as_listed(&self, location: &Path, about: &ObjectMeta) -> bool {
        let name: &str = location.as_ref();
        self.listed.get(name).is_none_or(|(size, changed, tag)| {
            let is_tagged_so = tag.is_some() && *tag == about.e_tag;
            // Not every store has the same tag in a list, or the same fractions of a second.
            let now = seconds(SystemTime::from(about.last_modified));
            is_tagged_so || (*size == about.size && changed.map(seconds) == Some(now))
        })
    }

    /// Where something is in the whole. A path has no way up.
    fn whole(&self, location: &Path) -> Path {
        self.prefix.parts().chain(location.parts()).collect()
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the files of the project")
    }
}

#[async_trait]
impl ObjectStore for Own {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let whole = self.whole(location);
        let found = answered(async {
            let found = self.s3.get_opts(&whole, options).await;
            found.map_err(|error| match error {
                Error::NotFound { .. } => self.outdated(GONE),
                other => other,
            })
        });
        let found = found.await?;
        if !self.is_as_listed(location, &found.meta) {
            return Err(self.outdated("a file has changed since the files were listed"));
        }
        Ok(GetResult {
            payload: match found.payload {
                GetResultPayload::Stream(pieces) => GetResultPayload::Stream(patient(pieces)),
                file => file,
            },
            meta: ObjectMeta {
                location: location.clone(),
                ..found.meta
            },
            range: found.range,
            attributes: found.attributes,
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let whole = self.whole(prefix.unwrap_or(&Path::default()));
        let own = self.prefix.clone();
        patient(self.s3.list(Some(&whole)))
            .filter_map(move |found| {
                let found = match found {
                    Ok(about) => within(&own, about).map(Ok),
                    Err(error) => Some(Err(error)),
                };
                future::ready(found)
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let whole = self.whole(prefix.unwrap_or(&Path::default()));
        let found = answered(self.s3.list_with_delimiter(Some(&whole))).await?;
        let objects = found.objects.into_iter();
        let folders = found.common_prefixes.iter();
        Ok(ListResult {
            common_prefixes: folders.filter_map(|one| inner(&self.prefix, one)).collect(),
            objects: objects
                .filter_map(|about| within(&self.prefix, about))
                .collect(),
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(only_read())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(only_read())
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::iter([Err(only_read())]).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(only_read())
    }
}

fn only_read() -> Error {
    Error::NotSupported {
        source: "files are only read".into(),
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The part of a path that is below a prefix.
fn inner(prefix: &Path, path: &Path) -> Option<Path> {
    Some(path.prefix_match(prefix)?.collect())
}

fn within(prefix: &Path, about: ObjectMeta) -> Option<ObjectMeta> {
    let location = inner(prefix, &about.location)?;
    Some(ObjectMeta { location, ..about })
}

async fn answered<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(result) => result.map_err(quiet),
        Err(_) => Err(late()),
    }
}

/// Pieces, each of which must come in time.
fn patient<T: Send + 'static>(
    pieces: BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(PATIENCE, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(quiet(error)), None)),
            Ok(None) => None,
            Err(_) => Some((Err(late()), None)),
        }
    })
    .boxed()
}

fn late() -> Error {
    Unreachable::error("the bucket with the files did not answer within 10 seconds")
}

/// The error without what S3 said.
fn quiet(error: Error) -> Error {
    if let Some(&Unreachable(reason)) = found(&error) {
        // What is around it may tell an address.
        return Unreachable::error(reason);
    }
    Unreachable::error(match error {
        Error::NotFound { .. } => GONE,
        Error::InvalidPath { .. } => "the bucket has a file whose name cannot be used",
        _ => "the bucket with the files does not answer",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another crate puts around an error.
    #[derive(Debug, thiserror::Error)]
    #[error("Error performing GET http://AKIA: {0}")]
    struct Around(#[source] HttpError);

    #[test]
    fn what_s3_said_is_not_repeated() {
        let refused = |status| -> Box<dyn std::error::Error + Send + Sync> {
            let reason = Unreachable(refusal(status, true).unwrap());
            Box::new(Around(HttpError::new(HttpErrorKind::Unknown, reason)))
        };
        let said: Box<dyn std::error::Error + Send + Sync> = "connection of AKIA refused".into();
        for (source, reason) in [
            (refused(403), "refuses the credentials"),
            (refused(404), "there is no bucket"),
            (refused(301), "another region"),
            (said, "does not answer"),
        ] {
            let error = quiet(Error::Generic {
                store: "S3",
                source,
            });
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(reason) && !shown.contains("AKIA"), "{shown}");
            let outer = datafusion::error::DataFusionError::from(error);
            assert!(unreachable(&outer).unwrap().contains(reason));
        }
    }

    #[test]
    fn an_answer_about_one_file_is_no_refusal() {
        for status in [200, 206, 304, 404, 412, 416, 500, 503] {
            assert_eq!(refusal(status, false), None, "{status}");
        }
        assert_eq!(refusal(401, false), refusal(403, true));
    }

    #[test]
    fn paths_stay_below_the_prefix() {
        let prefix = Path::from("all/project-1");
        let below = |path: &str| inner(&prefix, &Path::from(path)).map(String::from);
        assert_eq!(below("all/project-1/a.csv").as_deref(), Some("a.csv"));
        assert_eq!(below("all/project-1").as_deref(), Some(""));
        assert_eq!(below("all/project-10/a.csv"), None);
        assert_eq!(below("all/a.csv"), None);
    }
}
