use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::Actor;

use crate::given::{ANA, BOB, Given, NOBODYS, at, installation, markdown, text, with};

const EDA: &str = "eda@example.com";
const INBOX: &str = "/api/v1/notifications?type=dashboardComments";

fn comments(dashboard: &Value) -> String {
    format!("/api/v1/comments/dashboards/{}", text(&dashboard["uuid"]))
}

fn saying(text: &str) -> Value {
    json!({ "text": text, "textHtml": format!("<p>{text}</p>"), "mentions": [] })
}

/// Comments on the tile `a`; answers the comment's id.
async fn said(actor: &Actor<'_>, dashboard: &Value, body: &Value) -> String {
    let path = format!("{}/a", comments(dashboard));
    text(&actor.post(&path).json(body).await.ok())
}

fn messages(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| text(&one["message"])).collect()
}

#[tokio::test]
async fn a_thread_is_shown_by_its_tile_oldest_first() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let bob = app.in_role(BOB, "interactive_viewer").await;
    let made = given
        .made(&with(&json!([markdown("a"), markdown("b")])))
        .await;
    let html = "<b>Look</b><script>alert(1)</script>";
    let body = json!({ "text": "Look", "textHtml": html, "mentions": [], "replyTo": null });
    let first = said(&given.ana, &made, &body).await;
    app.wait(1);
    let mut reply = saying("I see");
    reply["replyTo"] = json!(first);
    let second = said(&bob, &made, &reply).await;
    app.wait(1);
    // An answer to an answer is one to the thread.
    reply["replyTo"] = json!(second);
    said(&given.ana, &made, &reply).await;
    app.wait(1);
    said(&bob, &made, &saying("Later")).await;

    let shown = bob.get(&comments(&made)).await;
    assert_snapshot!(shown, @r#"
    200 {
      "results": {
        "a": [
          {
            "canRemove": false,
            "commentId": "019c1363-49c0-702e-900a-3fea7a12ee75",
            "createdAt": "2026-01-31T09:30:00.000Z",
            "mentions": [],
            "replies": [
              {
                "canRemove": true,
                "commentId": "019c1364-3420-72fd-8d4d-4cf496d443d1",
                "createdAt": "2026-01-31T09:31:00.000Z",
                "mentions": [],
                "replyTo": "019c1363-49c0-702e-900a-3fea7a12ee75",
                "resolved": false,
                "text": "I see",
                "textHtml": "<p>I see</p>",
                "user": {
                  "name": "bob Test"
                }
              },
              {
                "canRemove": false,
                "commentId": "019c1365-1e80-796f-8b3c-c3c0bb4f8720",
                "createdAt": "2026-01-31T09:32:00.000Z",
                "mentions": [],
                "replyTo": "019c1363-49c0-702e-900a-3fea7a12ee75",
                "resolved": false,
                "text": "I see",
                "textHtml": "<p>I see</p>",
                "user": {
                  "name": "ana Test"
                }
              }
            ],
            "resolved": false,
            "text": "Look",
            "textHtml": "<b>Look</b>",
            "user": {
              "name": "ana Test"
            }
          },
          {
            "canRemove": true,
            "commentId": "019c1366-08e0-789f-aa9a-51b2843583c0",
            "createdAt": "2026-01-31T09:33:00.000Z",
            "mentions": [],
            "replies": [],
            "resolved": false,
            "text": "Later",
            "textHtml": "<p>Later</p>",
            "user": {
              "name": "bob Test"
            }
          }
        ]
      },
      "status": "ok"
    }
    "#);
    let shown = shown.ok();
    assert_eq!(shown.as_object().unwrap().len(), 1);
    let threads = shown["a"].as_array().unwrap();
    assert_eq!(threads.len(), 2);
    assert_eq!(threads[0]["textHtml"], json!("<b>Look</b>"));
    assert_eq!(threads[0]["replies"].as_array().unwrap().len(), 2);
    assert_eq!(threads[0]["canRemove"], json!(false));
    assert_eq!(threads[1]["canRemove"], json!(true));

    // On a tile that the latest version does not have, it waits for the tile to come back.
    let save = json!({ "tiles": [markdown("b")] });
    given.ana.patch(&at(&made)).json(&save).await.ok();
    assert_eq!(bob.get(&comments(&made)).await.ok(), json!({}));
}

