//! A server on a free port of this machine that answers what a test says, and records what it was asked.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, unbounded_channel},
};
use warehouse::{Error, Rows, Statement, Warehouse};

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `POST /v1/statement`, with the query if there is one.
    pub(crate) line: String,
    pub(crate) body: String,
    headers: axum::http::HeaderMap,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("text"))
    }
}

pub(crate) struct Server {
    pub(crate) port: u16,
    all: Arc<Mutex<Vec<Asked>>>,
    coming: UnboundedReceiver<Asked>,
}

impl Server {
    /// A server that answers by this; it is given what was asked, how many requests came before it, and its own address.
    pub(crate) async fn start(
        answer: impl Fn(&Asked, usize, &str) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let all: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (tell, coming) = unbounded_channel();
        let record = all.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (record, tell, answer) = (record.clone(), tell.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
                let asked = Asked {
                    line: format!("{} {}", parts.method, parts.uri),
                    body: String::from_utf8(body.to_vec()).unwrap(),
                    headers: parts.headers,
                };
                let before = {
                    let mut all = record.lock().unwrap();
                    all.push(asked.clone());
                    all.len() - 1
                };
                let response = answer(&asked, before, &format!("http://127.0.0.1:{port}"));
                let _ = tell.send(asked);
                // A test that wants a server which hangs asks for this status.
                if response.status() == HANG {
                    std::future::pending::<()>().await;
                }
                response
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { port, all, coming }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.all.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// Waits until a request comes for which this holds.
    pub(crate) async fn sees(&mut self, wanted: impl Fn(&Asked) -> bool) -> Asked {
        let seen = async {
            loop {
                let asked = self.coming.recv().await.expect("a running server");
                if wanted(&asked) {
                    return asked;
                }
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
        seen.expect("it was not asked within 10 seconds")
    }
}

/// One answer to whatever is asked.
pub(crate) type Answer = fn() -> Response;

const HANG: u16 = 599;

pub(crate) fn hang() -> Response {
    status(HANG, "")
}

pub(crate) fn status(status: u16, body: &str) -> Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, body.to_owned()).into_response()
}

pub(crate) fn ok(body: impl Into<String>) -> Response {
    body.into().into_response()
}

pub(crate) fn html() -> Response {
    ok("<!DOCTYPE html><html><body>Please log in</body></html>")
}

/// A body that stops in the middle with its connection.
pub(crate) fn broken(start: impl Into<String>) -> Response {
    let start = Bytes::from(start.into());
    let pieces = stream::iter([Ok(start), Err(std::io::Error::other("broken"))]);
    // What is before the end is sent when the server has to wait for it.
    let pieces = pieces.then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(pieces).into_response()
}

/// A body in these pieces, which come one after the other.
pub(crate) fn pieces(pieces: Vec<String>) -> Response {
    let pieces = stream::iter(pieces).then(|piece| async {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Bytes::from(piece))
    });
    Body::from_stream(pieces).into_response()
}

/// A body that begins with this, and then has the same piece for ever.
pub(crate) fn endless(start: &'static str, piece: &'static str) -> Response {
    let start = stream::once(async move { Bytes::from_static(start.as_bytes()) });
    let block = Bytes::from(piece.repeat(64 * 1024 / piece.len()));
    let all = start.chain(stream::repeat(block)).map(Ok::<_, Infallible>);
    Body::from_stream(all).into_response()
}

/// A body that begins with this, and then nothing comes.
pub(crate) fn then_nothing(start: String) -> Response {
    let start = stream::once(async move { Ok::<_, Infallible>(Bytes::from(start)) });
    Body::from_stream(start.chain(stream::pending())).into_response()
}

/// A body that comes when this is told.
pub(crate) fn after(gate: Arc<Notify>, body: String) -> Response {
    let whole = stream::once(async move {
        gate.notified().await;
        Ok::<_, Infallible>(Bytes::from(body))
    });
    Body::from_stream(whole).into_response()
}

pub(crate) fn statement(sql: &str) -> Statement {
    Statement::new(sql, Duration::from_secs(20))
}

pub(crate) async fn rows(warehouse: &dyn Warehouse, sql: &str) -> Result<Rows, Error> {
    warehouse.stream(&statement(sql)).await?.collect().await
}

/// What it says when the connection is at fault.
pub(crate) async fn connection_error(warehouse: &dyn Warehouse) -> String {
    match rows(warehouse, "SELECT 1").await {
        Err(Error::Connection(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// A port on which nobody listens, for as long as the socket is kept.
pub(crate) fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// The names and types of the columns, in short.
pub(crate) fn columns(rows: &Rows) -> Vec<(&str, warehouse::Type)> {
    let columns = rows.columns.iter();
    columns.map(|one| (one.name.as_str(), one.r#type)).collect()
}
