//! Who uses a project, and what of it: for its admins, over the weeks that are kept (reference 26, contract "Projects").

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use app::{
    App, InProject, Ok, Reply, Result,
    domain::{
        access::{Action, Role, Subject},
        activity::{Activity, weeks_until},
        content::ContentKind,
        id::{ContentId, QueryId, UserId},
        organization::Member,
    },
    files::{FileName, Link},
};
use axum::extract::State;
use saved::Contents;
use serde::Serialize;
use utoipa::ToSchema;

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
    /// The week's Monday.
    date: String,
    num_7d_active_users: String,
    percent_7d_active_users: String,
}

/// How much those asked who asked anything in a week.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WeeklyAverageQueries {
    /// The week's Monday.
    date: String,
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

/// The people of a project, and what they did.
struct Usage {
    /// Those who get into it, with their role there.
    people: BTreeMap<UserId, (Member, Role)>,
    did: Vec<Activity>,
}

impl Usage {
    /// Reads the members of the organisation, the roles in the project and what was noted.
    async fn read(app: &App, project: &InProject) -> Result<Self> {
        let (store, id) = (&app.store, project.id());
        let ((members, _), own, groups, did) = tokio::try_join!(
            store.members(project.organization(), None, None),
            store.project_members(id),
            store.project_groups(id),
            store.activity(id, app.clock.now()),
        )?;
        let own: BTreeMap<_, _> = own.into_iter().collect();
        let groups: BTreeMap<_, _> = groups.into_iter().collect();
        let role = |member: &Member| {
            let groups = member.groups.iter().filter_map(|group| groups.get(group));
            let roles = own.get(&member.user).into_iter().chain(groups);
            let roles = roles.map(|role| Role::from(*role)).chain(member.role);
            roles.max().filter(|role| *role > Role::Member)
        };
        let inside = members.into_iter().filter_map(|member| {
            let role = role(&member).filter(|_| member.is_active && !member.is_pending)?;
            Some((member.user, (member, role)))
        });
        Ok(Self {
            people: inside.collect(),
            did,
        })
    }

    fn in_role(&self, roles: &[Role]) -> usize {
        let people = self.people.values();
        people.filter(|(_, role)| roles.contains(role)).count()
    }

    fn user(&self, id: UserId, count: Option<u64>) -> Option<UserWithCount> {
        let (member, _) = self.people.get(&id)?;
        Some(UserWithCount {
            user_uuid: id,
            first_name: member.first_name.clone(),
            last_name: member.last_name.clone(),
            count,
        })
    }

    /// Who is first, the most first; those who are gone are left out.
    fn first(&self, counts: &BTreeMap<UserId, u64>) -> Vec<UserWithCount> {
        let counts = counts.iter().filter(|(_, count)| **count > 0);
        let users = counts.filter_map(|(id, count)| self.user(*id, Some(*count)));
        let mut users: Vec<_> = users.collect();
        users.sort_by_key(|user| Reverse(user.count));
        users.truncate(FIRST);
        users
    }

    /// How many queries each ran.
    fn queries(&self) -> BTreeMap<UserId, u64> {
        let mut queries: BTreeMap<UserId, u64> = BTreeMap::new();
        for one in &self.did {
            *queries.entry(one.user).or_default() += one.queries;
        }
        queries
    }

    /// Those who asked nothing, by name.
    fn idle(&self, queries: &BTreeMap<UserId, u64>) -> Vec<UserWithCount> {
        let asked = |id: &UserId| queries.get(id).is_some_and(|count| *count > 0);
        let idle = self.people.keys().filter(|id| !asked(id));
        let mut idle: Vec<_> = idle.filter_map(|id| self.user(*id, None)).collect();
        idle.sort_by(|a, b| {
            (&a.first_name, &a.last_name, a.user_uuid).cmp(&(
                &b.first_name,
                &b.last_name,
                b.user_uuid,
            ))
        });
        idle.truncate(FIRST);
        idle
    }

    /// How many asked something, and how much, in a week.
    fn in_week(&self, week: &str) -> (usize, u64) {
        let week = self.did.iter().filter(|one| one.week == week);
        let week = week.filter(|one| one.queries > 0 && self.people.contains_key(&one.user));
        week.fold((0, 0), |(people, queries), one| {
            (people + 1, queries + one.queries)
        })
    }

    /// How many asked something since an instant.
    fn since(&self, instant: app::Timestamp) -> usize {
        let lately = |one: &&Activity| one.last_query_at.is_some_and(|at| at > instant);
        let users = self.did.iter().filter(lately).map(|one| one.user);
        let users: BTreeSet<_> = users.collect();
        let inside = users.iter().filter(|id| self.people.contains_key(*id));
        inside.count()
    }

    /// The dashboard that each opened most, the most opened first.
    fn favourites(&self, contents: &Contents<'_>) -> Vec<UserMostViewedDashboard> {
        let mut opened: BTreeMap<(UserId, ContentId), u64> = BTreeMap::new();
        for one in &self.did {
            if let Some(dashboard) = one.dashboard {
                *opened.entry((one.user, dashboard)).or_default() += one.dashboard_views;
            }
        }
        let mut opened: Vec<_> = opened.into_iter().collect();
        opened.sort_by_key(|(_, count)| Reverse(*count));
        let mut seen = BTreeSet::new();
        let first = opened.into_iter().filter_map(|((user, dashboard), count)| {
            let head = contents.index.get(ContentKind::Dashboard, dashboard)?;
            let user = self.user(user, Some(count))?;
            seen.insert(user.user_uuid)
                .then(|| UserMostViewedDashboard {
                    user,
                    dashboard_name: head.name.clone(),
                })
        });
        first.take(FIRST).collect()
    }
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
            let (people, queries) = usage.in_week(&week);
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
                date: week.clone(),
                num_7d_active_users: people.to_string(),
                percent_7d_active_users: share(100.0 * *people as f64, users),
            })
            .collect(),
        chart_weekly_average_queries: weeks
            .iter()
            .map(|(week, people, queries)| WeeklyAverageQueries {
                date: week.clone(),
                average_number_of_weekly_queries_per_user: share(*queries as f64, *people),
            })
            .collect(),
        dashboard_views,
        user_most_viewed_dashboards: usage.favourites(contents),
        chart_views,
    }
}

/// A cell of a CSV file. What a spreadsheet would take for a formula is text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// What was noted as CSV: a line for each person and week.
fn csv(usage: &Usage) -> String {
    let mut lines: BTreeMap<(&str, UserId), [u64; 3]> = BTreeMap::new();
    for one in &usage.did {
        let [queries, charts, dashboards] = lines.entry((one.week.as_str(), one.user)).or_default();
        *queries += one.queries;
        *charts += one.chart_views;
        *dashboards += one.dashboard_views;
    }
    let mut text =
        "week,user_uuid,first_name,last_name,queries,chart_views,dashboard_views\n".to_owned();
    for ((week, user), [queries, charts, dashboards]) in lines {
        let known = usage.people.get(&user);
        let name = |of: fn(&Member) -> &str| cell(known.map_or("", |(member, _)| of(member)));
        let (first, last) = (
            name(|member| member.first_name.as_str()),
            name(|member| member.last_name.as_str()),
        );
        let line = format!("{week},{user},{first},{last},{queries},{charts},{dashboards}\n");
        text.push_str(&line);
    }
    text
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
    let text = csv(&Usage::read(&app, &project).await?);

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
