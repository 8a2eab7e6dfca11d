use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

use crate::api;

const PALETTES: &str = "/api/v1/org/color-palettes";
const NOBODYS: &str = "6f0fbb9e-3cd0-4bd4-9b5f-0b4b5b1c2d3e";
const ANA: &str = "ana@acme.com";

fn colors(color: &str) -> Value {
    json!(vec![color; 20])
}

async fn create(ana: &Actor<'_>, name: &str) -> String {
    let sent = json!({ "name": name, "colors": colors("#123") });
    let made = ana.post(PALETTES).json(&sent).await;
    assert_eq!(made.status, 201, "{made}");
    text(&made.json()["results"]["colorPaletteUuid"])
}

async fn names(actor: &Actor<'_>) -> Vec<String> {
    let listed = actor.get(PALETTES).await.ok();
    let listed = listed.as_array().into_iter().flatten();
    listed.map(|one| text(&one["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_palette_is_made_changed_activated_and_kept_while_it_is_in_use() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    app.wait(1);
    let sent = json!({ "name": " Sea ", "colors": colors("#0A1b2C80") });
    let made = ana.post(PALETTES).json(&sent).await;
    assert_snapshot!(made, @r##"
    201 {
      "results": {
        "colorPaletteUuid": "f4ed8686-223c-4faa-a823-0b2ae000550e",
        "colors": [
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80",
          "#0A1b2C80"
        ],
        "createdAt": "2026-01-31T09:31:00.000Z",
        "name": "Sea",
        "organizationUuid": "b656ab30-9d77-4428-a650-b29d7e674170"
      },
      "status": "ok"
    }
    "##);
    let uuid = text(&made.json()["results"]["colorPaletteUuid"]);
    let path = format!("{PALETTES}/{uuid}");

    app.wait(1);
    let sent = json!({ "uuid": NOBODYS, "name": "Lake" });
    let changed = ana.patch(&path).json(&sent).await.ok();
    assert_eq!(
        (&changed["name"], &changed["colors"], &changed["createdAt"]),
        (
            &json!("Lake"),
            &colors("#0A1b2C80"),
            &json!("2026-01-31T09:31:00.000Z")
        )
    );
    let sent = json!({ "uuid": uuid, "colors": colors("#fff") });
    let changed = ana.patch(&path).json(&sent).await.ok();
    assert_eq!(
        (&changed["name"], &changed["colors"]),
        (&json!("Lake"), &colors("#fff"))
    );
    assert_eq!(
        ana.patch(&path).json(&json!({ "uuid": uuid })).await.ok(),
        changed
    );

    let active = ana.post(&format!("{path}/active")).await;
    assert_eq!(active.ok(), changed);
    let listed = ana.get(PALETTES).await.ok();
    assert_eq!(listed.as_array().unwrap().len(), 7);
    // The youngest is the last.
    let mut last = listed[6].clone();
    assert_eq!(
        last.as_object_mut().unwrap().remove("isActive"),
        Some(json!(true))
    );
    assert_eq!(last, changed);
    assert!((0..6).all(|at| listed[at]["isActive"] == false));

    let before = app.items();
    assert_snapshot!(ana.delete(&path).await, @r#"
    400 {
      "error": {
        "data": {},
        "message": "This color palette is in use, activate another one first",
        "name": "ParameterError",
        "statusCode": 400
      },
      "status": "error"
    }
    "#);
    assert_eq!(app.items(), before);
    let other = format!("{PALETTES}/{}", text(&listed[0]["colorPaletteUuid"]));
    ana.post(&format!("{other}/active")).await.ok();
    assert_snapshot!(ana.delete(&path).await, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert_eq!(ana.delete(&path).await.refusal(), "404 NotFoundError");
    assert_eq!(names(&ana).await.len(), 6);
}

#[tokio::test]
async fn every_member_lists_the_palettes_in_one_order_and_only_admins_change_them() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let mem = app.in_role("mem@acme.com", "member").await;
    let dev = app.in_role("dev@acme.com", "developer").await;
    let uuid = create(&ana, "Sea").await;
    assert_eq!(mem.get(PALETTES).await.text, ana.get(PALETTES).await.text);
    let listed = mem.get(PALETTES).await.ok();
    let keys = listed.as_array().unwrap().iter();
    let keys: Vec<_> = keys
        .map(|one| (text(&one["createdAt"]), text(&one["colorPaletteUuid"])))
        .collect();
    assert!(keys.is_sorted());

    let before = app.items();
    let path = format!("{PALETTES}/{uuid}");
    let (sent, changed) = (
        json!({ "name": "x", "colors": colors("#123") }),
        json!({ "uuid": uuid }),
    );
    for actor in [&mem, &dev] {
        for refused in [
            actor.post(PALETTES).json(&sent).await,
            actor.patch(&path).json(&changed).await,
            actor.delete(&path).await,
            actor.post(&format!("{path}/active")).await,
        ] {
            assert_eq!(refused.refusal(), "403 ForbiddenError");
        }
    }
    let stranger = app.user("eve@other.com").await;
    assert_snapshot!(stranger.get(PALETTES).await, @r#"
    404 {
      "error": {
        "data": {},
        "message": "Organization does not exist",
        "name": "NotExistsError",
        "statusCode": 404
      },
      "status": "error"
    }
    "#);
    assert_eq!(
        stranger.post(PALETTES).json(&sent).await.refusal(),
        "403 ForbiddenError"
    );
    assert_eq!(
        app.anonymous().get(PALETTES).await.refusal(),
        "401 AuthorizationError"
    );
    let mut after = app.items();
    after.retain(|key, _| before.contains_key(key));
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_palette_that_breaks_a_rule_is_refused() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let path = format!("{PALETTES}/{}", create(&ana, "Sea").await);
    let before = app.items();
    let many = json!(vec!["#123"; 21]);
    let with_script = json!([vec!["#123"; 19], vec!["</style>"]].concat());
    for (name, colors) in [
        ("", colors("#123")),
        (" \t", colors("#123")),
        ("a\nb", colors("#123")),
        (&"x".repeat(256), colors("#123")),
        ("x", json!([])),
        ("x", many),
        ("x", colors("red")),
        ("x", colors("#1234")),
        ("x", with_script),
    ] {
        let sent = json!({ "uuid": NOBODYS, "name": name, "colors": colors });
        for reply in [
            ana.post(PALETTES).json(&sent).await,
            ana.patch(&path).json(&sent).await,
        ] {
            assert_eq!(reply.refusal(), "400 ParameterError", "{sent}");
        }
    }
    for sent in [
        json!({}),
        json!({ "name": "x", "colors": null }),
        json!({ "name": "x" }),
    ] {
        let reply = ana.post(PALETTES).json(&sent).await;
        assert_eq!(reply.refusal(), "422 ValidateError");
        let reply = ana.patch(&path).json(&sent).await;
        assert_eq!(reply.refusal(), "422 ValidateError", "the uuid is required");
    }
    assert_eq!(app.items(), before);
}

#[tokio::test]
async fn what_is_not_of_the_organization_is_not_found() {
    let many = [("ZERODASH_ALLOW_MULTIPLE_ORGS", "true")];
    let app = TestApp::with(api(), &many).await;
    let ana = app.admin(ANA, "Acme").await;
    let oda = app.admin("oda@other.com", "Other").await;
    let theirs = create(&oda, "Theirs").await;
    let before = app.items();
    for id in [theirs.as_str(), NOBODYS, "no-uuid", &theirs.to_uppercase()] {
        let path = format!("{PALETTES}/{id}");
        let sent = json!({ "uuid": id, "name": "x" });
        for reply in [
            ana.patch(&path).json(&sent).await,
            ana.delete(&path).await,
            ana.post(&format!("{path}/active")).await,
        ] {
            assert_eq!(reply.refusal(), "404 NotFoundError", "{id}");
        }
    }
    assert_eq!(app.items(), before);
    assert!(!names(&ana).await.contains(&"Theirs".to_owned()));
}

#[tokio::test]
async fn an_organization_has_at_most_a_hundred_palettes() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for at in 6..100 {
        create(&ana, &at.to_string()).await;
    }
    let sent = json!({ "name": "x", "colors": colors("#123") });
    let reply = ana.post(PALETTES).json(&sent).await;
    assert_eq!(reply.refusal(), "400 ParameterError");
    assert_eq!(names(&ana).await.len(), 100);
}

#[tokio::test]
async fn a_repeated_request_makes_one_palette() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    let sent = json!({ "name": "Sea", "colors": colors("#123") });
    let post = async || {
        ana.post(PALETTES)
            .json(&sent)
            .header("idempotency-key", "k1")
            .await
    };
    let (first, again) = (post().await, post().await);
    assert_eq!(first.status, 201);
    assert_eq!(first.text, again.text);
    assert_eq!(names(&ana).await.len(), 7);
}

/// Whichever comes first: the active palette is one that is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_palette_is_not_deleted_while_it_is_being_activated() {
    let app = TestApp::new(api()).await;
    let ana = app.admin(ANA, "Acme").await;
    for _ in 0..20 {
        let path = format!("{PALETTES}/{}", create(&ana, "Sea").await);
        let active = format!("{path}/active");
        let (activated, deleted) = tokio::join!(ana.post(&active), ana.delete(&path));
        let answers = (activated.refusal(), deleted.refusal());
        let listed = ana.get(PALETTES).await.ok();
        let is_active = |one: &Value| one["isActive"] == true;
        let active = listed
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| is_active(one))
            .count();
        match (answers.0.as_str(), answers.1.as_str()) {
            ("200 (no error)", "400 ParameterError") => assert_eq!(active, 1),
            ("404 NotFoundError", "200 (no error)") => {}
            other => panic!("{other:?}"),
        }
    }
}
