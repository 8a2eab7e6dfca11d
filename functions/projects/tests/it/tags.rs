use insta::assert_snapshot;
use serde_json::{Value, json};
use testing::{Actor, TestApp};

const ANA: &str = "ana@acme.com";

async fn own<'a>(app: &'a TestApp) -> (Actor<'a>, String) {
    let ana = app.admin(ANA, "Acme").await;
    let project = app.project(ANA, "Sales").await;
    (ana, format!("/api/v1/projects/{}/tags", project.id))
}

fn tag(name: &str) -> Value {
    json!({ "name": name, "color": "blue" })
}

fn yaml(list: &[(&str, &str)]) -> Value {
    let one = |(reference, name): &(&str, &str)| json!({"yamlReference": reference, "name": name, "color": "gray"});
    list.iter().map(one).collect()
}

async fn names(who: &Actor<'_>, path: &str) -> Vec<String> {
    let list = who.get(path).await.ok();
    let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn a_tag_is_made_changed_and_deleted() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let made = ana.post(&path).json(&tag("Core")).await;
    assert_eq!(made.status, 201);
    let id = made.json()["results"]["tagUuid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_snapshot!(ana.get(&path).await, @r#"
    "#);
    assert_eq!(
        ana.post(&path).json(&tag("Core")).await.refusal(),
        "409 AlreadyExistsError"
    );
    ana.post(&path).json(&tag("core")).await;
    let one = format!("{path}/{id}");
    assert_eq!(
        ana.patch(&one).json(&json!({})).await.refusal(),
        "400 ParameterError"
    );
    assert_eq!(
        ana.patch(&one)
            .json(&json!({"name": "core"}))
            .await
            .refusal(),
        "409 AlreadyExistsError"
    );
    ana.patch(&one)
        .json(&json!({"name": "Main", "createdBy": "x"}))
        .await
        .ok();
    assert_eq!(names(&ana, &path).await, ["Main", "core"]);
    ana.delete(&one).await.ok();
    assert_eq!(ana.delete(&one).await.refusal(), "404 NotFoundError");
    assert_eq!(
        ana.patch(&one)
            .json(&json!({"color": "red"}))
            .await
            .refusal(),
        "404 NotFoundError"
    );
    assert_eq!(names(&ana, &path).await, ["core"]);
}

#[tokio::test]
async fn a_tag_is_of_its_project_alone() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let made = ana.post(&path).json(&tag("Core")).await;
    let id = made.json()["results"]["tagUuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = app.project(ANA, "Other").await.id;
    for id in [id.as_str(), "x"] {
        let elsewhere = format!("/api/v1/projects/{other}/tags/{id}");
        assert_eq!(ana.delete(&elsewhere).await.refusal(), "404 NotFoundError");
        assert_eq!(
            ana.patch(&elsewhere).json(&tag("X")).await.refusal(),
            "404 NotFoundError"
        );
    }
    assert_eq!(names(&ana, &path).await, ["Core"]);
}

#[tokio::test]
async fn a_tag_outlives_the_account_of_who_made_it() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let ed = app.in_role("ed@acme.com", "editor").await;
    ed.post(&path).json(&tag("Core")).await;
    ed.delete("/api/v1/user/me").await.ok();
    app.work(worker::run).await;
    let list = ana.get(&path).await.ok();
    assert_eq!(list[0]["createdBy"]["firstName"], "");
    assert_eq!(list[0]["name"], "Core");
}

#[tokio::test]
async fn the_tags_of_the_file_are_replaced_and_those_made_by_hand_stay() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    let file = format!("{path}/yaml");
    ana.post(&path).json(&tag("Mine")).await;
    ana.put(&file)
        .json(&yaml(&[("a", "A"), ("b", "B")]))
        .await
        .ok();
    let before = ana.get(&path).await.ok();
    app.wait(1);
    ana.put(&file)
        .json(&yaml(&[("b", "Bee"), ("c", "C")]))
        .await
        .ok();
    let after = ana.get(&path).await.ok();
    assert_eq!(names(&ana, &path).await, ["Mine", "Bee", "C"]);
    let id = |list: &Value, reference: &str| {
        let found = list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["yamlReference"] == reference);
        found.unwrap()["tagUuid"].clone()
    };
    assert_eq!(id(&before, "b"), id(&after, "b"));
    for (list, refusal) in [
        (yaml(&[("x", "Mine")]), "409 AlreadyExistsError"),
        (yaml(&[("x", "X"), ("x", "Y")]), "400 ParameterError"),
        (yaml(&[("x", "X"), ("y", "X")]), "400 ParameterError"),
        (yaml(&[("", "X")]), "400 ParameterError"),
        (json!([{"name": "x"}]), "422 ValidateError"),
    ] {
        assert_eq!(
            ana.put(&file).json(&list).await.refusal(),
            refusal,
            "{list}"
        );
    }
    assert_eq!(ana.get(&path).await.ok(), after);
    ana.put(&file).json(&json!([])).await.ok();
    assert_eq!(names(&ana, &path).await, ["Mine"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_made_at_once_are_all_there() {
    let app = std::sync::Arc::new(TestApp::new(local::api()).await);
    let (ana, path) = own(&app).await;
    let cookie = ana.cookie().unwrap();
    let mut making = tokio::task::JoinSet::new();
    for at in 0..8 {
        let (app, path, cookie) = (app.clone(), path.clone(), cookie.clone());
        making.spawn(async move {
            let ana = app.anonymous().with_cookie(&cookie);
            ana.post(&path)
                .json(&tag(&format!("t{at}")))
                .await
                .status
                .as_u16()
        });
    }
    let made = making.join_all().await;
    let count = made.iter().filter(|status| **status == 201).count();
    assert!(made.iter().all(|status| matches!(status, 201 | 409)));
    assert_eq!(names(&ana, &path).await.len(), count);
}

#[tokio::test]
async fn a_tag_has_a_name_and_a_project_has_so_many() {
    let app = TestApp::new(local::api()).await;
    let (ana, path) = own(&app).await;
    for (name, color) in [
        ("", "x"),
        (" ", "x"),
        ("a\nb", "x"),
        (&*"x".repeat(256), "x"),
        ("x", &*"x".repeat(101)),
    ] {
        let body = json!({"name": name, "color": color});
        assert_eq!(
            ana.post(&path).json(&body).await.refusal(),
            "400 ParameterError"
        );
    }
    let many: Vec<(String, String)> = (0..501)
        .map(|at| (format!("r{at}"), format!("n{at}")))
        .collect();
    let list: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        ana.put(&format!("{path}/yaml"))
            .json(&yaml(&list))
            .await
            .refusal(),
        "400 ParameterError"
    );
}
