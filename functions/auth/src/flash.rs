//! Messages that wait for a browser.

use std::collections::BTreeMap;

use app::{Ok, Reply};

/// Answers no messages: only single sign-on leaves any, and this server has none set up.
#[utoipa::path(get, path = "/api/v1/flash", operation_id = "GetFlash", tag = "Health",
               responses((status = 200, body = Ok<BTreeMap<String, Vec<String>>>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_flash() -> Reply<BTreeMap<String, Vec<String>>> {
    Reply(BTreeMap::new())
}
