//! Keys of a project's content: charts, dashboards and SQL charts.

use super::{Key, key, project_partition, text};
use crate::domain::{
    content::ContentKind,
    id::{CommentId, ContentId, ProjectId, SpaceId, WorkId},
};

/// The claim on a slug; `kind` is what it is of, as `space`.
pub fn slug(project: ProjectId, kind: &'static str, slug: &str) -> Key {
    key(
        project_partition(project),
        format!("SLUG#{kind}#{}", text(slug)),
    )
}

/// The claim on a path: on its last step, among what lies in one space or among the roots. What lies in a space keeps its claim
/// when that is moved.
pub fn space_path(project: ProjectId, parent: Option<SpaceId>, step: &str) -> Key {
    let parent = parent.map_or_else(|| "ROOT".to_owned(), |parent| parent.to_string());
    key(
        project_partition(project),
        format!("SPACEPATH#{parent}#{}", text(step)),
    )
}

/// Prefix of the parts of the index of a project's content.
pub const CONTENT: &str = "CONTENT#";

/// A part of the index of a project's content.
pub fn content_shard(project: ProjectId, shard: usize) -> Key {
    key(project_partition(project), format!("{CONTENT}{shard:02}"))
}

/// What is pinned in a project.
pub fn pins(project: ProjectId) -> Key {
    key(project_partition(project), "PINS")
}

/// How the metrics list of a project is shown.
pub fn spotlight(project: ProjectId) -> Key {
    key(project_partition(project), "SPOTLIGHT")
}

/// What a project's last validation found, and what of it was dismissed.
pub fn validation(project: ProjectId) -> Key {
    key(project_partition(project), "VALIDATION")
}

/// A further piece of what a validation found, where one item does not hold it.
pub fn validation_piece(project: ProjectId, run: WorkId, piece: usize) -> Key {
    let head = validation(project);
    key(head.pk, format!("{}#{run}#{piece:04}", head.sk))
}

/// The partition of a chart, a dashboard or an SQL chart.
pub fn content_partition(what: ContentKind, id: ContentId) -> String {
    match what {
        ContentKind::Chart => format!("CHART#{id}"),
        ContentKind::Dashboard => format!("DASHBOARD#{id}"),
        ContentKind::SqlChart => format!("SQLCHART#{id}"),
    }
}

/// The head of a chart, a dashboard or an SQL chart.
pub fn content(what: ContentKind, id: ContentId) -> Key {
    key(content_partition(what, id), "HEAD")
}

/// Prefix of versions.
pub const VERSIONS: &str = "VERSION#";

/// A version, by its number: in order, the last one last.
pub fn version(what: ContentKind, id: ContentId, number: u32) -> Key {
    key(
        content_partition(what, id),
        format!("{VERSIONS}{number:010}"),
    )
}

/// Prefix of the comments on a dashboard.
pub const COMMENTS: &str = "COMMENT#";

/// A comment on a dashboard.
pub fn comment(dashboard: ContentId, comment: CommentId) -> Key {
    key(
        content_partition(ContentKind::Dashboard, dashboard),
        format!("{COMMENTS}{comment}"),
    )
}

/// How often something was opened; in a partition of its own, as it is written at every opening.
pub fn views(what: ContentKind, id: ContentId) -> Key {
    key(format!("VIEWS#{}", content_partition(what, id)), "COUNT")
}
