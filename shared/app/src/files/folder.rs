//! Files in a folder.

use std::{
    fs,
    io::{ErrorKind, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{FileName, Link, Upload, failed};
use crate::{Error, Result, clock::Timestamp, error::Kind, random::Random};

/// A folder with files, and the key that its links are signed with.
pub struct Folder {
    path: PathBuf,
    site_url: String,
    key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Signed {
    link: Link,
    until: Timestamp,
}

impl Folder {
    pub(super) fn open(path: &Path, site_url: &str, random: &Random) -> Result<Self> {
        let made = fs::create_dir_all(path);
        made.map_err(|error| {
            Error::Internal(anyhow::Error::new(error).context("making the folder of files"))
        })?;
        Ok(Self {
            path: path.to_owned(),
            site_url: site_url.to_owned(),
            key: crate::key_file::read_or_make(&path.join("key"), random)?,
        })
    }

    fn path(&self, name: &FileName) -> PathBuf {
        self.path.join(name.as_str())
    }

    pub(super) async fn create(&self, name: &FileName) -> Result<Upload> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            let made = tokio::fs::create_dir_all(folder).await;
            made.map_err(|error| failed("making a folder", error))?;
        }
        Upload::file(path).await
    }

    pub(super) async fn read(&self, name: &FileName, from: u64, most: u64) -> Result<Bytes> {
        let file = tokio::fs::File::open(self.path(name)).await;
        let mut file = file.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Expired(Kind::File),
            _ => failed("reading a file", error),
        })?;
        let mut bytes = Vec::new();
        let read = async {
            file.seek(SeekFrom::Start(from)).await?;
            file.take(most).read_to_end(&mut bytes).await
        };
        read.await
            .map_err(|error| failed("reading a file", error))?;
        Ok(bytes.into())
    }

    pub(super) async fn remove(&self, name: &FileName) -> Result<()> {
        match tokio::fs::remove_file(self.path(name)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("removing a file", error))
            }
            _ => Ok(()),
        }
    }

    /// Removes files that are older than anything that leads to them; the bucket does so by itself.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn tidy(&self, older_than: Duration) -> std::io::Result<()> {
        for kind in ["rows", "exports"] {
            let Ok(projects) = fs::read_dir(self.path.join(kind)) else {
                continue;
            };
            for project in projects {
                for file in fs::read_dir(project?.path())? {
                    let file = file?;
                    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
                    if age > older_than {
                        fs::remove_file(file.path())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn mac(&self, text: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    }

    pub(super) fn link(&self, link: &Link, until: Timestamp) -> Result<String> {
        let signed = Signed {
            link: link.clone(),
            until,
        };
        let text = serde_json::to_vec(&signed).map(|json| URL_SAFE_NO_PAD.encode(json));
        let text = text.map_err(|error| Error::Internal(error.into()))?;
        let mac = self.mac(&text).ok_or_else(super::nowhere)?.finalize();
        let mac = URL_SAFE_NO_PAD.encode(mac.into_bytes());
        let project = link.project;
        Ok(format!(
            "{}/api/v1/projects/{project}/csv/{text}.{mac}",
            self.site_url
        ))
    }

    pub(super) fn follow(&self, token: &str, now: Timestamp) -> Result<Link> {
        let read = || {
            let (text, mac) = token.split_once('.')?;
            let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
            // Compares in constant time.
            self.mac(text)?.verify_slice(&mac).ok()?;
            let signed = URL_SAFE_NO_PAD.decode(text).ok()?;
            serde_json::from_slice::<Signed>(&signed).ok()
        };
        let signed = read().ok_or(Error::NotFound(Kind::File))?;
        if signed.until <= now {
            return Err(Error::Expired(Kind::File));
        }
        Ok(signed.link)
    }
}
