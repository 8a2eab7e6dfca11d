use std::io::Cursor;

use app::files::FileName;
use calamine::{Data, Reader, Xlsx};
use http::Method;
use insta::assert_snapshot;
use serde_json::json;
use testing::TestApp;

use crate::given::{downloaded, made, open, rows};

#[tokio::test]
async fn a_file_says_what_it_is_and_how_it_is_called() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let link = made(&ana, &project, &json!({})).await;
    let file = app.anonymous().get(&link).await;
    let length = file.bytes.len().to_string();
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-length", &length),
        (
            "content-disposition",
            "attachment; filename=\"csv-orders-2026-01-31-09-30-00-0000.csv\"; \
             filename*=UTF-8''csv-orders-2026-01-31-09-30-00-0000.csv",
        ),
    ] {
        assert_eq!(file.header(name), Some(value));
    }
    let head = app.anonymous();
    let head = head.call(Method::HEAD, &link).await;
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    assert!(head.bytes.is_empty());
}

#[tokio::test]
async fn names_with_quotes_line_ends_and_other_scripts_stay_names() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let disposition = async |changes| {
        let link = made(&ana, &project, &changes).await;
        let file = app.anonymous().get(&link).await;
        file.header("content-disposition").unwrap().to_owned()
    };
    let odd =
        disposition(json!({ "chartName": "My \"chart\":\r\nSet-Cookie: x=1/..\\ données 売上" }))
            .await;
    assert_snapshot!(odd, @r#"attachment; filename="csv-My _chart_Set-Cookie_ x=1_.._ donnes -2026-01-31-09-30-00-0000.csv"; filename*=UTF-8''csv-My%20_chart_Set-Cookie_%20x%3D1_.._%20donn%C3%A9es%20%E5%A3%B2%E4%B8%8A-2026-01-31-09-30-00-0000.csv"#);
    assert_snapshot!(disposition(json!({ "chartName": "" })).await, @r#"attachment; filename="csv-orders-2026-01-31-09-30-00-0000.csv"; filename*=UTF-8''csv-orders-2026-01-31-09-30-00-0000.csv"#);
    assert_snapshot!(disposition(json!({ "chartName": "../../etc/passwd" })).await, @r#"attachment; filename="csv-_.._etc_passwd-2026-01-31-09-30-00-0000.csv"; filename*=UTF-8''csv-_.._etc_passwd-2026-01-31-09-30-00-0000.csv"#);
}

#[tokio::test]
async fn spreadsheets_and_lines_come_as_what_they_are() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let wanted = json!({ "type": "xlsx", "attachmentDownloadName": "données" });
    let link = downloaded(&ana, &project, &wanted).await;
    let file = app.anonymous().get(&link).await;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(file.header("content-type"), Some(kind));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"donnes.xlsx\"; filename*=UTF-8''donn%C3%A9es.xlsx")
    );
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.bytes)).unwrap();
    let sheet = book.worksheet_range("Sheet1").unwrap();
    let cells: Vec<Vec<Data>> = sheet.rows().map(<[_]>::to_vec).collect();
    assert_eq!(
        cells[0],
        [
            Data::String("Status".into()),
            Data::String("Revenue".into())
        ]
    );
    // A number stays a number, and no text becomes a formula.
    assert_eq!(cells[2][1], Data::Float(-100.0));
    assert_eq!(cells[2][0], Data::String("=1+1".into()));

    let link = downloaded(&ana, &project, &json!({ "type": "jsonl" })).await;
    let file = app.anonymous().get(&link).await;
    assert_eq!(file.header("content-type"), Some("application/json"));
    assert!(
        file.text
            .starts_with("{\"orders_status\":\"completed\",\"orders_revenue\":"),
        "{}",
        file.text
    );
}

#[tokio::test]
async fn a_large_file_comes_whole() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let long = "x".repeat(500);
    let many: Vec<_> = (0..3_000).map(|_| (long.as_str(), json!("1"))).collect();
    app.warehouse.say(rows(many));
    let link = made(&ana, &project, &json!({ "onlyRaw": true })).await;
    let file = app.anonymous().get(&link).await;
    let expected = format!(
        "\u{feff}Status,Revenue\n{}",
        format!("{long},1\n").repeat(3_000)
    );
    assert_eq!(
        file.header("content-length"),
        Some(expected.len().to_string().as_str())
    );
    assert!(file.text == expected);
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let link = made(&ana, &project, &json!({})).await;
    app.wait(24 * 60 - 1);
    assert_eq!(app.anonymous().get(&link).await.status, 200);
    app.wait(1);
    assert_eq!(
        app.anonymous().get(&link).await.refusal(),
        "406 ExpiredError"
    );
}

#[tokio::test]
async fn nobody_makes_a_link_or_bends_one() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let link = made(&ana, &project, &json!({})).await;
    let token = link.rsplit('/').next().unwrap();
    let (text, mac) = token.split_once('.').unwrap();
    let long = "a".repeat(60_000);
    for bent in [
        "..",
        "../key",
        "..%2f..%2fkey",
        "%2e%2e%2f%2e%2e%2fkey",
        "%252e%252e%252fkey",
        "..%5ckey",
        "key",
        "%20",
        text,
        mac,
        &format!("{text}."),
        &format!(".{mac}"),
        &format!("A{token}"),
        &format!("{token}A"),
        &format!("{text}.{text}"),
        &format!("{token}.{mac}"),
        &token.to_lowercase(),
        &long,
        &format!("{long}.{mac}"),
    ] {
        let path = format!("/api/v1/projects/{project}/csv/{bent}");
        let answer = ana.get(&path).await;
        assert_eq!(
            answer.refusal(),
            "404 NotFoundError",
            "{}",
            &bent[..bent.len().min(60)]
        );
    }
    // It is of its project.
    for other in ["00000000-0000-4000-8000-000000000000", "..", "x"] {
        let answer = ana
            .get(&format!("/api/v1/projects/{other}/csv/{token}"))
            .await;
        assert_eq!(answer.refusal(), "404 NotFoundError", "{other}");
    }
    assert_eq!(app.anonymous().get(&link).await.status, 200);
}

#[tokio::test]
async fn a_link_to_a_file_that_is_gone_leads_nowhere() {
    let app = TestApp::new(local::api()).await;
    let (ana, project) = open(&app).await;
    let link = made(&ana, &project, &json!({})).await;
    let token = link.rsplit('/').next().unwrap();
    let found = app.app.files.follow(token, app.app.clock.now()).unwrap();
    let name: FileName = found.file;
    app.app.files.remove(&name).await.unwrap();
    assert_eq!(
        app.anonymous().get(&link).await.refusal(),
        "404 NotFoundError"
    );
}
