//! What is saved in the shop: three charts, and a dashboard that shows them.

use app::{
    App, Error, Kind, Result,
    domain::{
        content::{Content, ContentKind, DashboardBody, Shown, Tile, TileFace},
        id::{ContentId, ProjectId, SpaceId},
        packed::Packed,
        project::Project,
        slug::slug_of,
    },
    store::NewContent,
};
use saved::{chart::ChartDefinition, dashboard, html::clean_markdown};
use serde_json::{Map, Value, json};

/// What the dashboard says.
const ABOUT: &str = "### The shop\nThree charts over the explore *Orders*. Change one of them: every edit is a version, and the ones before stay.";

/// Saves all of it in the project's first space.
///
/// # Errors
/// `NotExists` when the project is gone; `NotFound` when it has no space.
pub(super) async fn save(app: &App, project: &str) -> Result<()> {
    let id = ProjectId::parse(project).ok_or(Error::NotExists(Kind::Project))?;
    let project = app.store.project(id).await?;
    let project = project.ok_or(Error::NotExists(Kind::Project))?;
    let spaces = app.store.spaces(id).await?;
    let space = spaces.by_path().first().map(|space| space.id);
    let place = (&project, space.ok_or(Error::NotFound(Kind::Space))?);
    let mut charts = Vec::new();
    for (name, definition) in charts_of() {
        let definition: ChartDefinition = serde_json::from_value(definition).map_err(unreadable)?;
        let (body, shown) = definition.read()?;
        let new = (ContentKind::Chart, name, shown);
        charts.push(make(app, place, new, Packed::pack_json(&body)?).await?);
    }
    let body = DashboardBody {
        tiles: tiles(app, &charts),
        ..DashboardBody::default()
    };
    let new = (
        ContentKind::Dashboard,
        "Shop overview",
        dashboard::shown(&body),
    );
    make(app, place, new, Packed::pack_json(&body)?).await?;
    Ok(())
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("reading a chart of the shop"))
}

async fn make(
    app: &App,
    (project, space): (&Project, SpaceId),
    (what, name, shown): (ContentKind, &str, Shown),
    body: Packed,
) -> Result<ContentId> {
    let now = app.clock.now();
    let head = Content {
        id: ContentId::new(&app.random),
        what,
        project: project.id,
        organization: project.organization,
        slug: slug_of(name, &app.random),
        name: name.to_owned(),
        description: None,
        space: Some(space),
        dashboard: None,
        rev: 0,
        latest: 0,
        created_at: now,
        created_by: project.created_by,
        updated_at: now,
        updated_by: project.created_by,
        deleted_at: None,
        tiled: shown.charts.clone(),
        shown,
    };
    let new = NewContent {
        head,
        body,
        any_slug: true,
    };
    let kept = app.config.deleted_content;
    let made = app.store.create_content(new, None, kept, now).await?;
    Ok(made.id)
}

/// The charts, by their names.
fn charts_of() -> [(&'static str, Value); 3] {
    let query = |dimensions: &[&str], metrics: &[&str], sort: (&str, bool)| {
        json!({
            "exploreName": "orders", "dimensions": dimensions, "metrics": metrics, "filters": {},
            "sorts": [{ "fieldId": sort.0, "descending": sort.1 }], "limit": 500, "tableCalculations": [],
        })
    };
    let chart = |query: Value, kind: &str, config: Value| {
        json!({
            "tableName": "orders", "metricQuery": query, "chartConfig": { "type": kind, "config": config },
            "tableConfig": { "columnOrder": [] },
        })
    };
    let axes = |kind: &str, x: &str, y: &str| {
        let series =
            json!([{ "type": kind, "encode": { "xRef": { "field": x }, "yRef": { "field": y } } }]);
        json!({ "layout": { "xField": x, "yField": [y] }, "eChartsConfig": { "series": series } })
    };
    let (month, revenue) = ("orders_ordered_at_month", "order_items_revenue");
    let (channel, orders) = ("orders_channel", "orders_order_count");
    let value = "orders_average_order_value";
    [
        (
            "Revenue by month",
            chart(
                query(&[month], &[revenue], (month, false)),
                "cartesian",
                axes("line", month, revenue),
            ),
        ),
        (
            "Orders by channel",
            chart(
                query(&[channel], &[orders], (orders, true)),
                "cartesian",
                axes("bar", channel, orders),
            ),
        ),
        (
            "Average order value",
            chart(
                query(&[], &[value], (value, true)),
                "big_number",
                json!({ "label": "Average order value", "selectedField": value }),
            ),
        ),
    ]
}

/// A text, and the charts below it.
fn tiles(app: &App, charts: &[ContentId]) -> Vec<Tile> {
    let about = TileFace::Markdown {
        title: "About".to_owned(),
        content: clean_markdown(ABOUT),
        hide_title: None,
    };
    let charts = charts.iter().map(|chart| TileFace::SavedChart {
        chart: Some(*chart),
        title: None,
        hide_title: None,
    });
    let faces = std::iter::once(about).chain(charts);
    // A grid of 36 columns, two tiles beside each other.
    let rows = [0.0, 0.0, 6.0, 6.0];
    let columns = [0.0, 18.0, 0.0, 18.0];
    let places = columns.into_iter().zip(rows);
    let tile = |(face, (x, y)): (TileFace, (f64, f64))| Tile {
        uuid: ContentId::new(&app.random).to_string(),
        x,
        y,
        w: 18.0,
        h: 6.0,
        tab_uuid: None,
        face,
        rest: Map::new(),
        properties_rest: Map::new(),
    };
    faces.zip(places).map(tile).collect()
}
