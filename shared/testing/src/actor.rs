//! Who calls, and how.

use std::{
    future::{Future, IntoFuture},
    net::IpAddr,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use app::{
    domain::session::SessionToken,
    http::{PeerAddress, Stack},
};
use axum::{body::Body, extract::Request};
use http::{Method, header};
use serde_json::Value;

use crate::{Answer, HOME, TestApp, fits};

/// Somebody who calls: with a cookie jar like a browser, or a token, or nothing.
pub struct Actor<'a> {
    app: &'a TestApp,
    cookie: Mutex<Option<String>>,
    authorization: Option<String>,
    address: IpAddr,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookie: Mutex::new(None),
            authorization: None,
            address: HOME.into(),
        }
    }

    pub(crate) fn with_session(self, token: &SessionToken) -> Self {
        self.with_cookie(&format!("connect.sid={}", token.cookie_value()))
    }

    /// The same, with this cookie in the jar (`name=value`).
    #[must_use]
    pub fn with_cookie(self, cookie: &str) -> Self {
        Self {
            cookie: Mutex::new(Some(cookie.to_owned())),
            ..self
        }
    }

    /// Somebody who sends this personal access token and no cookie.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            authorization: Some(format!("ApiKey {token}")),
            address: self.address,
            ..Self::new(self.app)
        }
    }

    /// The same, calling from another address.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        Self {
            address: address.parse().expect("an address"),
            ..self
        }
    }

    /// What the cookie jar holds.
    pub fn cookie(&self) -> Option<String> {
        self.cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Any method.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let mut request = http::Request::builder().method(method).uri(path);
        if let Some(cookie) = self.cookie() {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let mut request = request.body(Vec::new()).expect("a request");
        request.extensions_mut().insert(PeerAddress(self.address));
        Call {
            actor: self,
            request,
        }
    }
}

/// A request that is sent when it is awaited.
pub struct Call<'a> {
    actor: &'a Actor<'a>,
    request: http::Request<Vec<u8>>,
}

impl Call<'_> {
    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With any body.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        *self.request.body_mut() = body.into();
        self.header(header::CONTENT_TYPE.as_str(), media_type)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.parse::<http::HeaderName>().expect("a header's name");
        self.request
            .headers_mut()
            .append(name, value.parse().expect("a header's value"));
        self
    }

    pub(crate) async fn send_to(self, stack: &Stack) -> Answer {
        let (method, path) = (
            self.request.method().clone(),
            self.request.uri().path().to_owned(),
        );
        let answer = Answer::read(
            stack
                .answer(Request::from(self.request.map(Body::from)))
                .await,
        )
        .await;
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default().to_owned();
            let emptied = pair.ends_with('=');
            *self
                .actor
                .cookie
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = (!emptied).then_some(pair);
        }
        fits::assert(&self.actor.app.document, &method, &path, &answer);
        answer
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let stack = &self.actor.app.stack;
        Box::pin(self.send_to(stack))
    }
}
