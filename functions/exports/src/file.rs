//! The file that a link leads to, where files are in a folder. In the cloud links lead to the bucket itself.

use app::{App, Error, Kind, Path, Result, domain::id::ProjectId, files::Link};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE},
};
use serde::Deserialize;

/// Bytes that are read and sent at once: what one download has in memory.
const PIECE: u64 = 256 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilePath {
    project_uuid: String,
    file_id: String,
}

/// Answers a file to whoever has a link that was made for it and has not ended. Nobody needs to be signed in: spreadsheets
/// and `curl` open links.
#[utoipa::path(get, path = "/api/v1/projects/{projectUuid}/csv/{fileId}", operation_id = "getCsvFile", tag = "Exports",
               params(("projectUuid" = String, Path), ("fileId" = String, Path)),
               responses((status = 200, content_type = "application/octet-stream", body = String)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_csv_file(
    State(app): State<App>,
    Path(path): Path<FilePath>,
) -> Result<Response> {
    let missing = || Error::NotFound(Kind::File);
    let project = ProjectId::parse(&path.project_uuid).ok_or_else(missing)?;
    let link = app.files.follow(&path.file_id, app.clock.now())?;
    if link.project != project || app.store.project(project).await?.is_none() {
        return Err(missing());
    }
    let first = match app.files.read(&link.file, 0, PIECE.min(link.bytes)).await {
        Err(Error::Expired(_)) => return Err(missing()),
        read => read?,
    };
    let headers = [
        (CONTENT_TYPE, value(&link.media_type)?),
        (CONTENT_DISPOSITION, value(&link.disposition)?),
        (CONTENT_LENGTH, link.bytes.into()),
        // Also tells the stack not to wait for all of it.
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, body(app, link, first)).into_response())
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|error| Error::Internal(error.into()))
}

/// The file from its first piece on, read as it is sent.
fn body(app: App, link: Link, first: Bytes) -> Body {
    let pieces = stream::try_unfold((0, Some(first)), move |(sent, read)| {
        let (app, link) = (app.clone(), link.clone());
        async move {
            let left = link.bytes.saturating_sub(sent);
            let piece = match read {
                Some(first) => first,
                None => app.files.read(&link.file, sent, PIECE.min(left)).await?,
            };
            let sent = sent + piece.len() as u64;
            Ok::<_, Error>((!piece.is_empty()).then_some((piece, (sent, None))))
        }
    });
    Body::from_stream(pieces)
}
