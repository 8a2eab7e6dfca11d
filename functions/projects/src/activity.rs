//! Who uses a project, and what of it: for its admins, over the weeks that are kept (reference 26, contract "Projects").

mod csv;
mod usage;

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use app::{
    App, InProject, Ok, Reply, Result, Timestamp,
    domain::{
        access::{Action, Role, Subject},
        activity::{week_of, weeks_until},
        content::ContentKind,
        id::{ContentId, QueryId, UserId},
    },
    files::{FileName, Link},
};
use axum::extract::State;
use saved::Contents;
use serde::Serialize;
use utoipa::ToSchema;

use usage::Usage;

/// How many a list has that shows who or what is first.
const FIRST: usize = 10;
/// How long a week of people is looked back.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the link to a file leads there.
const LINK: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody, and how often.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserWithCount)]
pub(crate) struct UserWithCount {
    user_uuid: UserId,
    first_name: String,
    last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    count: Option<u64>,
}

/// The dashboard that somebody opened most.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserMostViewedDashboard {
    #[serde(flatten)]
    user: UserWithCount,
    dashboard_name: String,
}

/// How often something was opened.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ActivityViews)]
pub(crate) struct ActivityViews {
    uuid: ContentId,
    name: String,
    count: u64,
}

/// How many people asked something in a week.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WeeklyQueryingUsers {
    /// When the week begins: its Monday.
    date: Timestamp,
    num_7d_active_users: String,
    percent_7d_active_users: String,
}

/// How much those asked who asked anything in a week.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WeeklyAverageQueries {
    /// When the week begins: its Monday.
    date: Timestamp,
    average_number_of_weekly_queries_per_user: String,
}

/// Who uses a project, and what of it. Developers count as editors.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserActivity)]
pub(crate) struct UserActivity {
    number_users: usize,
    number_viewers: usize,
    number_interactive_viewers: usize,
    number_editors: usize,
    number_admins: usize,
    number_weekly_querying_users: usize,
    table_most_queries: Vec<UserWithCount>,
    table_most_created_charts: Vec<UserWithCount>,
    table_no_queries: Vec<UserWithCount>,
    chart_weekly_querying_users: Vec<WeeklyQueryingUsers>,
    chart_weekly_average_queries: Vec<WeeklyAverageQueries>,
    dashboard_views: Vec<ActivityViews>,
    user_most_viewed_dashboards: Vec<UserMostViewedDashboard>,
    chart_views: Vec<ActivityViews>,
}

/// What of a kind was opened most.
async fn most_viewed(
    app: &App,
    contents: &Contents<'_>,
    kinds: &[ContentKind],
) -> Result<Vec<ActivityViews>> {
    let rows = contents.seen().filter(|row| kinds.contains(&row.what));
    let rows: Vec<_> = rows.collect();
    let wanted: Vec<_> = rows.iter().map(|row| (row.what, row.id)).collect();
    let views = app.store.views(&wanted).await?;
    let mut shown: Vec<_> = rows
        .into_iter()
        .zip(views)
        .filter(|(_, views)| views.views > 0)
        .map(|(row, views)| ActivityViews {
            uuid: row.id,
            name: row.name.clone(),
            count: views.views,
        })
        .collect();
    shown.sort_by_key(|one| Reverse(one.count));
    shown.truncate(FIRST);
    Ok(shown)
}

/// Answers who uses a project, and what of it, over the last 90 days.
#[utoipa::path(get, path = "/api/v1/analytics/user-activity/{projectUuid}", operation_id = "getUserActivity", tag = "Projects",
               params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<UserActivity>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn get_user_activity(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<UserActivity>> {
    project.require(Action::View, Subject::Analytics)?;
    let (usage, contents) =
        tokio::try_join!(Usage::read(&app, &project), Contents::read(&app, &project))?;
    let (charts, dashboards) = tokio::try_join!(
        most_viewed(
            &app,
            &contents,
            &[ContentKind::Chart, ContentKind::SqlChart]
        ),
        most_viewed(&app, &contents, &[ContentKind::Dashboard]),
    )?;
    Ok(Reply(summary(
        &app,
        &usage,
        &contents,
        (charts, dashboards),
    )))
}

fn summary(
    app: &App,
    usage: &Usage,
    contents: &Contents<'_>,
    (chart_views, dashboard_views): (Vec<ActivityViews>, Vec<ActivityViews>),
) -> UserActivity {
    let (now, users, queries) = (app.clock.now(), usage.people.len(), usage.queries());
    let mut created: BTreeMap<UserId, u64> = BTreeMap::new();
    for row in contents.index.live() {
        if let (Some(user), true) = (row.created_by, row.what != ContentKind::Dashboard) {
            *created.entry(user).or_default() += 1;
        }
    }
    let weeks: Vec<_> = weeks_until(now)
        .into_iter()
        .map(|week| {
            let (people, queries) = usage.in_week(&week_of(week));
            (week, people, queries)
        })
        .collect();
    let share = |part: f64, whole: usize| format!("{:.2}", part / whole.max(1) as f64);
    UserActivity {
        number_users: users,
        number_viewers: usage.in_role(&[Role::Viewer]),
        number_interactive_viewers: usage.in_role(&[Role::InteractiveViewer]),
        number_editors: usage.in_role(&[Role::Editor, Role::Developer]),
        number_admins: usage.in_role(&[Role::Admin]),
        number_weekly_querying_users: usage.since(now - WEEK),
        table_most_queries: usage.first(&queries),
        table_most_created_charts: usage.first(&created),
        table_no_queries: usage.idle(&queries),
        chart_weekly_querying_users: weeks
            .iter()
            .map(|(week, people, _)| WeeklyQueryingUsers {
                date: *week,
                num_7d_active_users: people.to_string(),
                percent_7d_active_users: share(100.0 * *people as f64, users),
            })
            .collect(),
        chart_weekly_average_queries: weeks
            .iter()
            .map(|(week, people, queries)| WeeklyAverageQueries {
                date: *week,
                average_number_of_weekly_queries_per_user: share(*queries as f64, *people),
            })
            .collect(),
        dashboard_views,
        user_most_viewed_dashboards: usage.favourites(contents),
        chart_views,
    }
}

/// Makes a CSV file of who did how much in which week, and answers a link to it, which leads there for a day.
#[utoipa::path(post, path = "/api/v1/analytics/user-activity/{projectUuid}/download", operation_id = "downloadUserActivityCsv",
               tag = "Projects", params(("projectUuid" = String, Path)), responses((status = 200, body = Ok<String>)),
               extensions(("x-tier" = json!("client"))))]
pub(crate) async fn download_user_activity_csv(
    State(app): State<App>,
    project: InProject,
) -> Result<Reply<String>> {
    project.require(Action::View, Subject::Analytics)?;
    let text = csv::text(&Usage::read(&app, &project).await?);

    let tag = app.random.url_safe::<18>();
    let name = FileName::export(project.id(), QueryId::new(&app.random), &tag, "csv");
    let mut file = app.files.create(&name).await?;
    file.write(text.as_bytes()).await?;
    file.finish().await?;
    let now = app.clock.now();
    let day: String = now.to_string().chars().take(10).collect();
    let link = Link {
        project: project.id(),
        file: name,
        disposition: format!("attachment; filename=\"user-activity-{day}.csv\""),
        media_type: "text/csv; charset=utf-8".to_owned(),
        bytes: text.len() as u64,
    };
    Ok(Reply(app.files.link(&link, LINK, now).await?))
}
