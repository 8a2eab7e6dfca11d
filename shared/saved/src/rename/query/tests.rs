use std::collections::HashMap;

use app::domain::content::{ChartBody, DashboardBody};
use serde_json::{Value, json};

use super::{super::dashboard, super::names::Names, rename};

fn chart(query: Value, config: Value) -> ChartBody {
    let body = json!({
        "tableName": query["exploreName"], "metricQuery": query, "chartConfig": config,
        "columnOrder": ["payment_id", "payment_id_x", "payments_id", "calc"], "pivot": ["payment_id"],
    });
    serde_json::from_value(body).unwrap()
}

fn whole() -> ChartBody {
    let query = json!({
        "exploreName": "payment", "dimensions": ["payment_id", "payment_id_x", "payments_id", "bin"], "metrics": ["payment_n", "payment_own"],
        "filters": { "dimensions": { "id": "1", "and": [{ "id": "2", "or": [
            { "id": "3", "target": { "fieldId": "payment_id" }, "operator": "equals", "values": ["payment_id"] },
            { "id": "4", "target": { "fieldId": "payment_id_x" }, "operator": "isNull" },
        ] }] } },
        "sorts": [{ "fieldId": "payment_id", "descending": true }, { "fieldId": "payments_id", "descending": false }],
        "limit": 10,
        "tableCalculations": [{ "name": "calc", "displayName": "payment_id", "sql": "${payment.id} + ${payment.id_x} + ${payments.id} + 'payment.id'", "template": { "type": "share", "fieldId": "payment_id", "orderBy": [{ "fieldId": "payments_id" }] } }],
        "additionalMetrics": [{
            "table": "payment", "name": "own", "label": "payment_id", "type": "max", "sql": "${TABLE}.id", "baseDimensionName": "id",
            "filters": [{ "id": "5", "target": { "fieldRef": "payment.id" }, "operator": "equals", "values": ["id"] }, { "id": "6", "target": { "fieldRef": "id_x" }, "operator": "isNull" }],
        }, { "table": "payments", "name": "other", "type": "max", "sql": "${TABLE}.id + ${id}", "baseDimensionName": "id" }],
        "customDimensions": [
            { "id": "bin", "name": "payment_id", "table": "payment", "type": "bin", "dimensionId": "payment_id", "binType": "fixed_number", "binNumber": 3 },
            { "id": "expr", "name": "E", "table": "payment", "type": "sql", "sql": "${id} || ${payment.id}", "dimensionType": "string" },
        ],
        "metricOverrides": { "payment_n": { "formatOptions": { "type": "id" } } },
        "dimensionOverrides": { "payment_id": { "formatOptions": { "type": "id" } }, "payment_id_x": {} },
        "pivotDimensions": ["payment_id", "payment_id_x"],
        "metadata": { "hasADateDimension": { "name": "id", "label": "Id", "table": "payment" } },
    });
    let config = json!({ "type": "cartesian", "config": {
        "layout": { "xField": "payment_id", "yField": ["payment_n", "payment_own", "calc"] },
        "eChartsConfig": { "series": [{
            "type": "bar", "name": "payment_id", "label": { "show": true },
            "encode": {
                "x": "payment_id", "xRef": { "field": "payment_id" },
                "y": "payment_n.payment_id.payment_id", "yRef": { "field": "payment_n", "pivotValues": [{ "field": "payment_id", "value": "payment_id" }] },
            },
        }] },
        "metadata": { "payment_n.payment_id.payment_id": { "color": "#fff" }, "payment_id_x": { "color": "payment_id" } },
        "columns": { "payment_id": { "name": "payment_id" }, "payments_id": { "name": "x" } },
        "groupLabelOverrides": { "payment_id": "payment_id" },
        "conditionalFormattings": [{ "target": { "fieldId": "payment_id" }, "rules": [{ "operator": "equals", "values": ["payment_id"] }] }],
        "tooltip": "<b>${payment_id}</b> payment_id ${payment_id_x}",
    } });
    chart(query, config)
}

