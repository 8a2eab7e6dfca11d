//! Rows that are asked once for all who see the same, and for nobody else.

use serde_json::json;
use testing::TestApp;

use crate::shop::{compared, explore, numbers, open, open_with, series};

const ONE_HOUR: [(&str, &str); 1] = [("ZERODASH_RESULTS_CACHE_SECONDS", "3600")];
const YEAR: (&str, &str) = ("2024-01-01", "2024-12-31");

#[tokio::test]
async fn what_was_asked_answers_the_next_until_it_is_old() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let (ana, project) = open(&app).await;
    let vic = app.viewer("vic@acme.com").await;
    let body = compared(&json!({ "comparison": "previous_period" }), None);
    let first = series(&ana, &project, "customers", YEAR, &body).await.ok();
    assert!(!numbers(&first).is_empty());
    assert_eq!(app.warehouse.asked().len(), 2);
    app.wait(59);
    let second = series(&vic, &project, "customers", YEAR, &body).await.ok();
    assert_eq!(second, first);
    assert_eq!(app.warehouse.asked().len(), 2);
    // Other days are other questions.
    let half = ("2024-01-01", "2024-06-30");
    series(&vic, &project, "customers", half, &body).await.ok();
    assert_eq!(app.warehouse.asked().len(), 4);
    app.wait(2);
    series(&ana, &project, "customers", YEAR, &body).await.ok();
    assert_eq!(app.warehouse.asked().len(), 6);
}

#[tokio::test]
async fn without_the_setting_everything_is_asked() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let body = compared(&json!({ "comparison": "previous_period" }), None);
    for asked in [2, 4] {
        series(&ana, &project, "customers", YEAR, &body).await.ok();
        assert_eq!(app.warehouse.asked().len(), asked);
    }
}

#[tokio::test]
async fn what_a_login_of_ones_own_saw_is_not_for_somebody_else() {
    let app = TestApp::with(local::api(), &ONE_HOUR).await;
    let own = json!({ "requireUserCredentials": true });
    let (ana, project) = open_with(&app, &explore(), &own).await;
    let bob = app.in_role("bob@acme.com", "interactive_viewer").await;
    let body = compared(&json!({ "comparison": "previous_period" }), None);
    for (who, asked) in [(&ana, 2), (&bob, 4)] {
        let login = json!({ "name": "mine", "credentials": { "type": "postgres", "user": "same", "password": "pass-word-1" } });
        let login = who.post("/api/v1/user/warehouseCredentials").json(&login);
        login.await.ok();
        for _ in 0..2 {
            series(who, &project, "customers", YEAR, &body).await.ok();
            assert_eq!(app.warehouse.asked().len(), asked);
        }
    }
}
