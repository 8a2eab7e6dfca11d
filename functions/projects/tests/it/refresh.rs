use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

const ANA: &str = "ana@acme.com";

#[tokio::test]
async fn a_compilation_ends_at_once_and_says_what_to_do_instead() {
    let app = TestApp::with(local::api(), &[("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")]).await;
    let ana = app.admin(ANA, "Acme").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    let guest = app.in_role("gus@acme.com", "member").await;
    let bob = app.admin("bob@other.com", "Other").await;
    let project = app.project(ANA, "Sales").await.id;
    let path = format!("/api/v1/projects/{project}/refresh");
    assert_eq!(ed.post(&path).await.refusal(), "403 ForbiddenError");
    let begun = dev.post(&path).header("idempotency-key", "once").await.ok();
    let again = dev.post(&path).header("idempotency-key", "once").await.ok();
    assert_eq!(again, begun);
    let job = format!("/api/v1/jobs/{}", begun["jobUuid"].as_str().unwrap());
    let seen = ana.get(&job).await.ok();
    assert_eq!(seen["jobStatus"], "ERROR");
    assert_eq!(seen["projectUuid"], json!(project));
    assert_snapshot!(seen["steps"][0]["stepError"], @r#""This server does not run dbt. Compile the project where dbt is, and deploy it with the command-line client: `lightdash deploy`""#);
    assert_eq!(seen["steps"][0]["stepType"], "COMPILING");
    assert_eq!(seen["steps"][0]["stepStatus"], "ERROR");
    for who in [&guest, &bob] {
        assert_eq!(who.get(&job).await.refusal(), "404 NotFoundError");
    }
    for unknown in ["00000000-0000-4000-8000-000000000000", "x"] {
        let path = format!("/api/v1/jobs/{unknown}");
        assert_eq!(ana.get(&path).await.refusal(), "404 NotFoundError");
    }
    app.wait(60 * 24 * 8);
    let ana = app.anonymous();
    let body = json!({ "email": ANA, "password": testing::PASSWORD });
    ana.post("/api/v1/login").json(&body).await.ok();
    assert_eq!(ana.get(&job).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn nobody_proves_to_be_dbt_cloud() {
    let app = TestApp::new(local::api()).await;
    app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await.id.to_string();
    let before = app.items();
    for project in [
        project.as_str(),
        "00000000-0000-4000-8000-000000000000",
        "x",
    ] {
        let path = format!("/api/v1/projects/{project}/dbt-cloud/webhook");
        let event = json!({ "eventType": "job.run.completed", "data": { "runId": "1" } });
        let refused = app.anonymous().post(&path).json(&event).await;
        assert_eq!(refused.refusal(), "403 ForbiddenError");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn charts_define_no_metrics_before_there_are_charts() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await.id;
    let path = format!("/api/v1/projects/{project}/custom-metrics");
    assert_eq!(ana.get(&path).await.ok(), json!([]));
}