#[test]
fn a_field_is_renamed_in_every_place_and_in_no_value() {
    let mut body = whole();
    let names = Names::of_field("payment", "payment", "id", "uid");
    let places = rename(&mut body, &names);
    let wire = serde_json::to_value(&body).unwrap();
    let query = &wire["metricQuery"];
    assert_eq!(
        query["dimensions"],
        json!(["payment_uid", "payment_id_x", "payments_id", "bin"])
    );
    assert_eq!(query["exploreName"], "payment");
    let rules = &query["filters"]["dimensions"]["and"][0]["or"];
    assert_eq!(rules[0]["target"]["fieldId"], "payment_uid");
    assert_eq!(rules[0]["values"], json!(["payment_id"]));
    assert_eq!(rules[1]["target"]["fieldId"], "payment_id_x");
    assert_eq!(query["sorts"][0]["fieldId"], "payment_uid");
    assert_eq!(query["sorts"][1]["fieldId"], "payments_id");
    assert_eq!(
        query["tableCalculations"][0]["sql"],
        "${payment.uid} + ${payment.id_x} + ${payments.id} + 'payment.id'"
    );
    assert_eq!(query["tableCalculations"][0]["displayName"], "payment_id");
    assert_eq!(
        query["tableCalculations"][0]["template"],
        json!({ "type": "share", "fieldId": "payment_uid", "orderBy": [{ "fieldId": "payments_id" }] })
    );
    assert_eq!(
        query["dimensionOverrides"],
        json!({ "payment_uid": { "formatOptions": { "type": "id" } }, "payment_id_x": {} })
    );
    assert_eq!(
        query["pivotDimensions"],
        json!(["payment_uid", "payment_id_x"])
    );
    let own = &query["additionalMetrics"][0];
    assert_eq!(own["sql"], "${TABLE}.uid");
    assert_eq!(own["baseDimensionName"], "uid");
    assert_eq!(own["label"], "payment_id");
    assert_eq!(own["filters"][0]["target"]["fieldRef"], "payment.uid");
    assert_eq!(own["filters"][0]["values"], json!(["id"]));
    assert_eq!(own["filters"][1]["target"]["fieldRef"], "id_x");
    let other = &query["additionalMetrics"][1];
    assert_eq!(other["sql"], "${TABLE}.id + ${id}");
    assert_eq!(other["baseDimensionName"], "id");
    assert_eq!(query["customDimensions"][0]["dimensionId"], "payment_uid");
    assert_eq!(query["customDimensions"][0]["name"], "payment_id");
    assert_eq!(
        query["customDimensions"][1]["sql"],
        "${uid} || ${payment.uid}"
    );
    assert_eq!(query["metadata"]["hasADateDimension"]["name"], "uid");
    assert_eq!(
        wire["columnOrder"],
        json!(["payment_uid", "payment_id_x", "payments_id", "calc"])
    );
    assert_eq!(wire["pivot"], json!(["payment_uid"]));
    let config = &wire["chartConfig"]["config"];
    assert_eq!(config["layout"]["xField"], "payment_uid");
    let series = &config["eChartsConfig"]["series"][0];
    assert_eq!(series["name"], "payment_id");
    assert_eq!(series["encode"]["xRef"]["field"], "payment_uid");
    assert_eq!(series["encode"]["y"], "payment_n.payment_uid.payment_id");
    assert_eq!(
        series["encode"]["yRef"]["pivotValues"][0],
        json!({ "field": "payment_uid", "value": "payment_id" })
    );
    assert_eq!(
        config["metadata"],
        json!({ "payment_n.payment_uid.payment_id": { "color": "#fff" }, "payment_id_x": { "color": "payment_id" } })
    );
    assert_eq!(
        config["columns"],
        json!({ "payment_uid": { "name": "payment_id" }, "payments_id": { "name": "x" } })
    );
    assert_eq!(
        config["groupLabelOverrides"],
        json!({ "payment_id": "payment_id" })
    );
    let formatting = &config["conditionalFormattings"][0];
    assert_eq!(formatting["target"]["fieldId"], "payment_uid");
    assert_eq!(formatting["rules"][0]["values"], json!(["payment_id"]));
    assert_eq!(
        config["tooltip"],
        "<b>${payment_uid}</b> payment_id ${payment_id_x}"
    );
    assert!(places.contains(&"metricQuery.filters.dimensions.and[0].or[0].target.fieldId".into()));
    // Again there is nothing to do.
    assert!(rename(&mut body, &names).is_empty());
}

