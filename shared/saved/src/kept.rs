//! What clients keep with charts and dashboards, and has no name here: it stays with a version, and goes out as it came.

use serde_json::{Map, Value};

/// What answers and documents say by themselves, and how a document is to be uploaded: none of it is the client's to keep.
const OURS: [&str; 46] = [
    "access",
    "chartKind",
    "chartType",
    "chartUuid",
    "colorPalette",
    "createdAt",
    "createdBy",
    "dashboardName",
    "dashboardSlug",
    "dashboardUuid",
    "dashboardVersionId",
    "deletedAt",
    "deletedBy",
    "description",
    "downloadedAt",
    "firstViewedAt",
    "force",
    "isPinned",
    "isPrivate",
    "lastViewedAt",
    "name",
    // The command-line client says so of a file that was changed.
    "needsUpdating",
    "oldUuid",
    "organizationUuid",
    "pinnedListOrder",
    "pinnedListUuid",
    "projectUuid",
    "publicSpaceCreate",
    "skipSpaceCreate",
    "slug",
    "spaceAccess",
    "spaceName",
    "spacePath",
    "spaceSlug",
    "spaceUuid",
    "tileTypes",
    "updatedAt",
    "updatedBy",
    "updatedByUser",
    "upstreamProjectUuid",
    "uuid",
    "validationErrors",
    "version",
    "versionUuid",
    "viewedAt",
    "views",
];
/// What answers and documents say of tiles.
const OURS_OF_TILES: [&str; 1] = ["tileSlug"];
/// What is known of the properties of tiles, whatever is on them, with what answers and documents say of charts.
const PROPERTIES: [&str; 10] = [
    "belongsToDashboard",
    "chartName",
    "chartSlug",
    "content",
    "hideTitle",
    "lastVersionChartKind",
    "savedChartUuid",
    "savedSqlUuid",
    "title",
    "url",
];

/// What of a chart or a dashboard stays with it.
pub fn of_content(sent: Map<String, Value>) -> Map<String, Value> {
    without(sent, &OURS)
}

/// What of a tile stays with it.
pub fn of_tile(sent: Map<String, Value>) -> Map<String, Value> {
    without(sent, &OURS_OF_TILES)
}

/// What of a tile's properties stays with it.
pub fn of_properties(sent: Map<String, Value>) -> Map<String, Value> {
    without(sent, &PROPERTIES)
}

fn without(mut sent: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    sent.retain(|name, _| !names.contains(&name.as_str()));
    sent
}
