//! A server on a free port of this machine that speaks as much of S3's protocol as the engine does: `ListObjectsV2`, and `GET` and
//! `HEAD` of objects, which are the files below a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use chrono::{DateTime, SecondsFormat, Utc};
use url::form_urlencoded;

pub(crate) const BUCKET: &str = "lake";
pub(crate) const KEY: &str = "AKIATESTKEY";
pub(crate) const SECRET: &str = "wJalrTESTSECRET";

/// Objects of one page of a list.
const PAGE: usize = 2;

pub(crate) struct S3 {
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
    faulty: Arc<Mutex<bool>>,
}

impl S3 {
    pub(crate) async fn start(root: &Path) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (asked, faulty): (Arc<Mutex<Vec<String>>>, Arc<Mutex<bool>>) = Default::default();
        let (root, record, fault) = (root.to_owned(), asked.clone(), faulty.clone());
        let app = Router::new().fallback(move |request: Request| {
            let line = format!("{} {}", request.method(), request.uri());
            record.lock().unwrap().push(line);
            let answer = answer(&root, &request, *fault.lock().unwrap());
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            endpoint,
            asked,
            faulty,
        }
    }

    /// `GET /lake/a.csv`, for each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// From now on objects are answered with an error of the server.
    pub(crate) fn fail(&self) {
        *self.faulty.lock().unwrap() = true;
    }
}

fn answer(root: &Path, request: &Request, faulty: bool) -> Response<Body> {
    let sent = |name: header::HeaderName| request.headers().get(name)?.to_str().ok();
    let login = sent(header::AUTHORIZATION).unwrap_or_default();
    if !login.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY}/")) {
        // What S3 says has the key in it.
        let said = format!(
            "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>{login}</AWSAccessKeyId></Error>"
        );
        return respond(StatusCode::FORBIDDEN, said);
    }
    let path = decoded(request.uri().path());
    let Some(key) = path.strip_prefix(&format!("/{BUCKET}")) else {
        return respond(
            StatusCode::NOT_FOUND,
            "<Error><Code>NoSuchBucket</Code></Error>",
        );
    };
    match key.trim_start_matches('/') {
        "" => list(root, request.uri().query().unwrap_or_default()),
        _ if faulty => respond(StatusCode::INTERNAL_SERVER_ERROR, "<Error/>"),
        key => object(&root.join(key), sent(header::RANGE)),
    }
}

fn decoded(path: &str) -> String {
    let pair = format!("path={}", path.replace('+', "%2B"));
    let (_, path) = form_urlencoded::parse(pair.as_bytes()).next().unwrap();
    path.into_owned()
}

fn list(root: &Path, query: &str) -> Response<Body> {
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("list-type").as_deref(), Some("2"), "{query}");
    let prefix = value("prefix").unwrap_or_default();
    let delimited = value("delimiter").is_some();
    let mut keys = Vec::new();
    keys_of(root, root, &mut keys);
    keys.retain(|key| {
        let rest = key.strip_prefix(prefix.as_str());
        rest.is_some_and(|rest| !delimited || !rest.contains('/'))
    });
    keys.sort();
    let start = value("continuation-token").map_or(0, |token| token.parse().unwrap());
    let mut answer = "<ListBucketResult>".to_owned();
    for key in keys.iter().skip(start).take(PAGE) {
        let (tag, size, changed) = about(&root.join(key));
        let changed = changed.to_rfc3339_opts(SecondsFormat::Millis, true);
        answer += &format!(
            "<Contents><Key>{key}</Key><LastModified>{changed}</LastModified><ETag>&quot;{tag}&quot;</ETag><Size>{size}</Size></Contents>"
        );
    }
    if start + PAGE < keys.len() {
        answer += &format!(
            "<NextContinuationToken>{}</NextContinuationToken>",
            start + PAGE
        );
    }
    respond(StatusCode::OK, answer + "</ListBucketResult>")
}

fn keys_of(root: &Path, folder: &Path, keys: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            keys_of(root, &path, keys);
        } else {
            let key = path.strip_prefix(root).unwrap();
            keys.push(key.to_str().unwrap().to_owned());
        }
    }
}

/// The tag, the size and the time of a file.
fn about(path: &Path) -> (String, u64, DateTime<Utc>) {
    let about = std::fs::metadata(path).unwrap();
    let changed = about.modified().unwrap();
    let nanos = changed.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let tag = format!("{:x}-{nanos:x}", about.len());
    (tag, about.len(), changed.into())
}

fn object(path: &Path, range: Option<&str>) -> Response<Body> {
    let Ok(bytes) = std::fs::read(path) else {
        return respond(
            StatusCode::NOT_FOUND,
            "<Error><Code>NoSuchKey</Code></Error>",
        );
    };
    let (tag, size, changed) = about(path);
    let builder = Response::builder()
        .header(header::ETAG, format!("\"{tag}\""))
        .header(
            header::LAST_MODIFIED,
            changed.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        );
    let Some(range) = range else {
        let builder = builder.header(header::CONTENT_LENGTH, size);
        return builder.body(Body::from(bytes)).unwrap();
    };
    let (first, last) = range
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let size = bytes.len();
    let (first, end) = match (first, last) {
        ("", last) => (size - last.parse::<usize>().unwrap().min(size), size),
        (first, "") => (first.parse().unwrap(), size),
        (first, last) => (
            first.parse().unwrap(),
            (last.parse::<usize>().unwrap() + 1).min(size),
        ),
    };
    builder
        .status(StatusCode::PARTIAL_CONTENT)
        .header(header::CONTENT_LENGTH, end - first)
        .header(
            header::CONTENT_RANGE,
            format!("bytes {first}-{}/{size}", end - 1),
        )
        .body(Body::from(bytes[first..end].to_vec()))
        .unwrap()
}

fn respond(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(body.into())
        .unwrap()
}
