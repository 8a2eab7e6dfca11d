//! Large values: the rows of queries and files that people take away. In a bucket, or in a folder on a laptop.
//!
//! Whoever has a link reads one file until the link ends. In the cloud it is a signed address of the bucket; on a laptop it
//! leads to this server, with the same promise: it names one file, and nobody can make another.

mod folder;
mod upload;

use std::{path::Path, sync::Arc, time::Duration};

use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use folder::Folder;
pub use upload::Upload;

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::id::{ProjectId, QueryId, WorkId},
    error::Kind,
    random::Random,
};

/// Bytes that are read at once from a file that is read as a whole.
pub const PIECE: u64 = 4 * 1024 * 1024;

/// The name of a file: made of ids only, so that it leads nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// The rows of a query, as one attempt wrote them.
    pub fn rows(project: ProjectId, query: QueryId, attempt: u32) -> Self {
        Self(format!("rows/{project}/{query}-{attempt}.jsonl"))
    }

    /// A file that was made of a query's rows; `format` is its ending, `tag` what tells it from others.
    pub fn export(project: ProjectId, query: QueryId, tag: &str, format: &'static str) -> Self {
        let tag: String = tag.chars().filter(char::is_ascii_alphanumeric).collect();
        Self(format!("exports/{project}/{query}-{tag}.{format}"))
    }

    /// A file that a piece of work made; `format` is its ending, `tag` what tells it from others.
    pub fn of_work(project: ProjectId, work: WorkId, tag: &str, format: &'static str) -> Self {
        let tag: String = tag.chars().filter(char::is_ascii_alphanumeric).collect();
        Self(format!("exports/{project}/{work}-{tag}.{format}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A way to one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    pub project: ProjectId,
    pub file: FileName,
    /// `Content-Disposition`, whole.
    pub disposition: String,
    pub media_type: String,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Where files are.
#[derive(Clone)]
pub enum Files {
    Bucket {
        client: aws_sdk_s3::Client,
        bucket: Arc<str>,
    },
    Folder(Arc<Folder>),
    /// Not set up: every use is an error.
    None,
}

fn nowhere() -> Error {
    Error::Internal(anyhow::anyhow!("this function has no files"))
}

fn failed(what: &'static str, error: impl Into<anyhow::Error>) -> Error {
    Error::Unavailable(error.into().context(what))
}

impl Files {
    /// A folder, made where there is none; links lead to the site.
    ///
    /// # Errors
    /// `Internal` when it cannot be made.
    pub fn folder(path: &Path, site_url: &str, random: &Random) -> Result<Self> {
        Ok(Self::Folder(Arc::new(Folder::open(
            path, site_url, random,
        )?)))
    }

    /// A new file; nobody sees it before it is finished.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be begun.
    pub async fn create(&self, name: &FileName) -> Result<Upload> {
        match self {
            Self::Bucket { client, bucket } => Ok(Upload::bucket(client, bucket, name)),
            Self::Folder(folder) => folder.create(name).await,
            Self::None => Err(nowhere()),
        }
    }

    /// Bytes of a file from one on, at most so many; fewer at its end.
    ///
    /// # Errors
    /// `Expired` when it is gone, `Unavailable` when it cannot be read.
    pub async fn read(&self, name: &FileName, from: u64, most: u64) -> Result<Bytes> {
        if most == 0 {
            return Ok(Bytes::new());
        }
        let (client, bucket) = match self {
            Self::Bucket { client, bucket } => (client, bucket),
            Self::Folder(folder) => return folder.read(name, from, most).await,
            Self::None => return Err(nowhere()),
        };
        let last = from.saturating_add(most - 1);
        let asked = client.get_object().bucket(&**bucket).key(name.as_str());
        let answer = asked.range(format!("bytes={from}-{last}")).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(gone) if gone.is_no_such_key() => Error::Expired(Kind::File),
            _ => failed("reading a file", error),
        })?;
        let body = answer.body.collect().await;
        Ok(body
            .map_err(|error| failed("reading a file", error))?
            .into_bytes())
    }

    /// Removes a file; one that is not there is fine.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be removed.
    pub async fn remove(&self, name: &FileName) -> Result<()> {
        match self {
            Self::Bucket { client, bucket } => {
                let asked = client.delete_object().bucket(&**bucket).key(name.as_str());
                let gone = asked.send().await;
                gone.map(|_| ())
                    .map_err(|error| failed("removing a file", error))
            }
            Self::Folder(folder) => folder.remove(name).await,
            Self::None => Err(nowhere()),
        }
    }

    /// An address under which anybody can read a file for a while.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be signed.
    pub async fn link(&self, link: &Link, lifetime: Duration, now: Timestamp) -> Result<String> {
        let (client, bucket) = match self {
            Self::Bucket { client, bucket } => (client, bucket),
            Self::Folder(folder) => return folder.link(link, now + lifetime),
            Self::None => return Err(nowhere()),
        };
        let signing = PresigningConfig::expires_in(lifetime);
        let signing = signing.map_err(|error| failed("signing a link", error))?;
        let asked = client
            .get_object()
            .bucket(&**bucket)
            .key(link.file.as_str());
        let asked = asked
            .response_content_disposition(&link.disposition)
            .response_content_type(&link.media_type);
        let signed = asked.presigned(signing).await;
        Ok(signed
            .map_err(|error| failed("signing a link", error))?
            .uri()
            .to_owned())
    }

    /// What a link's token leads to.
    ///
    /// # Errors
    /// `NotFound` when it was not made here, `Expired` when it has ended.
    pub fn follow(&self, token: &str, now: Timestamp) -> Result<Link> {
        match self {
            Self::Folder(folder) => folder.follow(token, now),
            // Links lead to the bucket itself.
            Self::Bucket { .. } | Self::None => Err(Error::NotFound(Kind::File)),
        }
    }
}
