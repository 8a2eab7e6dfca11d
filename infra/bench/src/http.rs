//! Just enough HTTP/1.1 for both ends of a kept-alive connection, and cheap enough not to be what is measured.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Nothing here takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request or an answer.
#[derive(Debug)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The next message; `None` when the other end has closed.
    pub(crate) fn read(from: &mut impl BufRead) -> Result<Option<Self>> {
        let start = line(from)?;
        if start.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let header = line(from)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start,
            headers,
            body: Vec::new(),
        };
        if message.header("transfer-encoding").is_some() {
            message.body = chunks(from)?;
        } else if let Some(length) = message.header("content-length") {
            message.body = vec![0; length.parse()?];
            from.read_exact(&mut message.body)?;
        }
        Ok(Some(message))
    }

    /// The first header of this name, in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The second word of a request line or status line: a path, or a code.
    pub(crate) fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }
}

fn line(from: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    from.read_line(&mut text)?;
    text.truncate(text.trim_end().len());
    Ok(text)
}

fn chunks(from: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let size = line(from)?;
        let size = size.split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).context("a chunk without a size")?;
        from.take(size).read_to_end(&mut whole)?;
        line(from)?;
        if size == 0 {
            return Ok(whole);
        }
    }
}

/// A request, rendered once and sent often.
#[derive(Debug, Clone)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    pub(crate) fn new(method: &str, path: &str, cookie: &str, body: Option<&Value>) -> Self {
        match body {
            Some(body) => Self::of_json(method, path, cookie, body.to_string().as_bytes()),
            None => Self((head(method, path, cookie) + "\r\n").into_bytes()),
        }
    }

    /// With a body that is JSON already.
    pub(crate) fn of_json(method: &str, path: &str, cookie: &str, body: &[u8]) -> Self {
        let head = head(method, path, cookie);
        let length = body.len();
        let head =
            format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        Self([head.as_bytes(), body].concat())
    }

    pub(crate) fn get(path: &str, cookie: &str) -> Self {
        Self::new("GET", path, cookie, None)
    }
}

fn head(method: &str, path: &str, cookie: &str) -> String {
    let cookie = match cookie {
        "" => String::new(),
        cookie => format!("cookie: {cookie}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{cookie}")
}

/// A kept-alive connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).with_context(|| format!("connecting to {to}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and waits for the answer; one that is not 200 or 201 is an error.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Message> {
        self.0.get_mut().write_all(&request.0)?;
        let answer = Message::read(&mut self.0)?.context("the connection was closed")?;
        if !matches!(answer.target(), "200" | "201") {
            let line = request.0.split(|byte| *byte == b'\r').next();
            bail!(
                "{} was answered {}: {}",
                String::from_utf8_lossy(line.unwrap_or_default()),
                answer.start,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_one_after_another() {
        let wire = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi\
                     HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        let mut wire = &wire[..];
        let first = Message::read(&mut wire).unwrap().unwrap();
        assert_eq!((first.target(), first.body.as_slice()), ("/a", &b"hi"[..]));
        let second = Message::read(&mut wire).unwrap().unwrap();
        assert_eq!(
            (second.target(), second.body.as_slice()),
            ("200", &b"abcd"[..])
        );
        assert!(Message::read(&mut wire).unwrap().is_none());
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let request = Request::new("PUT", "/x", "a=b", Some(&serde_json::json!({})));
        let text = String::from_utf8(request.0).unwrap();
        assert!(text.ends_with(
            "cookie: a=b\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        ));
    }
}
