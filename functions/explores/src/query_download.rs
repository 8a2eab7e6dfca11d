//! Files of the rows of queries that are kept (reference 13 §12).

use app::{
    App, Error, InProject, Json, Ok, Path, Reply, Result,
    domain::access::{Action, Subject},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use query::export::{TRUNCATED, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::queries::{QueryPath, kept};

/// What is to be downloaded.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadQuery {
    #[serde(rename = "type")]
    #[schema(nullable = false)]
    kind: Option<DownloadType>,
    #[schema(nullable = false)]
    only_raw: Option<bool>,
    #[schema(nullable = false)]
    show_table_names: Option<bool>,
    #[schema(nullable = false)]
    custom_labels: Option<std::collections::HashMap<String, String>>,
    #[schema(nullable = false)]
    column_order: Option<Vec<String>>,
    #[schema(nullable = false)]
    hidden_fields: Option<Vec<String>>,
    #[schema(nullable = false)]
    pivot_config: Option<Value>,
    /// What the file is called where it is saved.
    #[schema(nullable = false)]
    attachment_download_name: Option<String>,
    /// Whether CSV begins with a byte-order mark; it does unless this says no.
    #[schema(nullable = false)]
    byte_order_mark: Option<bool>,
}

/// The kinds of files.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DownloadType {
    Csv,
    Xlsx,
    Jsonl,
}

impl DownloadQuery {
    /// The same as files are made by.
    pub(crate) fn wanted(self) -> Result<(Wanted, export::File)> {
        let pivot = self.pivot_config.map(serde_json::from_value).transpose();
        let wanted = Wanted {
            options: export::Options {
                only_raw: self.only_raw.unwrap_or(false),
                show_table_names: self.show_table_names.unwrap_or(false),
                custom_labels: self.custom_labels.into_iter().flatten().collect(),
                column_order: self.column_order.unwrap_or_default(),
                hidden_fields: self.hidden_fields.unwrap_or_default(),
            },
            pivot_config: pivot.map_err(|error| Error::invalid(format!("pivotConfig: {error}")))?,
            saved_as: self
                .attachment_download_name
                .filter(|name| !name.is_empty()),
            byte_order_mark: self.byte_order_mark,
            name: None,
        };
        let kind = match self.kind {
            Some(DownloadType::Csv) => export::File::Csv,
            Some(DownloadType::Xlsx) => export::File::Xlsx,
            Some(DownloadType::Jsonl) | None => export::File::Jsonl,
        };
        Ok((wanted, kind))
    }
}

/// A file that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Downloaded {
    /// Leads there for a day.
    file_url: String,
    /// Whether rows were left out.
    truncated: bool,
}

/// Makes a file of a query's rows, and answers a link to it. One that takes long goes on as a job, whose id stands in the
/// refusal; the same request answers it once it is there.
#[utoipa::path(post, path = "/api/v2/projects/{projectUuid}/query/{queryUuid}/download", operation_id = "DownloadAsyncQueryResults", tag = "Query",
               params(("projectUuid" = String, Path), ("queryUuid" = String, Path)), request_body = DownloadQuery,
               responses((status = 200, body = Ok<Downloaded>)), extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn download_async_query_results(
    State(app): State<App>,
    project: InProject,
    Path(path): Path<QueryPath>,
    Json(body): Json<DownloadQuery>,
) -> Result<impl IntoResponse> {
    let query = kept(&app, &project, &path.query_uuid).await?;
    project.require(Action::Manage, Subject::ExportCsv)?;
    let (wanted, kind) = body.wanted()?;
    let (file_url, truncated) = query::download::file(&app, &query, &wanted, kind).await?;
    let header = if truncated { "true" } else { "false" };
    let reply = Reply(Downloaded {
        file_url,
        truncated,
    });
    Ok((AppendHeaders([(TRUNCATED, header)]), reply))
}
