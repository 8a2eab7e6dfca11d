use app::domain::{content::ContentKind, project::Project};
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::code::{ANA, BOB, document, download, of, text, upload};

/// Ana, a project, and the id of a preview of it.
async fn setting(app: &TestApp) -> (Actor<'_>, Project, Project) {
    let ana = app.admin(ANA, "Acme").await;
    let sales = app.project(ANA, "Sales").await;
    let body = json!({
        "name": "Preview", "type": "PREVIEW", "dbtVersion": "latest", "dbtConnection": { "type": "none" },
        "upstreamProjectUuid": sales.id,
    });
    let made = ana.post("/api/v1/org/projects").json(&body).await.ok();
    let mut preview = sales.clone();
    let id = made["project"]["projectUuid"].as_str();
    preview.id = serde_json::from_value(json!(id.unwrap())).unwrap();
    (ana, sales, preview)
}

async fn chart(actor: &Actor<'_>, project: &Project, body: &Value) -> String {
    let changes = upload(actor, project, body).await.ok();
    format!(
        "/api/v1/saved/{}",
        text(&changes["charts"][0]["data"]["uuid"])
    )
}

fn actions(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| text(&one["action"])).collect()
}

#[tokio::test]
async fn a_chart_goes_from_a_preview_to_its_project() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let mut body = document("a", json!({ "type": "pie", "config": { "isDonut": true } }));
    let path = chart(&ana, &preview, &body).await;
    let before = app.items();
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["create"]);
    assert_eq!(actions(&diff["spaces"]), ["create", "create"]);
    assert_eq!(diff["dashboards"], json!([]));
    assert_eq!(app.items(), before);

    let promoted = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(promoted["projectUuid"], json!(sales.id));
    assert_eq!(promoted["slug"], "a");
    assert!(path.ends_with(&text(&promoted["oldUuid"])));
    let there = download(&ana, &sales, "").await;
    assert_eq!(there["charts"][0]["chartConfig"], body["chartConfig"]);
    assert_eq!(there["charts"][0]["spaceSlug"], "sales/this-year");

    // The same again is nothing; a change is a change.
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["no changes"]);
    let before = app.items();
    ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(app.items(), before);
    app.wait(1);
    body["metricQuery"]["limit"] = json!(3);
    chart(&ana, &preview, &body).await;
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["update"]);
    let again = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(again["uuid"], promoted["uuid"]);
    assert_eq!(again["metricQuery"]["limit"], 3);
    let index = app.app.store.index(sales.id).await.unwrap();
    assert_eq!(index.by_slug(ContentKind::Chart, "a").unwrap().latest, 2);
}

#[tokio::test]
async fn what_was_changed_there_since_is_not_taken_back() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    let path = chart(&ana, &preview, &body).await;
    ana.post(&format!("{path}/promote")).await.ok();
    app.wait(1);
    let mut there = body.clone();
    there["metricQuery"]["limit"] = json!(7);
    there["spaceSlug"] = json!("elsewhere");
    let home = chart(&ana, &sales, &there).await;
    let before = app.items();
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["no changes"]);
    let data = &diff["charts"][0]["data"];
    assert!(home.ends_with(&text(&data["uuid"])) && path.ends_with(&text(&data["oldUuid"])));
    assert_eq!(data["metricQuery"]["limit"], 7);
    // It lies where it did, and no space is made for it.
    assert_eq!(diff["spaces"].as_array().unwrap().len(), 1);
    assert_eq!(diff["spaces"][0]["action"], "no changes");
    assert_eq!(diff["spaces"][0]["data"]["path"], "elsewhere");
    let stays = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(stays["metricQuery"]["limit"], 7);
    assert_eq!(app.items(), before);

    // Another name goes there with all the rest, whatever is newer; and so does what is newer here.
    body["name"] = json!("Renamed");
    upload(&ana, &preview, &body).await.ok();
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["update"]);
    let renamed = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(renamed["name"], "Renamed");
    assert_eq!(renamed["metricQuery"]["limit"], 500);
    assert_eq!(renamed["spaceSlug"], "sales/this-year");
    app.wait(1);
    body["metricQuery"]["limit"] = json!(8);
    upload(&ana, &preview, &body).await.ok();
    let newer = ana.post(&format!("{path}/promote")).await.ok();
    assert_eq!(newer["metricQuery"]["limit"], 8);
}

