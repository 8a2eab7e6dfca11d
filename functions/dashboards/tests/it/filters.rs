use serde_json::{Value, json};

use crate::given::{BOB, Given, NOBODYS, explore, installation, text};

const PATH: &str = "/api/v1/dashboards/availableFilters";

fn asked(tiles: &[(&str, String)]) -> Value {
    let tiles = tiles.iter();
    tiles
        .map(|(tile, chart)| json!({ "tileUuid": tile, "savedChartUuid": chart }))
        .collect()
}

#[tokio::test]
async fn fields_are_told_once_and_by_tile() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let explores = format!("/api/v1/projects/{}/explores", given.project.id);
    given
        .ana
        .put(&explores)
        .json(&json!([explore("orders")]))
        .await
        .ok();
    let private = given.space("Private", true).await;
    let one = given.chart("One", &given.space).await.to_string();
    let two = given.chart("Two", &given.space).await.to_string();
    let hidden = given.chart("Hidden", &private).await.to_string();
    let body = asked(&[
        ("a", one.clone()),
        ("b", two),
        ("c", hidden.clone()),
        ("d", NOBODYS.into()),
    ]);

    let viewer = app.viewer(BOB).await;
    let found = viewer.post(PATH).json(&body).await.ok();
    let fields = found["allFilterableFields"].as_array().unwrap();
    let mut names: Vec<_> = fields.iter().map(|field| text(&field["name"])).collect();
    names.sort();
    assert_eq!(names, ["city", "status"]);
    assert_eq!(
        found["savedQueryFilters"],
        json!({ "a": [0, 1], "b": [0, 1] })
    );
    // There, and not to be seen: nothing, and no refusal.
    let nothing = viewer.post(PATH).json(&asked(&[("c", hidden)])).await.ok();
    assert_eq!(
        nothing,
        json!({ "savedQueryFilters": {}, "allFilterableFields": [] })
    );

    for body in [
        json!([]),
        asked(&[("a", NOBODYS.into())]),
        json!([{ "tileUuid": "a", "savedChartUuid": null }]),
    ] {
        assert_eq!(
            viewer.post(PATH).json(&body).await.refusal(),
            "404 NotFoundError"
        );
    }
    let stranger = app.admin("oda@other.example", "Other").await;
    let theirs = stranger.post(PATH).json(&asked(&[("a", one)])).await;
    assert_eq!(theirs.refusal(), "404 NotFoundError");
    let refused = viewer.post(PATH).json(&json!([{}])).await;
    assert_eq!(refused.refusal(), "422 ValidateError");
}

#[tokio::test]
async fn an_explore_that_is_gone_offers_nothing() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let chart = given.chart("One", &given.space).await.to_string();
    let found = given
        .ana
        .post(PATH)
        .json(&asked(&[("a", chart)]))
        .await
        .ok();
    assert_eq!(
        found,
        json!({ "savedQueryFilters": {}, "allFilterableFields": [] })
    );
}

#[tokio::test]
async fn what_attributes_hide_is_not_offered() {
    let app = installation().await;
    let given = Given::new(&app).await;
    let mut orders = explore("orders");
    orders["tables"]["orders"]["dimensions"]["city"]["requiredAttributes"] =
        json!({ "region": "north" });
    let explores = format!("/api/v1/projects/{}/explores", given.project.id);
    given.ana.put(&explores).json(&json!([orders])).await.ok();
    let chart = given.chart("One", &given.space).await.to_string();
    let found = given
        .ana
        .post(PATH)
        .json(&asked(&[("a", chart)]))
        .await
        .ok();
    let fields = found["allFilterableFields"].as_array().unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!(found["savedQueryFilters"], json!({ "a": [0] }));
}
