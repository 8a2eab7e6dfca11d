use insta::assert_snapshot;
use testing::TestApp;

use crate::api;

#[tokio::test]
async fn a_flag_is_on_where_the_configuration_names_it() {
    let app = TestApp::with(api(), &[("ZERODASH_FEATURE_FLAGS", "new-home, beta")]).await;
    let ask = async |flag: &str| {
        let path = format!("/api/v2/feature-flag/{flag}");
        app.anonymous().get(&path).await
    };
    assert_snapshot!(ask("beta").await, @r#"
    200 {
      "results": {
        "enabled": true,
        "id": "beta"
      },
      "status": "ok"
    }
    "#);
    assert_snapshot!(ask("Beta").await, @r#"
    200 {
      "results": {
        "enabled": false,
        "id": "Beta"
      },
      "status": "ok"
    }
    "#);
    let odd = ask("%2e%2F%C3%A9").await.ok();
    assert_eq!(
        (&odd["id"], &odd["enabled"]),
        (&"./é".into(), &false.into())
    );
}