#[tokio::test]
async fn who_is_mentioned_or_commented_before_is_told_if_they_may_see_it() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let (bob, eda) = (
        app.in_role(BOB, "interactive_viewer").await,
        app.in_role(EDA, "interactive_viewer").await,
    );
    let private = given.space("Private", true).await;
    let share = format!(
        "/api/v1/projects/{}/spaces/{private}/share",
        given.project.id
    );
    let bob_id = app.account(BOB).await.id;
    let body = json!({ "userUuid": bob_id, "spaceRole": "viewer" });
    given.ana.post(&share).json(&body).await.ok();
    let mut body = with(&json!([markdown("a")]));
    body["spaceUuid"] = json!(private);
    let made = given.made(&body).await;

    said(&bob, &made, &saying("First")).await;
    let (ana_id, eda_id) = (app.account(ANA).await.id, app.account(EDA).await.id);
    let mut body = saying("Look");
    body["mentions"] = json!([bob_id, eda_id, ana_id, NOBODYS, "no id"]);
    let comment = said(&given.ana, &made, &body).await;
    app.work(worker::run).await;

    // One notice for who is both, none for who may not see it, none for the author.
    let told = bob.get(INBOX).await.ok();
    assert_eq!(
        messages(&told),
        ["ana Test tagged you in a comment on \"Sales\", tile \"Title of a\""]
    );
    assert_eq!(told[0]["resourceUuid"], json!(comment));
    assert_eq!(
        told[0]["url"],
        json!(format!("/dashboards/{}", text(&made["uuid"])))
    );
    assert_eq!(
        told[0]["metadata"]["dashboardTileName"],
        json!("Title of a")
    );
    assert_eq!(eda.get(INBOX).await.ok(), json!([]));
    assert_eq!(given.ana.get(INBOX).await.ok(), json!([]));
    let mails = app.mails();
    assert!(
        mails
            .iter()
            .any(|mail| mail.contains("To: <bob@example.com>"))
    );
    assert!(
        !mails
            .iter()
            .any(|mail| mail.contains("To: <eda@example.com>"))
    );

    // It names whom Ana named, of the organisation: nothing tells who may see it.
    let shown = bob.get(&comments(&made)).await.ok();
    let mut threads = shown["a"].as_array().unwrap().iter();
    let thread = threads.find(|one| one["commentId"] == json!(comment));
    let mentions = thread.unwrap()["mentions"].as_array().unwrap();
    assert_eq!(mentions.len(), 3, "{shown}");
    for id in [bob_id, eda_id, ana_id] {
        assert!(mentions.contains(&json!(id)), "{shown}");
    }

    // Bob answers: Ana commented before.
    said(&bob, &made, &saying("Thanks")).await;
    assert_eq!(
        messages(&given.ana.get(INBOX).await.ok()),
        ["bob Test commented on \"Sales\", tile \"Title of a\""]
    );
}

