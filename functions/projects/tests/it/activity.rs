use serde_json::{Value, json};
use testing::{Says, TestApp};

const ANA: &str = "ana@acme.com";

fn activity(project: &str) -> String {
    format!("/api/v1/analytics/user-activity/{project}")
}

/// Ana's project, whose warehouse answers no row whatever it is asked.
async fn open(app: &TestApp) -> (testing::Actor<'_>, String) {
    let ana = app.admin(ANA, "Acme").await;
    app.warehouse.always(Says::Rows(Vec::new(), Vec::new()));
    let project = ana.open_project("Sales", &json!({}), &[]).await;
    (ana, project)
}

/// The CSV file of who did how much.
async fn download(app: &TestApp, ana: &testing::Actor<'_>, project: &str) -> String {
    let link = ana.post(&format!("{}/download", activity(project))).await;
    let link = link.ok();
    let token = link.as_str().unwrap().rsplit('/').next().unwrap();
    let link = app.app.files.follow(token, app.app.clock.now()).unwrap();
    let bytes = app.app.files.read(&link.file, 0, 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn admins_see_who_uses_a_project() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    app.in_role("mem@acme.com", "member").await;
    app.in_role("vic@acme.com", "viewer").await;
    let ask = format!("/api/v2/projects/{project}/query/sql");
    for _ in 0..3 {
        let body = json!({ "sql": "SELECT 1" });
        dev.post(&ask).json(&body).await.ok();
    }
    let seen = ana.get(&activity(&project)).await.ok();
    // Members without a role do not get in.
    assert_eq!(seen["numberUsers"], 3);
    assert_eq!(seen["numberAdmins"], 1);
    assert_eq!(seen["numberEditors"], 1);
    assert_eq!(seen["numberViewers"], 1);
    assert_eq!(seen["numberInteractiveViewers"], 0);
    assert_eq!(seen["numberWeeklyQueryingUsers"], 1);
    let id = app.account("dev@acme.com").await.id.to_string();
    assert_eq!(seen["tableMostQueries"][0]["userUuid"], json!(id));
    assert_eq!(seen["tableMostQueries"][0]["count"], 3);
    assert_eq!(seen["tableNoQueries"].as_array().unwrap().len(), 2);
    let weeks = seen["chartWeeklyQueryingUsers"].as_array().unwrap();
    let last = json!({ "date": "2026-01-26T00:00:00.000Z", "num_7d_active_users": "1", "percent_7d_active_users": "33.33" });
    assert_eq!(weeks.last().unwrap(), &last);
    let averages = seen["chartWeeklyAverageQueries"].as_array().unwrap();
    let last = json!({ "date": "2026-01-26T00:00:00.000Z", "average_number_of_weekly_queries_per_user": "3.00" });
    assert_eq!(averages.last().unwrap(), &last);
    // A week later nobody has asked anything lately.
    app.wait(8 * 24 * 60);
    let body = json!({ "email": ANA, "password": testing::PASSWORD });
    let ana = app.anonymous();
    ana.post("/api/v1/login").json(&body).await.ok();
    let later = ana.get(&activity(&project)).await.ok();
    assert_eq!(later["numberWeeklyQueryingUsers"], 0);
    assert_eq!(later["tableMostQueries"][0]["count"], 3);
}

#[tokio::test]
async fn views_and_created_charts_are_told() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let body = json!({ "name": "Reports", "isPrivate": false });
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let space = ana.post(&spaces).json(&body).await.ok();
    let config = json!({ "type": "table", "metadata": { "version": 1 } });
    let chart = json!({
        "name": "One", "description": null, "sql": "SELECT 1", "limit": 1, "config": config, "spaceUuid": space["uuid"],
    });
    let saved = format!("/api/v1/projects/{project}/sqlRunner/saved");
    let made = ana.post(&saved).json(&chart).await.ok();
    let id = made["savedSqlUuid"].as_str().unwrap();
    ana.get(&format!("{saved}/{id}/results-job")).await.ok();
    let seen = ana.get(&activity(&project)).await.ok();
    assert_eq!(
        seen["chartViews"],
        json!([{ "uuid": id, "name": "One", "count": 1 }])
    );
    assert_eq!(seen["tableMostCreatedCharts"][0]["count"], 1);
    assert_eq!(seen["dashboardViews"], json!([]));
    assert_eq!(seen["userMostViewedDashboards"], json!([]));

    let text = download(&app, &ana, &project).await;
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("week,user_uuid,first_name,last_name,queries,chart_views,dashboard_views")
    );
    let line = lines.next().unwrap();
    assert!(
        line.starts_with("2026-01-26,") && line.ends_with(",1,1,0"),
        "{line}"
    );
    assert_eq!(lines.next(), None);
}

#[tokio::test]
async fn who_opens_charts_and_dashboards_is_told() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let vic = app.in_role("vic@acme.com", "viewer").await;
    let body = json!({ "name": "Reports", "isPrivate": false });
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let space = ana.post(&spaces).json(&body).await.ok();
    let place = (project.as_str(), space["uuid"].as_str().unwrap());
    let query = json!({
        "exploreName": "orders", "dimensions": [], "metrics": ["orders_count"], "filters": {}, "sorts": [], "limit": 5,
        "tableCalculations": [],
    });
    let chart = json!({ "metricQuery": query });
    let chart = app.chart(ANA, place, "Orders", &chart).await;
    let chart = format!("/api/v1/saved/{chart}");
    let board = app.dashboard(ANA, place, "Board", &[]).await;
    let board = format!("/api/v1/dashboards/{board}");
    let other = app.dashboard(ANA, place, "Other", &[]).await;
    let other = format!("/api/v1/dashboards/{other}");
    for opened in [&chart, &board, &board, &other] {
        vic.get(opened).await.ok();
    }
    ana.get(&other).await.ok();

    let seen = ana.get(&activity(&project)).await.ok();
    let favourites = seen["userMostViewedDashboards"].as_array().unwrap();
    let told = |one: &Value| {
        (
            one["userUuid"].as_str().unwrap().to_owned(),
            one["dashboardName"].as_str().unwrap().to_owned(),
            one["count"].as_u64().unwrap(),
        )
    };
    let told: Vec<_> = favourites.iter().map(told).collect();
    let (ana_id, vic_id) = (
        app.account(ANA).await.id,
        app.account("vic@acme.com").await.id,
    );
    let expected = [
        (vic_id.to_string(), "Board".to_owned(), 2),
        (ana_id.to_string(), "Other".to_owned(), 1),
    ];
    assert_eq!(told, expected);
    assert_eq!(seen["dashboardViews"].as_array().unwrap().len(), 2);

    let text = download(&app, &ana, &project).await;
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), 2);
    let of = |id: &str| lines.iter().find(|line| line.contains(id)).unwrap();
    assert!(of(&vic_id.to_string()).ends_with(",0,1,3"), "{text}");
    assert!(of(&ana_id.to_string()).ends_with(",0,0,1"), "{text}");
}

#[tokio::test]
async fn it_is_for_admins_of_the_project_alone() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let (_, project) = open(&app).await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let eve = app.admin("eve@other.com", "Other").await;
    for (who, refusal) in [(&dev, "403 ForbiddenError"), (&eve, "404 NotExistsError")] {
        let path = activity(&project);
        assert_eq!(who.get(&path).await.refusal(), refusal);
        let download = who.post(&format!("{path}/download")).await;
        assert_eq!(download.refusal(), refusal);
    }
}