#[test]
fn what_clients_keep_beside_names_is_renamed_too_and_words_are_not() {
    let query = json!({
        "exploreName": "payment", "dimensions": ["payment_id"], "metrics": [], "limit": 10,
        "filters": { "dimensions": { "id": "1", "and": [{
            "id": "2", "operator": "isNull",
            "target": { "fieldId": "payment_id", "tableName": "payment", "fieldName": "id", "label": "payment_id" },
        }] } },
        "sorts": [{ "fieldId": "payment_id", "descending": true, "after": "payment_id", "label": "payment_id" }],
        "tableCalculations": [{ "name": "calc", "displayName": "C", "sql": "1", "of": { "fieldId": "payment_id" }, "label": "payment_id" }],
        "before": ["payment_id", "payment_id_x"],
    });
    let kept = |names: &Names| {
        let mut body = chart(query.clone(), json!({ "type": "table" }));
        rename(&mut body, names);
        serde_json::to_value(&body).unwrap()["metricQuery"].clone()
    };
    let wire = kept(&Names::of_field("payment", "payment", "id", "uid"));
    assert_eq!(
        wire["filters"]["dimensions"]["and"][0]["target"],
        json!({ "fieldId": "payment_uid", "tableName": "payment", "fieldName": "uid", "label": "payment_id" })
    );
    assert_eq!(
        wire["sorts"][0],
        json!({ "fieldId": "payment_uid", "descending": true, "after": "payment_uid", "label": "payment_id" })
    );
    assert_eq!(wire["tableCalculations"][0]["of"]["fieldId"], "payment_uid");
    assert_eq!(wire["tableCalculations"][0]["label"], "payment_id");
    assert_eq!(wire["before"], json!(["payment_uid", "payment_id_x"]));
}

#[test]
fn a_model_is_renamed_by_its_known_fields_only() {
    let mut body = whole();
    let names = Names::of_model("payment", "pay", ["id", "id_x", "n"]);
    rename(&mut body, &names);
    let wire = serde_json::to_value(&body).unwrap();
    let query = &wire["metricQuery"];
    assert_eq!(wire["tableName"], "pay");
    assert_eq!(query["exploreName"], "pay");
    assert_eq!(
        query["dimensions"],
        json!(["pay_id", "pay_id_x", "payments_id", "bin"])
    );
    // The chart's own metric goes by its table.
    assert_eq!(query["metrics"], json!(["pay_n", "pay_own"]));
    assert_eq!(query["additionalMetrics"][0]["table"], "pay");
    assert_eq!(query["additionalMetrics"][0]["sql"], "${TABLE}.id");
    assert_eq!(query["additionalMetrics"][1]["table"], "payments");
    assert_eq!(
        query["additionalMetrics"][0]["filters"][0]["target"]["fieldRef"],
        "pay.id"
    );
    assert_eq!(
        query["tableCalculations"][0]["sql"],
        "${pay.id} + ${pay.id_x} + ${payments.id} + 'payment.id'"
    );
    for at in 0..2 {
        assert_eq!(query["customDimensions"][at]["table"], "pay");
    }
    assert_eq!(query["customDimensions"][1]["sql"], "${id} || ${pay.id}");
    assert_eq!(
        query["metricOverrides"],
        json!({ "pay_n": { "formatOptions": { "type": "id" } } })
    );
    let config = &wire["chartConfig"]["config"];
    assert_eq!(
        config["layout"]["yField"],
        json!(["pay_n", "pay_own", "calc"])
    );
    assert_eq!(
        config["eChartsConfig"]["series"][0]["encode"]["y"],
        "pay_n.pay_id.payment_id"
    );
    assert!(rename(&mut body, &names).is_empty());
}

#[test]
fn filters_of_a_dashboard_are_renamed_and_columns_of_sql_are_not() {
    let target = |field: &str| json!({ "fieldId": field, "tableName": "payment" });
    let rule = json!({
        "id": "1", "operator": "equals", "values": ["payment_id"], "label": "payment_id", "target": target("payment_id"),
        "tileTargets": {
            "a": target("payment_id_x"), "b": false, "c": { "fieldId": "payment_id", "tableName": "payment", "isSqlColumn": true },
            "elsewhere": target("payment_id"),
        },
    });
    let mut body = DashboardBody::default();
    body.filters
        .dimensions
        .push(rule.as_object().unwrap().clone());
    let names = Names::of_model("payment", "pay", ["id", "id_x"]);
    let tiles: HashMap<String, &Names> =
        ["a", "b", "c"].map(|tile| (tile.to_owned(), &names)).into();
    let places = dashboard::rename(&mut body, &tiles, &names);
    let rule = json!(body.filters.dimensions[0]);
    assert_eq!(
        rule["target"],
        json!({ "fieldId": "pay_id", "tableName": "pay" })
    );
    assert_eq!(
        rule["tileTargets"],
        json!({
            "a": { "fieldId": "pay_id_x", "tableName": "pay" }, "b": false,
            "c": { "fieldId": "payment_id", "tableName": "payment", "isSqlColumn": true },
            "elsewhere": { "fieldId": "payment_id", "tableName": "payment" },
        })
    );
    assert_eq!(rule["values"], json!(["payment_id"]));
    assert_eq!(places.len(), 4);
    assert!(dashboard::rename(&mut body, &tiles, &names).is_empty());
}