#[tokio::test]
async fn a_comment_is_deleted_by_its_author_or_who_manages_and_resolved_by_the_latter() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let (bob, eda) = (
        app.in_role(BOB, "interactive_viewer").await,
        app.in_role(EDA, "editor").await,
    );
    let made = given.made(&with(&json!([markdown("a")]))).await;
    let own = said(&bob, &made, &saying("Mine")).await;
    let mut reply = saying("Answer");
    reply["replyTo"] = json!(own);
    let answer = said(&eda, &made, &reply).await;
    let one = |id: &str| format!("{}/{id}", comments(&made));
    assert_eq!(
        bob.delete(&one(&answer)).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(bob.patch(&one(&own)).await.refusal(), "403 ForbiddenError");
    assert_eq!(bob.delete(&one(&own)).await.text, r#"{"status":"ok"}"#);
    // What answered it is gone, too.
    assert_eq!(
        eda.delete(&one(&answer)).await.refusal(),
        "404 NotFoundError"
    );
    assert_eq!(eda.delete(&one(&own)).await.refusal(), "404 NotFoundError");

    let open = said(&bob, &made, &saying("Open")).await;
    reply["replyTo"] = json!(open);
    let answer = said(&eda, &made, &reply).await;
    eda.patch(&one(&answer)).await.ok();
    eda.patch(&one(&open)).await.ok();
    assert_eq!(eda.get(&comments(&made)).await.ok(), json!({}));
    let late = bob.post(&one("a")).json(&reply).await;
    assert_eq!(late.refusal(), "400 ParameterError");
    eda.delete(&one(&open)).await.ok();
    assert_eq!(eda.patch(&one(&open)).await.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn a_comment_belongs_to_its_dashboard_and_its_tile() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given
        .made(&with(&json!([markdown("a"), markdown("b")])))
        .await;
    let other = given.made(&with(&json!([markdown("a")]))).await;
    let comment = said(&given.ana, &made, &saying("Here")).await;
    let there = format!("{}/{comment}", comments(&other));
    assert_eq!(given.ana.patch(&there).await.refusal(), "404 NotFoundError");
    assert_eq!(
        given.ana.delete(&there).await.refusal(),
        "404 NotFoundError"
    );

    let mut reply = saying("Answer");
    reply["replyTo"] = json!(comment);
    for path in [
        format!("{}/b", comments(&made)),
        format!("{}/a", comments(&other)),
    ] {
        let refused = given.ana.post(&path).json(&reply).await;
        assert_eq!(refused.refusal(), "404 NotFoundError", "{path}");
    }
    let gone = format!("{}/gone", comments(&made));
    let refused = given.ana.post(&gone).json(&saying("x")).await;
    assert_eq!(refused.refusal(), "404 NotFoundError");
}

#[tokio::test]
async fn what_is_no_comment_is_refused() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let viewer = app.viewer(BOB).await;
    let stranger = app.admin("oda@other.example", "Other").await;
    let made = given.made(&with(&json!([markdown("a")]))).await;
    let path = format!("{}/a", comments(&made));
    let before = app.items();
    let many: Vec<_> = (0..31).map(|_| NOBODYS).collect();
    for (refusal, body) in [
        (
            "400 ParameterError",
            json!({ "text": " ", "textHtml": "<script>x</script>", "mentions": [] }),
        ),
        (
            "400 ParameterError",
            json!({ "text": "x".repeat(20_001), "textHtml": "", "mentions": [] }),
        ),
        (
            "400 ParameterError",
            json!({ "text": "x", "textHtml": "x".repeat(20_001), "mentions": [] }),
        ),
        (
            "400 ParameterError",
            json!({ "text": "x", "textHtml": "x", "mentions": many }),
        ),
        (
            "404 NotFoundError",
            json!({ "text": "x", "textHtml": "x", "mentions": [], "replyTo": NOBODYS }),
        ),
        (
            "404 NotFoundError",
            json!({ "text": "x", "textHtml": "x", "mentions": [], "replyTo": "no id" }),
        ),
        ("422 ValidateError", json!({ "text": "x" })),
    ] {
        let refused = given.ana.post(&path).json(&body).await;
        assert_eq!(refused.refusal(), refusal, "{refused}");
    }
    assert_eq!(
        viewer.post(&path).json(&saying("x")).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        stranger.post(&path).json(&saying("x")).await.refusal(),
        "404 NotFoundError"
    );
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn a_comment_that_comes_twice_is_one() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let made = given.made(&with(&json!([markdown("a")]))).await;
    let path = format!("{}/a", comments(&made));
    let call = || {
        let call = given.ana.post(&path).json(&saying("Once"));
        call.header("idempotency-key", "once")
    };
    let first = call().await.ok();
    assert_eq!(call().await.ok(), first);
    let shown = given.ana.get(&comments(&made)).await.ok();
    assert_eq!(shown["a"].as_array().unwrap().len(), 1);
}
