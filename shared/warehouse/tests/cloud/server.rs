//! A server on a free port.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::sync::Notify;

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// `POST /path`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Arc<Notify>,
}

impl Server {
    /// A server that answers with a status and a document.
    pub(crate) async fn new(
        answer: impl Fn(&Asked) -> (u16, Value) + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |asked| {
            let (status, body) = answer(asked);
            respond(status, body.to_string().into())
        })
        .await
    }

    /// A server that answers with anything.
    pub(crate) async fn raw(
        answer: impl Fn(&Asked) -> Answer + Clone + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let news = Arc::new(Notify::new());
        let (all, told) = (Arc::clone(&asked), Arc::clone(&news));
        let app = Router::new().fallback(move |request: Request| {
            let (answer, all, told) = (answer.clone(), Arc::clone(&all), Arc::clone(&told));
            async move {
                let one = read(request).await;
                let reply = answer(&one);
                all.lock().unwrap().push(one);
                told.notify_waiters();
                reply.await
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            asked,
            news,
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests with this first line.
    pub(crate) fn asked_for(&self, line: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|one| one.line() == line);
        asked
    }

    /// Waits until somebody asks for a path that ends like this.
    pub(crate) async fn sees(&self, end: &str) -> Asked {
        self.finds(|one| one.path.ends_with(end)).await
    }

    /// Waits until somebody asks for this.
    pub(crate) async fn finds(&self, wanted: impl Fn(&Asked) -> bool) -> Asked {
        let seen = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = self.asked().into_iter().find(&wanted) {
                    return found;
                }
                news.await;
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
        seen.unwrap_or_else(|_| panic!("nobody asked for it: {:?}", self.asked()))
    }
}

/// An answer with this body.
pub(crate) fn respond(status: u16, body: Body) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Box::pin(async move { (status, [("content-type", "application/json")], body).into_response() })
}

/// No answer at all.
pub(crate) fn hang() -> Answer {
    Box::pin(std::future::pending())
}

/// An answer whose connection breaks in its middle.
pub(crate) fn broken(start: &'static str) -> Answer {
    let pieces = [
        Ok(start.to_owned()),
        Err(std::io::Error::other("the cable is cut")),
    ];
    respond(200, Body::from_stream(futures_util::stream::iter(pieces)))
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes());
    let headers = parts.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.into_owned().collect(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
