use app::domain::access::ProjectRole;
use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

const ANA: &str = "ana@acme.com";

#[tokio::test]
async fn whoever_manages_a_project_reads_which_groups_have_a_role_in_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let mia = app.in_role("mia@acme.com", "member").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let sales = app.project(ANA, "Sales").await;
    let other = app.project(ANA, "Other").await;
    let path = format!("/api/v1/projects/{}/groupAccesses", sales.id);
    assert_eq!(ana.get(&path).await.ok(), json!([]));
    let group = app.group(ANA, "Group", &["mia@acme.com"]).await;
    app.grant_group(&sales, &group, ProjectRole::Admin).await;
    app.grant_group(&other, &group, ProjectRole::Viewer).await;
    assert_snapshot!(ana.get(&path).await, @r#"
    200 {
      "results": [
        {
          "groupUuid": "0eda6ec7-c9b9-41b4-9dd8-34f897e9a7cd",
          "projectUuid": "8c3f4870-ba68-4d0d-8c9b-ce90c70a4ba5",
          "role": "admin"
        }
      ],
      "status": "ok"
    }
    "#);
    // By the group itself.
    mia.get(&path).await.ok();
    assert_eq!(dev.get(&path).await.refusal(), "403 ForbiddenError");
    let elsewhere = format!("/api/v1/projects/{}/groupAccesses", other.id);
    assert_eq!(mia.get(&elsewhere).await.refusal(), "403 ForbiddenError");
}
