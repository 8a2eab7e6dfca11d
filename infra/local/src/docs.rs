//! The document, and a page to try it out; all assets are built in.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the document is.
const DOCUMENT: &str = "/api/v1/openapi.json";

/// The page at `/api/docs` and the document that it shows.
pub(crate) fn router() -> Router {
    let document = crate::api().document().to_string();
    let page = SwaggerUi::new("/api/docs").config(Config::from(DOCUMENT).try_it_out_enabled(true));
    let document = axum::routing::get(move || async move {
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        ([(header::CONTENT_TYPE, kind)], document).into_response()
    });
    let router = Router::from(page);
    #[expect(
        clippy::disallowed_methods,
        reason = "the document cannot describe itself"
    )]
    router.route(DOCUMENT, document)
}
