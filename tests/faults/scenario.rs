//! What a scenario is.

use std::pin::Pin;

use http::Method;
use serde_json::Value;
use testing::{Actor, Call, TestApp};

pub(super) type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One way to use an operation.
#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) operation: &'static str,
    pub(super) case: &'static str,
    pub(super) set_up: for<'a> fn(&'a TestApp) -> Soon<'a, Plan>,
    pub(super) again: Again,
    /// Kinds of items that are written beside the answer: what becomes of them nobody minds.
    pub(super) beside: &'static [&'static str],
    /// Whether a failure may leave a state from which the same call goes on.
    pub(super) resumes: bool,
}

/// What the same call answers when it had happened, and only its answer was lost.
#[derive(Clone)]
pub(super) enum Again {
    /// The same, and the table is as if it had come once.
    Same,
    /// The same, and there is one more of what it makes.
    More,
    /// One of these, because it had happened; then this holds.
    Refused(
        &'static [&'static str],
        for<'a> fn(&'a TestApp) -> Soon<'a, ()>,
    ),
}

/// The call, whoever makes it.
pub(super) struct Plan {
    cookie: Option<String>,
    token: Option<String>,
    method: Method,
    path: String,
    body: Option<Value>,
    key: Option<&'static str>,
}

impl Plan {
    pub(super) fn new(actor: &Actor<'_>, method: Method, path: impl Into<String>) -> Self {
        Self {
            cookie: actor.cookie(),
            token: None,
            method,
            path: path.into(),
            body: None,
            key: None,
        }
    }

    pub(super) fn get(actor: &Actor<'_>, path: impl Into<String>) -> Self {
        Self::new(actor, Method::GET, path)
    }

    pub(super) fn post(actor: &Actor<'_>, path: impl Into<String>, body: Value) -> Self {
        Self::new(actor, Method::POST, path).json(body)
    }

    pub(super) fn patch(actor: &Actor<'_>, path: impl Into<String>, body: Value) -> Self {
        Self::new(actor, Method::PATCH, path).json(body)
    }

    pub(super) fn delete(actor: &Actor<'_>, path: impl Into<String>) -> Self {
        Self::new(actor, Method::DELETE, path)
    }

    pub(super) fn json(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub(super) fn by_token(self, token: Value) -> Self {
        Self {
            cookie: None,
            token: Some(text(&token)),
            ..self
        }
    }

    pub(super) fn keyed(self, key: &'static str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    pub(super) fn caller<'a>(&self, app: &'a TestApp) -> Actor<'a> {
        let caller = app.anonymous();
        match (&self.cookie, &self.token) {
            (Some(cookie), _) => caller.with_cookie(cookie),
            (None, Some(token)) => caller.with_token(token),
            (None, None) => caller,
        }
    }

    pub(super) fn call<'a>(&self, caller: &'a Actor<'_>) -> Call<'a> {
        let mut call = caller.call(self.method.clone(), &self.path);
        if let Some(body) = &self.body {
            call = call.json(body);
        }
        if let Some(key) = self.key {
            call = call.header("idempotency-key", key);
        }
        call
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
