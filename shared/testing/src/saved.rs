//! Charts and dashboards that are there, written through the store: for tests that ask them, not of the routes that make them.

use app::{
    domain::{
        content::{ChartBody, Content, ContentKind, DashboardBody, Shown, Tile, TileFace},
        id::{ContentId, ProjectId, SpaceId},
        packed::Packed,
        slug::slug_of,
    },
    store::{Edit, NewContent},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::TestApp;

impl TestApp {
    /// A chart of somebody's in a space of a project: `metricQuery`, and `chartConfig`, `columnOrder` and `pivot` if it has them.
    pub async fn chart(&self, by: &str, place: (&str, &str), name: &str, chart: &Value) -> String {
        let body = chart_body(chart);
        self.content(by, (ContentKind::Chart, place), name, &body)
            .await
    }

    /// Another version of a chart.
    pub async fn chart_version(&self, chart: &str, body: &Value) {
        let id = ContentId::parse(chart).expect("an id");
        let found = self.app.store.content(ContentKind::Chart, id).await;
        let old = found.expect("a table").expect("a chart");
        let body = Packed::pack_json(&chart_body(body)).expect("a body");
        let edit = Edit::version(&old, old.clone(), body);
        let (kept, now) = (self.app.config.deleted_content, self.app.clock.now());
        let (store, edits) = (&self.app.store, [edit]);
        let edited = store.edit_content(old.project, &edits, kept, now);
        edited.await.expect("a version");
    }

    /// A dashboard of somebody's in a space of a project, with these charts on tiles `tile-0`, `tile-1`, ….
    pub async fn dashboard(
        &self,
        by: &str,
        place: (&str, &str),
        name: &str,
        charts: &[&str],
    ) -> String {
        let tile = |(at, chart): (usize, &&str)| Tile {
            uuid: format!("tile-{at}"),
            x: 0.0,
            y: 0.0,
            w: 10.0,
            h: 5.0,
            tab_uuid: None,
            face: TileFace::SavedChart {
                chart: ContentId::parse(chart),
                title: None,
                hide_title: None,
            },
            rest: Map::new(),
            properties_rest: Map::new(),
        };
        let body = DashboardBody {
            tiles: charts.iter().enumerate().map(tile).collect(),
            ..DashboardBody::default()
        };
        self.content(by, (ContentKind::Dashboard, place), name, &body)
            .await
    }

    async fn content(
        &self,
        by: &str,
        (what, (project, space)): (ContentKind, (&str, &str)),
        name: &str,
        body: &impl Serialize,
    ) -> String {
        let project = ProjectId::parse(project).expect("a project");
        let head = Content {
            space: Some(SpaceId::parse(space).expect("a space")),
            ..self.head(by, project, what, name).await
        };
        self.stored(head, body).await.id.to_string()
    }

    /// The head of something of somebody's in a project, without a place, and not stored yet.
    pub async fn head(
        &self,
        by: &str,
        project: ProjectId,
        what: ContentKind,
        name: &str,
    ) -> Content {
        let by = self.account(by).await;
        let (random, now) = (&self.app.random, self.app.clock.now());
        Content {
            id: ContentId::new(random),
            what,
            project,
            organization: by.organization.expect("a member"),
            slug: slug_of(name, random),
            name: name.to_owned(),
            description: None,
            space: None,
            dashboard: None,
            rev: 0,
            latest: 0,
            created_at: now,
            created_by: Some(by.id),
            updated_at: now,
            updated_by: Some(by.id),
            deleted_at: None,
            shown: Shown::default(),
            tiled: std::collections::BTreeSet::new(),
        }
    }

    /// Stores something new; where its slug is taken, it gets another one.
    pub async fn stored(&self, head: Content, body: &impl Serialize) -> Content {
        let new = NewContent {
            head,
            body: Packed::pack_json(body).expect("a body"),
            any_slug: true,
        };
        let (kept, now) = (self.app.config.deleted_content, self.app.clock.now());
        let made = self.app.store.create_content(new, None, kept, now).await;
        made.expect("something new")
    }
}

fn chart_body(chart: &Value) -> ChartBody {
    let query = &chart["metricQuery"];
    let read = |value: &Value| serde_json::from_value(value.clone()).unwrap_or_default();
    ChartBody {
        table_name: query["exploreName"].as_str().unwrap_or_default().to_owned(),
        metric_query: serde_json::from_value(query.clone()).expect("a query"),
        chart_config: match &chart["chartConfig"] {
            Value::Null => serde_json::json!({ "type": "cartesian" }),
            config => config.clone(),
        },
        column_order: read(&chart["columnOrder"]),
        pivot: match &chart["pivot"] {
            Value::Null => None,
            columns => Some(read(columns)),
        },
        rest: Map::new(),
        table_config_rest: Map::new(),
        pivot_config_rest: Map::new(),
    }
}
