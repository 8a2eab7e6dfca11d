//! What happens beside an answer: the session cookie, and small writes whose failure nobody needs to hear of.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::FromRequestParts;
use http::{HeaderValue, request::Parts};
use tokio::task::JoinHandle;

use crate::{
    App, Error,
    clock::Timestamp,
    domain::session::{Session, SessionToken},
};

/// Collects, while a handler works, what goes with its answer.
#[derive(Clone, Default)]
pub struct Beside(Arc<Inner>);

#[derive(Default)]
struct Inner {
    cookie: Mutex<Option<Cookie>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

enum Cookie {
    Set(SessionToken, Timestamp),
    Clear,
}

impl Beside {
    /// The browser gets this session.
    pub fn set_session(&self, token: &SessionToken, session: &Session) {
        self.put(Cookie::Set(token.clone(), session.expires_at));
    }

    /// The browser forgets its session.
    pub fn clear_session(&self) {
        self.put(Cookie::Clear);
    }

    fn put(&self, cookie: Cookie) {
        *self.0.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }

    /// Runs a small write while the handler goes on; the answer waits for it, as Lambda freezes the process behind it.
    /// A failure is logged and nothing else.
    pub fn run(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<(), Error>> + Send + 'static,
    ) {
        let task = tokio::spawn(async move {
            if let Err(error) = work.await {
                tracing::warn!(
                    what,
                    cause = error.cause(),
                    "A write beside the answer failed."
                );
            }
        });
        self.0
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    /// Waits for the writes, and gives the cookie's header.
    pub(super) async fn finish(&self, app: &App) -> Option<HeaderValue> {
        let tasks =
            std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let _ = task.await;
        }
        let cookie = self
            .0
            .cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        // The name is known to clients, so no `__Host-` prefix.
        let (value, expires) = match &cookie {
            Cookie::Set(token, expires) => (token.cookie_value(), *expires),
            Cookie::Clear => (String::new(), Timestamp::from_millis(0)),
        };
        let mut header = format!(
            "connect.sid={value}; Path=/; Expires={}; HttpOnly; SameSite=Lax",
            expires.http_date()
        );
        if app.config.secure_cookies() {
            let _ = write!(header, "; Secure");
        }
        HeaderValue::from_str(&header).ok().map(|mut header| {
            header.set_sensitive(true);
            header
        })
    }
}

impl FromRequestParts<App> for Beside {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let missing =
            || Error::Internal(anyhow::anyhow!("the stack put no Beside into the request"));
        parts.extensions.get().cloned().ok_or_else(missing)
    }
}
