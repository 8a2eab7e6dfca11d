//! Rows from behind signed links, in constant memory.

use std::collections::VecDeque;

use reqwest::{Response, StatusCode, Url};
use serde_json::value::RawValue;

use super::{
    answer::{Chunk, Link},
    workspace::Workspace,
};
use crate::{Hosts, MOST, Result, Row, Type, http, values};

/// What is still to be read of an answer.
pub(super) struct Links {
    workspace: Workspace,
    types: Vec<Type>,
    links: VecDeque<Link>,
    /// Where the links after these are.
    next: Option<Url>,
    open: Option<(Response, Cutter)>,
    /// How many rows are still to come, where that was said.
    missing: Option<u64>,
}

impl Links {
    /// # Errors
    /// `Connection` when there is more at an address outside of the API.
    pub(super) fn new(
        workspace: Workspace,
        types: Vec<Type>,
        first: Option<Chunk>,
        rows: Option<u64>,
    ) -> Result<Self> {
        let mut links = Self {
            workspace,
            types,
            links: VecDeque::new(),
            next: None,
            open: None,
            missing: rows,
        };
        first.map(|chunk| links.add(chunk)).transpose()?;
        Ok(links)
    }

    fn add(&mut self, chunk: Chunk) -> Result<()> {
        let last = chunk.external_links.last();
        let next = last.and_then(|link| link.next_chunk_internal_link.as_deref());
        let next = next.or(chunk.next_chunk_internal_link.as_deref());
        self.next = next.map(|path| self.workspace.below(path)).transpose()?;
        self.links = chunk.external_links.into();
        Ok(())
    }

    /// The next rows; nothing at the end.
    pub(super) async fn next_rows(&mut self) -> Result<Option<Vec<Row>>> {
        loop {
            if self.open.is_none() && !self.open_next().await? {
                return match self.missing {
                    None | Some(0) => Ok(None),
                    Some(_) => Err(self.workspace.remote.failed("broke off within its answer")),
                };
            }
            let rows = self.piece().await?;
            let came = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            self.missing = self.missing.map(|missing| missing.saturating_sub(came));
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
    }

    /// Rows of the open link; none when it is at its end, or there is not a whole one.
    async fn piece(&mut self) -> Result<Vec<Row>> {
        let remote = &self.workspace.remote;
        let Some((response, cutter)) = &mut self.open else {
            return Ok(Vec::new());
        };
        let Some(piece) = remote.piece(response).await? else {
            let whole = cutter.ended;
            self.open = None;
            return match whole {
                true => Ok(Vec::new()),
                false => Err(remote.failed("broke off within its answer")),
            };
        };
        let mut rows = Vec::new();
        for element in cutter.take(piece.as_ref()).map_err(|wrong| match wrong {
            Wrong::NotRows => remote.failed("answered something that is not of its protocol"),
            Wrong::TooLarge => remote.too_large(),
        })? {
            let row: Vec<&RawValue> = remote.read(&element)?;
            rows.push(values::row(&row, &self.types)?);
        }
        Ok(rows)
    }

    async fn open_next(&mut self) -> Result<bool> {
        while self.links.is_empty() {
            let Some(next) = self.next.take() else {
                return Ok(false);
            };
            let get = self.workspace.remote.client.get(next);
            let chunk = self.workspace.ask(self.workspace.login(get)).await?;
            self.add(chunk)?;
        }
        let Some(link) = self.links.pop_front() else {
            return Ok(false);
        };
        self.open = Some((self.fetch(&link).await?, Cutter::default()));
        Ok(true)
    }

    /// Without the token: a signed link has all that its storage asks for.
    async fn fetch(&self, link: &Link) -> Result<Response> {
        let remote = &self.workspace.remote;
        let address = signed(self.workspace.hosts, &link.external_link).ok_or_else(|| {
            remote.failed("keeps its answers at an address that may not be talked to here")
        })?;
        let get = remote.client.get(address);
        let with = |get: reqwest::RequestBuilder, (name, value)| get.header(name, value);
        let response = remote
            .send(link.http_headers.iter().fold(get, with))
            .await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            other => Err(remote.failed(&format!(
                "does not give its answer out: the storage answered with status {}",
                other.as_u16()
            ))),
        }
    }
}

