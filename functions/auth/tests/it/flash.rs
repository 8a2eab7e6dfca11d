use testing::TestApp;

use crate::api;

#[tokio::test]
async fn there_are_no_messages_and_no_cookie_for_reading_them() {
    let app = TestApp::new(api()).await;
    let reply = app.anonymous().get("/api/v1/flash").await;
    assert_eq!(reply.text, r#"{"status":"ok","results":{}}"#);
    assert_eq!(reply.header("set-cookie"), None);
}
