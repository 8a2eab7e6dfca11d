use insta::assert_snapshot;
use testing::TestApp;

use crate::api;

const OPTIONS: &str = "/api/v1/user/login-options";

#[tokio::test]
async fn the_answer_is_the_same_for_every_address() {
    let app = TestApp::new(api()).await;
    app.user("ana@example.com").await;
    let reply = app.anonymous().get(OPTIONS).await;
    assert_snapshot!(reply, @r#"
    200 {
      "results": {
        "forceRedirect": false,
        "showOptions": [
          "email"
        ]
      },
      "status": "ok"
    }
    "#);
    for email in [
        "",
        "ana@example.com",
        "ANA%40example.com",
        "nobody@example.com",
        "not-an-address",
    ] {
        let path = format!("{OPTIONS}?email={email}");
        assert_eq!(app.anonymous().get(&path).await.text, reply.text, "{email}");
    }
}

#[tokio::test]
async fn where_passwords_are_turned_off_there_is_no_option() {
    let app = TestApp::with(api(), &[("ZERODASH_PASSWORD_LOGIN", "false")]).await;
    assert_snapshot!(app.anonymous().get(OPTIONS).await, @r#"
    200 {
      "results": {
        "forceRedirect": false,
        "showOptions": []
      },
      "status": "ok"
    }
    "#);
}

#[tokio::test]
async fn an_address_that_comes_twice_or_is_no_text_is_refused() {
    let app = TestApp::new(api()).await;
    let path = format!("{OPTIONS}?email=a@example.com&email=b@example.com");
    assert_snapshot!(app.anonymous().get(&path).await, @r#"
    422 {
      "error": {
        "data": {
          "email": {
            "message": "invalid string value",
            "value": [
              "a@example.com",
              "b@example.com"
            ]
          }
        },
        "message": "",
        "name": "ValidateError",
        "statusCode": 422
      },
      "status": "error"
    }
    "#);
    for raw in ["%FF", "a%00b"] {
        let reply = app.anonymous().get(&format!("{OPTIONS}?email={raw}")).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "{raw}");
    }
}

#[tokio::test]
async fn looking_options_up_is_limited_per_address() {
    let limit = [("ZERODASH_LIMIT_LOGIN_OPTIONS_ADDRESS", "2/600")];
    let app = TestApp::with(api(), &limit).await;
    let ask = async |address: &str| app.anonymous().at(address).get(OPTIONS).await;
    ask("192.0.2.7").await.ok();
    ask("192.0.2.7").await.ok();
    let refused = ask("192.0.2.7").await;
    assert_eq!(refused.refusal(), "429 TooManyRequestsError");
    assert_eq!(refused.header("retry-after"), Some("600"));
    // A household has many addresses of one network, and nobody chooses their own.
    ask("2001:db8:1:2::1").await.ok();
    ask("2001:db8:1:2::2").await.ok();
    assert_eq!(
        ask("2001:db8:1:2::3").await.refusal(),
        "429 TooManyRequestsError"
    );
    ask("2001:db8:1:3::1").await.ok();
    let forged = app.anonymous().at("192.0.2.7");
    let reply = forged
        .get(OPTIONS)
        .header("x-forwarded-for", "198.51.100.9")
        .await;
    assert_eq!(reply.refusal(), "429 TooManyRequestsError");
}

#[tokio::test]
async fn behind_our_own_proxy_the_address_that_it_vouches_for_counts() {
    let settings = [
        ("ZERODASH_LIMIT_LOGIN_OPTIONS_ADDRESS", "1/600"),
        ("ZERODASH_TRUSTED_HOPS", "1"),
    ];
    let app = TestApp::with(api(), &settings).await;
    let ask = async |forwarded: &str| {
        let proxy = app.anonymous().at("10.0.0.1");
        proxy
            .get(OPTIONS)
            .header("x-forwarded-for", forwarded)
            .await
            .refusal()
    };
    assert_eq!(ask("198.51.100.1").await, "200 (no error)");
    assert_eq!(ask("198.51.100.2").await, "200 (no error)");
    // What the caller wrote in front of it is worth nothing.
    assert_eq!(
        ask("203.0.113.9, 198.51.100.1").await,
        "429 TooManyRequestsError"
    );
}