/// The address of a link, by `https` where hosts are public.
fn signed(hosts: Hosts, link: &str) -> Option<Url> {
    let address = http::address(hosts, link).ok()?;
    match address.scheme() {
        "https" => Some(address),
        "http" if hosts == Hosts::Any => Some(address),
        _ => None,
    }
}

/// Why an answer cannot be cut into rows.
enum Wrong {
    NotRows,
    TooLarge,
}

/// Cuts an array of arrays, which comes in pieces, into the arrays within.
#[derive(Default)]
struct Cutter {
    element: Vec<u8>,
    depth: u32,
    in_text: bool,
    escaped: bool,
    ended: bool,
}

impl Cutter {
    /// The arrays that end in this piece.
    fn take(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
        let mut whole = Vec::new();
        for byte in piece {
            let before = self.depth;
            self.step(*byte)?;
            if before.max(self.depth) >= 2 {
                self.element.push(*byte);
            }
            if before == 2 && self.depth == 1 {
                whole.push(std::mem::take(&mut self.element));
            }
        }
        if self.element.len() > MOST {
            return Err(Wrong::TooLarge);
        }
        Ok(whole)
    }

    fn step(&mut self, byte: u8) -> Result<(), Wrong> {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return Ok(());
        }
        match (byte, self.depth) {
            (b' ' | b'\n' | b'\r' | b'\t', _) => {}
            (_, 0) if self.ended || byte != b'[' => return Err(Wrong::NotRows),
            (b'[', _) => self.depth = self.depth.saturating_add(1),
            (b']', _) => {
                self.depth -= 1;
                self.ended = self.depth == 0;
            }
            (b',', 1) => {}
            (_, 1) => return Err(Wrong::NotRows),
            (b'"', _) => self.in_text = true,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str]) -> Option<(Vec<String>, bool)> {
        let mut cutter = Cutter::default();
        let mut all = Vec::new();
        for piece in pieces {
            let whole = cutter.take(piece.as_bytes()).ok()?;
            all.extend(whole.into_iter().map(|one| String::from_utf8(one).unwrap()));
        }
        Some((all, cutter.ended))
    }

    #[test]
    fn rows_are_cut_wherever_pieces_end() {
        let text = r#" [ ["a]\"[","1"] , [null,"\\"],["[[",""] ] "#;
        let rows = vec![
            r#"["a]\"[","1"]"#.to_owned(),
            r#"[null,"\\"]"#.to_owned(),
            r#"["[[",""]"#.to_owned(),
        ];
        assert_eq!(cut(&[text]), Some((rows.clone(), true)));
        for at in 0..text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(cut(&[one, two]), Some((rows.clone(), true)), "{at}");
        }
        assert_eq!(cut(&["[]"]), Some((Vec::new(), true)));
    }

    #[test]
    fn links_lead_to_public_https_unless_any_host_may_be_talked_to() {
        let links = [
            ("https://storage.example/x?sig=y", true, true),
            ("http://storage.example/x", false, true),
            ("https://169.254.169.254/latest", false, true),
            ("https://[::1]/", false, true),
            ("file:///etc/passwd", false, false),
            ("no address", false, false),
        ];
        for (link, public, any) in links {
            assert_eq!(signed(Hosts::Public, link).is_some(), public, "{link}");
            assert_eq!(signed(Hosts::Any, link).is_some(), any, "{link}");
        }
    }

    #[test]
    fn an_end_too_early_is_known_and_so_is_what_is_no_array_of_rows() {
        assert_eq!(
            cut(&[r#"[["a"],["#]),
            Some((vec![r#"["a"]"#.to_owned()], false))
        );
        for wrong in ["<html>", r#"{"a":1}"#, "[1]", "[] []", "]"] {
            assert_eq!(cut(&[wrong]), None, "{wrong}");
        }
    }
}
