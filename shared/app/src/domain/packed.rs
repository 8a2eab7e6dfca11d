//! Bytes that are kept compressed.

use std::io::Read;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// Bytes, compressed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packed(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// The level at which the compressor is still fast.
const LEVEL: i32 = 3;
/// What is unpacked at most: a body is never larger than a request.
const LARGEST: usize = 128 * 1024 * 1024;
/// Bytes of a version of a chart or a dashboard: it is one item of the table, which has at most 400 KB. A copy may be a little
/// larger than what it was made from.
const LARGEST_VERSION: usize = 370 * 1024;
/// Bytes of a version, not compressed. What is sent has half of it; long names of fields may come into it by a rename.
const LONGEST_VERSION: usize = 2 * 1024 * 1024;

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(value).map_err(std::io::Error::other);
    json.map_err(failed("writing JSON"))
}

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::Internal(anyhow::Error::new(error).context(what))
}

impl Packed {
    /// Compresses.
    ///
    /// # Errors
    /// `Internal` when the compressor fails.
    pub fn pack(bytes: &[u8]) -> Result<Self> {
        let packed = zstd::bulk::compress(bytes, LEVEL);
        packed.map(Self).map_err(failed("compressing"))
    }

    /// Gives the bytes back.
    ///
    /// # Errors
    /// `Internal` when they are no compressed bytes, or more than anybody wrote.
    pub fn unpack(&self) -> Result<Vec<u8>> {
        let told = failed("decompressing");
        let mut out = Vec::new();
        let reader = zstd::stream::read::Decoder::new(self.0.as_slice()).map_err(&told)?;
        let mut limited = reader.take(LARGEST as u64 + 1);
        limited.read_to_end(&mut out).map_err(&told)?;
        if out.len() > LARGEST {
            return Err(told(std::io::ErrorKind::FileTooLarge.into()));
        }
        Ok(out)
    }

    /// Compresses a value as JSON.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn pack_json(value: &impl Serialize) -> Result<Self> {
        Self::pack(&json(value)?)
    }

    /// Compresses a version of a chart or a dashboard that somebody sent.
    ///
    /// # Errors
    /// `Invalid` when it is more than an item of the table holds; `Internal` when it cannot be written.
    pub fn pack_version(body: &impl Serialize) -> Result<Self> {
        let json = json(body)?;
        if json.len() > LONGEST_VERSION {
            return Err(Error::invalid(
                "A chart or a dashboard has at most 2 MB; what it names often has names that are too long",
            ));
        }
        let packed = Self::pack(&json)?;
        if packed.0.len() > LARGEST_VERSION {
            return Err(Error::invalid(
                "Compressed, a chart or a dashboard has at most 370 KB: leave out data that is part of its configuration, or shorten its texts",
            ));
        }
        Ok(packed)
    }

    /// Gives the value back.
    ///
    /// # Errors
    /// `Internal` when it is another one.
    pub fn unpack_json<T: DeserializeOwned>(&self) -> Result<T> {
        let json = serde_json::from_slice(&self.unpack()?).map_err(std::io::Error::other);
        json.map_err(failed("reading packed JSON"))
    }
}
