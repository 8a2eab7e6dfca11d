//! A key in a file of its own, on a laptop.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt, path::Path};

use crate::{Error, Result, random::Random};

/// The key in a file with mode 0600, made where there is none.
///
/// # Errors
/// `Internal` when the file cannot be read or written, or is no key.
pub(crate) fn read_or_make(path: &Path, random: &Random) -> Result<[u8; 32]> {
    let failed = |what: &'static str| {
        move |error: std::io::Error| Error::Internal(anyhow::Error::new(error).context(what))
    };
    let mut options = fs::OpenOptions::new();
    if let Ok(mut file) = options.write(true).create_new(true).mode(0o600).open(path) {
        let key = random.bytes::<32>();
        let written = file.write_all(hex::encode(key).as_bytes());
        written
            .and_then(|()| file.sync_all())
            .map_err(failed("writing the key file"))?;
        return Ok(key);
    }
    let text = fs::read_to_string(path).map_err(failed("reading the key file"))?;
    let key = hex::decode(text.trim()).ok();
    key.and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::Internal(anyhow::anyhow!("the key file holds no key")))
}
