use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

#[tokio::test]
async fn an_invitation_is_a_mail_with_a_link() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    let body = json!({ "email": "bob@example.com", "role": "editor" });
    let made = ana.post("/api/v1/invite-links").json(&body).await;
    let code = made.json()["results"]["inviteCode"].clone();
    app.work(worker::run).await;

    let mails = app.mails();
    let mail = mails.last().expect("a mail");
    assert!(mail.contains(&format!("/invite/{}?from=email", code.as_str().unwrap())));
    assert_snapshot!(mail);
}

#[tokio::test]
async fn access_to_a_project_is_a_mail_that_says_who_gave_it() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    app.viewer("bob@example.com").await;
    let project = app.project("ana@example.com", "Jaffle").await;
    let body = json!({ "email": "bob@example.com", "role": "editor", "sendEmail": true });
    let path = format!("/api/v1/projects/{}/access", project.id);
    ana.post(&path).json(&body).await.ok();
    app.work(worker::run).await;
    assert_snapshot!(app.mails().last().expect("a mail"));
}
