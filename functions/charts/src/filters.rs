//! What a chart can be filtered by.

use app::{
    App, CurrentUser, Ok, Path, Reply, Result,
    domain::{
        access::Action,
        content::{ChartBody, ContentKind},
    },
};
use axum::extract::State;
use query::{
    attributes,
    explore::{not_allowed, readable},
};
use semantic::{
    access::{Hidden, hidden},
    explore::Dimension,
};

use crate::charts::ChartPath;

/// Lists the dimensions of a chart's explore that are not hidden, neither from everybody nor by the caller's attributes.
#[utoipa::path(get, path = "/api/v1/saved/{chartUuid}/availableFilters", operation_id = "getSavedChartAvailableFilters",
               tag = "Charts", params(ChartPath), responses((status = 200, body = Ok<Vec<Dimension>>)),
               extensions(("x-tier" = json!("legacy"))))]
pub(crate) async fn get_saved_chart_available_filters(
    State(app): State<App>,
    user: CurrentUser,
    Path(path): Path<ChartPath>,
) -> Result<Reply<Vec<Dimension>>> {
    let found = saved::find(&app, user, ContentKind::Chart, &path.chart_uuid).await?;
    found.place(&app).await?.require(Action::View)?;
    let version = app.store.latest(&found.head).await?;
    let chart: ChartBody = version.body.unpack_json()?;
    let (entry, body) = readable(&app, &found.project, &chart.table_name).await?;
    let explore = body.explore()?;
    let hidden = if entry.personal {
        hidden(explore, &attributes::of_caller(&app, &found.project).await?)
    } else {
        Hidden::default()
    };
    if hidden.base {
        return Err(not_allowed(&entry.name));
    }

    let tables = explore.tables.iter();
    let tables = tables.filter(|(table, _)| !hidden.tables.contains(*table));
    let fields = tables.flat_map(|(table, found)| {
        let fields = found.dimensions.iter();
        fields.map(move |(name, field)| (table, name, field))
    });
    let seen = fields.filter(|(table, name, field)| {
        let key = ((*table).clone(), (*name).clone());
        !field.hidden && !hidden.fields.contains(&key)
    });
    Ok(Reply(seen.map(|(.., field)| field.clone()).collect()))
}
