//! Whether an SSH server is the one that it was: whoever connects remembers its host key.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use crate::Result;

/// Asked with the fingerprint of the host key, `SHA256:…`, before anybody signs in; what it refuses is not talked to.
#[derive(Clone)]
pub struct HostKeys(Arc<dyn Fn(String) -> BoxFuture<'static, Result<()>> + Send + Sync>);

impl HostKeys {
    /// Those that a function lets pass.
    pub fn new<F: Future<Output = Result<()>> + Send + 'static>(
        pass: impl Fn(String) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |fingerprint| Box::pin(pass(fingerprint))))
    }

    /// Lets a host key pass.
    ///
    /// # Errors
    /// What the function says.
    pub async fn pass(&self, fingerprint: String) -> Result<()> {
        (self.0)(fingerprint).await
    }
}

impl fmt::Debug for HostKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKeys")
    }
}
