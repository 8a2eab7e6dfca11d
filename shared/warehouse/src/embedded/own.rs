//! A store of objects that is a part of another one: it reads below a prefix, and does not tell where that is.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, future};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How long one answer, or the next piece of one, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

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
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<Unreachable>())
        .map(ToString::to_string)
}

pub(super) struct Own {
    s3: AmazonS3,
    prefix: Path,
}

impl Own {
    pub(super) fn new(s3: AmazonS3, prefix: Path) -> Self {
        Self { s3, prefix }
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
        let found = answered(self.s3.get_opts(&whole, options)).await?;
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
    if unreachable(&error).is_some() {
        return error;
    }
    match error {
        Error::NotFound { .. } => Error::NotFound {
            path: String::new(),
            source: Box::new(Unreachable("a file is not there any more")),
        },
        Error::InvalidPath { .. } => {
            Unreachable::error("the bucket has a file whose name cannot be used")
        }
        other => Unreachable::error(reason(&other)),
    }
}

fn reason(error: &Error) -> &'static str {
    // A listing tells the status of its answer in words only.
    let said = error.to_string();
    let has_status = |status: &str| said.contains(&format!("status code: {status}"));
    if has_status("401") || has_status("403") {
        "the bucket with the files refuses the credentials"
    } else if has_status("404") {
        "there is no bucket with the files"
    } else if has_status("301") || has_status("307") || said.contains("Received redirect") {
        "the bucket with the files is in another region"
    } else {
        "the bucket with the files does not answer"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_s3_said_is_not_repeated() {
        for (said, reason) in [
            (
                "Server returned non-2xx status code: 403 Forbidden: <AWSAccessKeyId>AKIA</AWSAccessKeyId>",
                "refuses the credentials",
            ),
            (
                "status code: 404 Not Found: NoSuchBucket AKIA",
                "there is no bucket",
            ),
            ("Received redirect without LOCATION AKIA", "another region"),
            (
                "error sending request for url (http://AKIA)",
                "does not answer",
            ),
        ] {
            let error = quiet(Error::Generic {
                store: "S3",
                source: said.into(),
            });
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(reason) && !shown.contains("AKIA"), "{shown}");
            let outer = datafusion::error::DataFusionError::from(error);
            assert!(unreachable(&outer).unwrap().contains(reason));
        }
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
