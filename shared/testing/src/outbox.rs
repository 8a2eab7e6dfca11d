//! The mails of a test, readable.

use std::path::Path;

/// The text parts and headers of every mail, oldest first, with soft line ends undone.
pub(crate) fn read(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| decode(&std::fs::read_to_string(path).expect("a mail")))
        .collect()
}

/// Quoted-printable, as far as our own mails use it.
fn decode(raw: &str) -> String {
    raw.replace("\r\n", "\n")
        .replace("=\n", "")
        .replace("=3D", "=")
}