#[tokio::test]
async fn what_cannot_be_promoted_says_why() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let body = document("a", json!({ "type": "table" }));
    let at_home = chart(&ana, &sales, &body).await;
    for rest in ["promoteDiff", "promote"] {
        let path = format!("{at_home}/{rest}");
        let reply = match rest {
            "promote" => ana.post(&path).await,
            _ => ana.get(&path).await,
        };
        assert_eq!(reply.refusal(), "404 NotFoundError", "{rest}");
    }
    let mut within = document("b", json!({ "type": "table" }));
    within["dashboardSlug"] = json!("board");
    let path = chart(&ana, &preview, &within).await;
    ana.get(&format!("{path}/promoteDiff")).await.ok();
    let reply = ana.post(&format!("{path}/promote")).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    let nobodys = "/api/v1/saved/00000000-0000-4000-8000-000000000000/promote";
    assert_eq!(ana.post(nobodys).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_diff_is_for_those_who_may_see_the_chart() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    let hidden = chart(&ana, &preview, &body).await;
    body["slug"] = json!("b");
    body["spaceSlug"] = json!("open");
    body["publicSpaceCreate"] = json!(true);
    let open = chart(&ana, &preview, &body).await;
    let bob = app.in_role(BOB, "viewer").await;
    let reply = bob.get(&format!("{hidden}/promoteDiff")).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    bob.get(&format!("{open}/promoteDiff")).await.ok();
    let reply = bob.post(&format!("{open}/promote")).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    assert_eq!(download(&ana, &sales, "").await["total"], 0);
    // What is private here is private there, and whoever was let in is let in there.
    ana.post(&format!("{hidden}/promote")).await.ok();
    let spaces = app.app.store.spaces(sales.id).await.unwrap();
    assert!(spaces.at_path("sales").unwrap().is_private);
    assert!(spaces.at_path("open").is_none());
    let list = ana.get(&of(&sales, "/spaces")).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nothing_goes_into_a_space_that_the_caller_may_not_change() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let in_space = |slug: &str, space: &str, is_public: bool| {
        let mut body = document(slug, json!({ "type": "table" }));
        body["spaceSlug"] = json!(space);
        body["publicSpaceCreate"] = json!(is_public);
        body
    };
    let shut = chart(&ana, &preview, &in_space("a", "shut/deep", true)).await;
    let open = chart(&ana, &preview, &in_space("b", "open/deep", true)).await;
    // What is public in the preview may be private in its project.
    chart(&ana, &sales, &in_space("c", "shut", false)).await;
    chart(&ana, &sales, &in_space("d", "open", true)).await;
    let bob = app.in_role(BOB, "developer").await;
    for reply in [
        bob.get(&format!("{shut}/promoteDiff")).await,
        bob.post(&format!("{shut}/promote")).await,
    ] {
        assert_eq!(reply.refusal(), "403 ForbiddenError");
    }
    let spaces = app.app.store.spaces(sales.id).await.unwrap();
    assert!(spaces.at_path("shut.deep").is_none());
    bob.get(&format!("{open}/promoteDiff")).await.ok();
    let promoted = bob.post(&format!("{open}/promote")).await.ok();
    assert_eq!(promoted["spacePath"], "open.deep");
    ana.post(&format!("{shut}/promote")).await.ok();
}

#[tokio::test]
async fn a_diff_tells_nothing_of_what_is_private_there() {
    let app = TestApp::new(local::api()).await;
    let (ana, sales, preview) = setting(&app).await;
    let mut body = document("a", json!({ "type": "table" }));
    body["spaceSlug"] = json!("open");
    body["publicSpaceCreate"] = json!(true);
    let path = chart(&ana, &preview, &body).await;
    let bob = app.in_role(BOB, "viewer").await;
    bob.get(&format!("{path}/promoteDiff")).await.ok();
    body["name"] = json!("Another");
    body["spaceSlug"] = json!("hidden");
    body["publicSpaceCreate"] = json!(false);
    upload(&ana, &sales, &body).await.ok();
    let reply = bob.get(&format!("{path}/promoteDiff")).await;
    assert_eq!(reply.refusal(), "403 ForbiddenError");
    let diff = ana.get(&format!("{path}/promoteDiff")).await.ok();
    assert_eq!(actions(&diff["charts"]), ["update"]);
}
