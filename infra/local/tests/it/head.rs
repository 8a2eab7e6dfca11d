//! `HEAD` over real HTTP: what is said of an answer, without the answer.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::program::{HANGS, Server};

/// The headers of an answer but its date, in order, and how many bytes came behind them.
fn answer(address: SocketAddr, method: &str, path: &str) -> (Vec<String>, usize) {
    let mut stream = TcpStream::connect_timeout(&address, HANGS).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.unwrap() + 4);
    let head = String::from_utf8_lossy(head);
    let lines = head.trim_end().lines();
    let mut lines: Vec<_> = lines
        .filter(|line| !line.starts_with("date: "))
        .map(str::to_owned)
        .collect();
    lines.sort();
    (lines, body.len())
}

/// The lines but those that say how long the body is, and those.
fn apart(lines: Vec<String>) -> (Vec<String>, Vec<String>) {
    lines.into_iter().partition(|line| {
        !line.starts_with("content-length: ") && !line.starts_with("transfer-encoding: ")
    })
}

#[test]
fn the_head_of_an_answer_says_nothing_wrong_of_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    for (path, packed, length) in [
        ("/api/v1/health", true, None),
        ("/api/v1/livez", false, Some("content-length: 15")),
        ("/api/v1/nothing", false, None),
    ] {
        let (whole, bytes) = answer(server.address, "GET", path);
        assert!(bytes > 0, "{path}");
        let says = "content-encoding: gzip".to_owned();
        assert_eq!(whole.contains(&says), packed, "{path}");
        let (head, none) = answer(server.address, "HEAD", path);
        assert_eq!(none, 0, "{path}");
        let ((whole, _), (head, said)) = (apart(whole), apart(head));
        assert_eq!(head, whole, "{path}");
        let length: Vec<_> = length.into_iter().collect();
        assert_eq!(said, length, "{path}");
    }
}
