//! An HTTP API in small: from a plain request to a plain answer, by way of events, as `template.yaml` has it.

use std::{collections::BTreeMap, fmt, time::Duration};

use app::{App, http::Stack, lambda};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    event,
    routes::{self, FUNCTIONS, Route},
    yaml,
};

/// The largest body that an HTTP API takes.
const LARGEST_REQUEST: usize = 10 * 1024 * 1024;
/// The largest event, and the largest answer, of a function.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// A request as it comes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, encoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The caller's address.
    pub(crate) from: String,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            from: "192.0.2.1".into(),
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with("Content-Type", media_type)
    }

    #[must_use]
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    #[must_use]
    pub(crate) fn at(mut self, address: &str) -> Self {
        self.from = address.into();
        self
    }

    /// The first header of a name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut all = headers.iter();
    all.find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// An answer as it goes over the wire. Its `Display` is the status and the body, for snapshots.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// What the API says by itself.
    fn own(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: json!({ "message": message }).to_string().into_bytes(),
        }
    }

    /// What a function's result means.
    fn of_function(result: &Value) -> Self {
        let number = result["statusCode"].as_u64().expect("a status");
        let pairs = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let mut headers: Vec<_> = pairs(&result["headers"])
            .into_iter()
            .map(|(name, value)| (name, value.as_str().expect("a header").to_owned()))
            .collect();
        for cookie in result["cookies"].as_array().into_iter().flatten() {
            headers.push((
                "set-cookie".into(),
                cookie.as_str().expect("a cookie").into(),
            ));
        }
        let text = result["body"].as_str().unwrap_or_default();
        let body = if result["isBase64Encoded"] == true {
            STANDARD.decode(text).expect("base64")
        } else {
            text.as_bytes().to_vec()
        };
        Self {
            status: u16::try_from(number).unwrap().try_into().unwrap(),
            headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The results of an answer that has to be 200.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self}");
        self.json()["results"].clone()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.text())
    }
}

/// The API: its routes, and the function behind each.
pub(crate) struct Gateway {
    routes: Vec<Route>,
    functions: BTreeMap<String, Stack>,
    /// How long it waits for a function.
    pub(crate) patience: Duration,
}

impl Gateway {
    /// The API of `template.yaml`; each function has its own routes only.
    pub(crate) fn new(app: &App) -> Self {
        let routes = routes::of_template(&yaml::read("template.yaml"));
        let stacks =
            FUNCTIONS.map(|(name, router)| (name.to_owned(), Stack::new(router(), app.clone())));
        Self::over(routes, stacks)
    }

    /// An API of other routes and functions.
    pub(crate) fn over(
        routes: Vec<Route>,
        functions: impl IntoIterator<Item = (String, Stack)>,
    ) -> Self {
        Self {
            routes,
            functions: functions.into_iter().collect(),
            patience: Duration::from_secs(30),
        }
    }

    /// The function that a request goes to.
    pub(crate) fn function_of(&self, method: &str, target: &str) -> Option<&str> {
        let path = event::decoded_path(target);
        let route = routes::choose(&self.routes, method, &path);
        route.map(|route| route.function.as_str())
    }

    /// Answers a request.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        let too_large = || Answer::own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        if request.body.len() > LARGEST_REQUEST {
            return too_large();
        }
        let path = event::decoded_path(&request.target);
        let Some(route) = routes::choose(&self.routes, &request.method, &path) else {
            return Answer::own(StatusCode::NOT_FOUND, "Not Found");
        };
        let event = event::of(request, route).to_string();
        if event.len() > LARGEST_PAYLOAD {
            return too_large();
        }
        let stack = self.functions[&route.function].clone();
        // A function that panics, and an answer that does not fit, are the same to the API.
        let failed = || Answer::own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        let running = tokio::spawn(invoke(stack, event));
        let result = match tokio::time::timeout(self.patience, running).await {
            Ok(Ok(result)) if result.len() <= LARGEST_PAYLOAD => result,
            Ok(_) => return failed(),
            Err(_) => return Answer::own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let result = serde_json::from_str(&result).expect("a result");
        let mut answer = Answer::of_function(&result);
        if request.method == "HEAD" {
            answer.body.clear();
        }
        answer
    }
}

/// One invocation, from JSON to JSON.
async fn invoke(stack: Stack, event: String) -> String {
    let event = serde_json::from_str(&event).expect("an event");
    serde_json::to_string(&lambda::answer(&stack, event).await).expect("JSON")
}
