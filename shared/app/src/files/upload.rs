//! A file that is being written.

use std::{path::PathBuf, sync::Arc};

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use tokio::io::AsyncWriteExt;

use super::{FileName, failed};
use crate::Result;

/// Bytes of a part; S3 takes no smaller ones but the last, and 10,000 of them: 80 GB.
const PART: usize = 8 * 1024 * 1024;

/// A file that is being written. Dropped, it was never there.
pub struct Upload(To);

enum To {
    File {
        file: tokio::io::BufWriter<tokio::fs::File>,
        being: tempfile::TempPath,
        path: PathBuf,
    },
    Bucket(Box<Parts>),
}

/// A file in a bucket: in one piece if it is small, else in parts. The bucket removes what was never finished.
struct Parts {
    client: aws_sdk_s3::Client,
    bucket: Arc<str>,
    name: FileName,
    upload: Option<String>,
    done: Vec<CompletedPart>,
    buffer: Vec<u8>,
}

impl Upload {
    pub(super) async fn file(path: PathBuf) -> Result<Self> {
        let begun = tokio::task::spawn_blocking({
            let path = path.clone();
            move || {
                let folder = path.parent().unwrap_or(&path);
                tempfile::NamedTempFile::new_in(folder)
            }
        });
        let begun = begun
            .await
            .map_err(|error| failed("beginning a file", error))?;
        let (file, being) = begun
            .map_err(|error| failed("beginning a file", error))?
            .into_parts();
        Ok(Self(To::File {
            file: tokio::io::BufWriter::with_capacity(1 << 18, tokio::fs::File::from_std(file)),
            being,
            path,
        }))
    }

    pub(super) fn bucket(client: &aws_sdk_s3::Client, bucket: &Arc<str>, name: &FileName) -> Self {
        Self(To::Bucket(Box::new(Parts {
            client: client.clone(),
            bucket: bucket.clone(),
            name: name.clone(),
            upload: None,
            done: Vec::new(),
            buffer: Vec::new(),
        })))
    }

    /// Writes on.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.0 {
            To::File { file, .. } => {
                let written = file.write_all(bytes).await;
                written.map_err(|error| failed("writing a file", error))
            }
            To::Bucket(parts) => {
                parts.buffer.extend_from_slice(bytes);
                if parts.buffer.len() >= PART {
                    parts.send().await?;
                }
                Ok(())
            }
        }
    }

    /// Makes the file seen, whole.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be; then it is not there.
    pub async fn finish(self) -> Result<()> {
        match self.0 {
            To::File {
                mut file,
                being,
                path,
            } => {
                let flushed = file.flush().await;
                flushed.map_err(|error| failed("writing a file", error))?;
                let kept = being.persist(path);
                kept.map_err(|error| failed("finishing a file", error))
            }
            To::Bucket(parts) => parts.finish().await,
        }
    }
}

impl Parts {
    /// Sends what is there as a part.
    async fn send(&mut self) -> Result<()> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => {
                let asked = self.client.create_multipart_upload();
                let begun = asked.bucket(&*self.bucket).key(self.name.as_str()).send();
                let begun = begun
                    .await
                    .map_err(|error| failed("beginning a file", error))?;
                let upload = begun.upload_id.unwrap_or_default();
                self.upload.insert(upload).clone()
            }
        };
        let number = i32::try_from(self.done.len() + 1).unwrap_or(i32::MAX);
        let asked = self.client.upload_part().bucket(&*self.bucket);
        let sent = asked
            .key(self.name.as_str())
            .upload_id(upload)
            .part_number(number)
            .body(ByteStream::from(std::mem::take(&mut self.buffer)))
            .send();
        let sent = sent
            .await
            .map_err(|error| failed("writing a file", error))?;
        let part = CompletedPart::builder().part_number(number);
        self.done.push(part.set_e_tag(sent.e_tag).build());
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        if self.upload.is_none() {
            let asked = self.client.put_object().bucket(&*self.bucket);
            let asked = asked.key(self.name.as_str()).body(self.buffer.into());
            let put = asked.send().await;
            return put
                .map(|_| ())
                .map_err(|error| failed("writing a file", error));
        }
        if !self.buffer.is_empty() {
            self.send().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.done));
        let asked = self.client.complete_multipart_upload();
        let asked = asked.bucket(&*self.bucket).key(self.name.as_str());
        let done = asked
            .set_upload_id(self.upload)
            .multipart_upload(parts.build())
            .send();
        let done = done.await;
        done.map(|_| ())
            .map_err(|error| failed("finishing a file", error))
    }
}
