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

#[tokio::test]
async fn a_mention_is_a_mail_with_a_link_to_the_dashboard() {
    let app = TestApp::new(local::api()).await;
    let ana = app.admin("ana@example.com", "Acme").await;
    app.viewer("bob@example.com").await;
    let bob = app.account("bob@example.com").await.id;
    let project = app.project("ana@example.com", "Jaffle").await.id;
    let spaces = format!("/api/v1/projects/{project}/spaces");
    let body = json!({ "name": "Public", "isPrivate": false });
    let space = ana.post(&spaces).json(&body).await.ok()["uuid"].clone();
    let tile = json!({ "uuid": "a", "type": "markdown", "x": 0, "y": 0, "w": 6, "h": 4,
                       "properties": { "title": "", "content": "" } });
    let body = json!({ "name": "Sales & <More>", "tiles": [tile], "tabs": [], "spaceUuid": space });
    let dashboards = format!("/api/v1/projects/{project}/dashboards");
    let made = ana.post(&dashboards).json(&body).await;
    let dashboard = made.json()["results"]["uuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/comments/dashboards/{dashboard}/a");
    let body = json!({ "text": "Look", "textHtml": "", "mentions": [bob] });
    ana.post(&path).json(&body).await.ok();
    app.work(worker::run).await;
    let mails = app.mails();
    let mail = mails.last().expect("a mail");
    assert!(mail.contains(&format!("/dashboards/{dashboard}/view")));
    assert_snapshot!(mail);

    // One that is gone is not told of.
    ana.post(&path).json(&body).await.ok();
    let gone = format!("/api/v1/dashboards/{dashboard}");
    ana.delete(&gone).await.ok();
    app.work(worker::run).await;
    assert_eq!(app.mails().len(), mails.len());
}