#[test]
fn fields_of_a_vega_chart_are_renamed_in_its_expressions() {
    let spec = json!({
        "title": "datum.payment_id",
        "transform": [
            { "calculate": "datum.payment_id / 2 + datum['payment_id']", "as": "half" },
            { "filter": "datum.payment_id > 1 && datum.payment_id_x && datum.half" },
        ],
        "encoding": {
            "x": { "field": "payment_id", "sort": "-payment_id" },
            "y": { "field": "payment_own", "sort": "-y", "axis": { "labelExpr": "datum[\"payment_own\"]" } },
            "color": { "condition": { "test": "datum.payment_id", "value": "-payment_id" } },
        },
    });
    let query = json!({
        "exploreName": "payment", "dimensions": ["payment_id"], "metrics": ["payment_own"], "filters": {}, "sorts": [], "limit": 1,
        "tableCalculations": [],
        "additionalMetrics": [{ "table": "payment", "name": "own", "type": "max", "sql": "${TABLE}.id" }],
    });
    let names = Names::of_model("payment", "pay", ["id", "id_x"]);
    let mut body = chart(
        query.clone(),
        json!({ "type": "custom", "config": { "spec": spec } }),
    );
    let places = rename(&mut body, &names);
    assert_eq!(
        body.chart_config["config"]["spec"],
        json!({
            "title": "datum.payment_id",
            "transform": [
                { "calculate": "datum.pay_id / 2 + datum['pay_id']", "as": "half" },
                { "filter": "datum.pay_id > 1 && datum.pay_id_x && datum.half" },
            ],
            "encoding": {
                "x": { "field": "pay_id", "sort": "-pay_id" },
                "y": { "field": "pay_own", "sort": "-y", "axis": { "labelExpr": "datum[\"pay_own\"]" } },
                "color": { "condition": { "test": "datum.pay_id", "value": "-payment_id" } },
            },
        })
    );
    let place = "chartConfig.config.spec.transform[0].calculate".to_owned();
    assert!(places.contains(&place));
    assert!(rename(&mut body, &names).is_empty());
    // Others have no expressions.
    let text =
        json!({ "type": "table", "config": { "x": "datum.payment_id", "sort": "-payment_id" } });
    let mut body = chart(query, text.clone());
    rename(&mut body, &names);
    assert_eq!(body.chart_config, text);
}

#[test]
fn a_metric_of_a_tiles_chart_is_renamed_in_the_filters_of_its_dashboard() {
    let names = Names::of_model("payment", "pay", ["id"]);
    // As the chart is before it is renamed, and as it is when another try comes back to the dashboard.
    for table in ["payment", "pay"] {
        let query = json!({
            "exploreName": table, "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 1, "tableCalculations": [],
            "additionalMetrics": [{ "table": table, "name": "cm", "type": "max", "sql": "${TABLE}.id" }],
        });
        let own = chart(query, json!({})).metric_query;
        let own = names.with_own(&own).unwrap();
        assert_eq!(own.id("payment_id"), Some("pay_id"));
        let target = json!({ "fieldId": "payment_cm", "tableName": "payment" });
        let rule = json!({
            "id": "1", "operator": "isNull", "target": target, "tileTargets": { "a": target, "b": target },
        });
        let mut body = DashboardBody::default();
        let tile = json!({ "uuid": "a", "x": 0.0, "y": 0.0, "w": 1.0, "h": 1.0, "type": "saved_chart", "properties": {} });
        body.tiles.push(serde_json::from_value(tile).unwrap());
        body.filters.metrics.push(rule.as_object().unwrap().clone());
        let tiles: HashMap<String, &Names> =
            [("a".to_owned(), &own), ("b".to_owned(), &names)].into();
        dashboard::rename(&mut body, &tiles, &names);
        let rule = json!(body.filters.metrics[0]);
        let renamed = json!({ "fieldId": "pay_cm", "tableName": "pay" });
        assert_eq!(rule["target"], renamed);
        assert_eq!(rule["tileTargets"]["a"], renamed);
        // Another tile's chart has no such metric.
        assert_eq!(rule["tileTargets"]["b"]["fieldId"], "payment_cm");
        assert!(dashboard::rename(&mut body, &tiles, &names).is_empty());
    }
}
