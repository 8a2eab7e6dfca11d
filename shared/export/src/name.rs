//! What files are called.

use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// Characters that file systems do not allow in names.
const FORBIDDEN: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// Bytes of a name: what is put around it must fit into the 255 of file systems, too.
const LONGEST: usize = 180;
/// All but `attr-char` of RFC 5987 (<https://www.rfc-editor.org/rfc/rfc5987#section-3.2.1>).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum File {
    Csv,
    Xlsx,
    Jsonl,
}

impl File {
    /// What comes after the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
        }
    }

    /// The content type, as registered (<https://www.iana.org/assignments/media-types>); JSON lines have none of their own.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Jsonl => "application/json",
        }
    }

    /// The name of a file that is written now: `csv-Orders-2024-05-15-14-35-50-1230.csv`, and
    /// `csv-incomplete_results-Orders-…` if rows were left out.
    pub fn name(self, name: &str, truncated: bool, now: DateTime<Utc>) -> String {
        let extension = self.extension();
        let incomplete = if truncated { "incomplete_results-" } else { "" };
        let name = sanitise(name);
        let fraction = now.timestamp_subsec_micros() / 100;
        let time = now.format("%Y-%m-%d-%H-%M-%S");
        format!("{extension}-{incomplete}{name}-{time}-{fraction:04}.{extension}")
    }
}

/// A name that every file system takes: forbidden characters become `_`, several `_` one; control characters, blanks and dots around
/// it are dropped; at most 180 bytes. `download` if nothing is left.
pub fn sanitise(name: &str) -> String {
    let mut clean = String::with_capacity(name.len().min(LONGEST));
    for sign in name.chars().filter(|sign| !sign.is_control()) {
        let sign = if FORBIDDEN.contains(&sign) { '_' } else { sign };
        if sign == '_' && clean.ends_with('_') {
            continue;
        }
        clean.push(sign);
    }
    let around = |sign: char| sign.is_whitespace() || sign == '.';
    let clean = clean.trim_matches(around);
    let clean = clean
        .get(..clean.floor_char_boundary(LONGEST))
        .unwrap_or_default();
    match clean.trim_end_matches(around) {
        "" => "download".to_owned(),
        name => name.to_owned(),
    }
}

/// The value of `Content-Disposition` that saves under this name (RFC 6266): once in ASCII, without what is not, once in UTF-8.
pub fn content_disposition(name: &str) -> String {
    let name: String = name.chars().filter(|sign| !sign.is_control()).collect();
    let mut ascii: String = name
        .chars()
        .filter(|sign| sign.is_ascii() && !matches!(sign, '"' | '\\'))
        .collect();
    if ascii.is_empty() || ascii.starts_with('.') {
        ascii.insert_str(0, "download");
    }
    let utf8 = utf8_percent_encode(&name, ENCODED);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{utf8}")
}
