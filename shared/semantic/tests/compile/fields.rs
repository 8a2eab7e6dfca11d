//! Dimensions, metrics, dates: what they become.

use semantic::compile;
use serde_json::json;

use crate::shop::{explore, options, query, read, sql};

#[test]
fn a_plain_query_stays_plain() {
    assert_eq!(
        sql(
            json!({"sorts": [{"fieldId": "orders_total", "descending": true, "nullsFirst": false}]})
        ),
        "SELECT\n  \"orders\".status AS \"orders_status\",\n  SUM(\"orders\".amount) AS \"orders_total\"\n\
         FROM \"db\".\"s\".\"orders\" AS \"orders\"\nGROUP BY 1\nORDER BY \"orders_total\" DESC NULLS LAST\nLIMIT 500"
    );
}

#[test]
fn an_interval_that_the_explore_does_not_list_has_its_own_name_and_filter() {
    let found = sql(json!({
        "dimensions": ["orders_ordered_at_month"],
        "filters": {"dimensions": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "orders_ordered_at_month"}, "operator": "equals", "values": ["2024-02-01"]}]}},
    }));
    assert!(
        found.contains("DATE_TRUNC('MONTH', \"orders\".ordered_at) AS \"orders_ordered_at_month\""),
        "{found}"
    );
    assert!(
        found.contains("(DATE_TRUNC('MONTH', \"orders\".ordered_at)) = (DATE '2024-02-01')"),
        "{found}"
    );
}

#[test]
fn a_zoom_changes_the_column_and_not_the_filter() {
    let ask = |axis: serde_json::Value| {
        sql(json!({
            "dimensions": ["orders_status", "orders_ordered_on"],
            "filters": {"dimensions": {"id": "1", "and": [
                {"id": "2", "target": {"fieldId": "orders_ordered_on"}, "operator": "equals", "values": ["2024-01-10"]}]}},
            "dateZoom": axis,
        }))
    };
    for axis in [
        json!({"granularity": "Month"}),
        json!({"granularity": "Month", "xAxisFieldId": "orders_ordered_on"}),
    ] {
        let found = ask(axis);
        assert!(
            found.contains("DATE_TRUNC('MONTH', \"orders\".ordered_on) AS \"orders_ordered_on\""),
            "{found}"
        );
        assert!(
            found.contains("(\"orders\".ordered_on) = (DATE '2024-01-10')"),
            "{found}"
        );
    }
    for axis in [
        json!({"granularity": "Month", "xAxisFieldId": "orders_status"}),
        json!({"granularity": "Month", "xAxisFieldId": "nothing"}),
        json!({}),
    ] {
        assert!(!ask(axis).contains("DATE_TRUNC"));
    }
}

#[test]
fn a_query_overrides_formats_of_its_own_metrics_as_of_those_of_the_explore() {
    let explore = read(explore());
    let percent = json!({ "type": "percent" });
    let over = json!({ "formatOptions": percent });
    let own = json!({
        "table": "orders", "name": "own", "type": "sum", "sql": "${TABLE}.amount", "label": "Own", "format": "usd",
        "formatOptions": { "type": "id" },
    });
    let ask = json!({
        "metrics": ["orders_total", "orders_own"], "additionalMetrics": [own],
        "metricOverrides": { "orders_total": over, "orders_own": over },
    });
    let items = semantic::fields::items(&explore, &query(ask));
    for id in ["orders_total", "orders_own"] {
        assert_eq!(items[id]["formatOptions"], percent, "{id}");
        assert_eq!(items[id].get("format"), None, "{id}");
    }
    assert_eq!(items["orders_own"]["label"], "Own");
}

#[test]
fn a_zoomed_column_is_called_after_what_it_is_cut_to() {
    let mut explore = explore();
    let dimensions = &mut explore["tables"]["orders"]["dimensions"];
    dimensions["ordered_at"]["label"] = json!("Ordered at");
    dimensions["ordered_at_day"] = dimensions["ordered_at"].clone();
    for (key, value) in [
        ("name", "ordered_at_day"),
        ("label", "Day of the order"),
        ("type", "date"),
        ("timeInterval", "DAY"),
        ("timeIntervalBaseDimensionName", "ordered_at"),
    ] {
        dimensions["ordered_at_day"][key] = json!(value);
    }
    let explore = read(explore);
    let item = |id: &str, zoom: serde_json::Value| {
        let ask =
            json!({ "dimensions": ["orders_status", id, "orders_ordered_on"], "dateZoom": zoom });
        let items = semantic::fields::items(&explore, &query(ask));
        assert_eq!(items["orders_status"]["label"], "status");
        assert_eq!(items["orders_ordered_on"]["label"], "ordered_on");
        ["label", "type", "timeInterval", "name"].map(|key| items[id][key].clone())
    };
    let day = "orders_ordered_at_day";
    let month = json!(["Ordered at month", "date", "MONTH", "ordered_at_day"]);
    assert_eq!(json!(item(day, json!({ "granularity": "Month" }))), month);
    let named = json!({ "granularity": "Month", "xAxisFieldId": day });
    assert_eq!(json!(item(day, named)), month);
    let base = item("orders_ordered_at", json!({ "granularity": "Week" }));
    assert_eq!(
        json!(base),
        json!(["Ordered at week", "date", "WEEK", "ordered_at"])
    );
    // Nothing to cut.
    let own = json!(["Day of the order", "date", "DAY", "ordered_at_day"]);
    for zoom in [
        json!({ "granularity": "Day" }),
        json!({}),
        json!({ "granularity": "Month", "xAxisFieldId": "orders_status" }),
    ] {
        assert_eq!(json!(item(day, zoom)), own);
    }
}

#[test]
fn an_interval_that_the_explore_does_not_list_is_a_column_like_others() {
    let explore = read(explore());
    let item = |zoom: serde_json::Value| {
        let ask = json!({ "dimensions": ["orders_status", "orders_ordered_at_quarter"], "dateZoom": zoom });
        let items = semantic::fields::items(&explore, &query(ask));
        let item = &items["orders_ordered_at_quarter"];
        json!(["name", "label", "type", "timeInterval", "table"].map(|key| item[key].clone()))
    };
    let name = "ordered_at_quarter";
    let own = json!([name, "ordered_at quarter", "date", "QUARTER", "orders"]);
    assert_eq!(item(json!({})), own);
    assert_eq!(item(json!({ "granularity": "Quarter" })), own);
    let year = json!([name, "ordered_at year", "date", "YEAR", "orders"]);
    assert_eq!(item(json!({ "granularity": "Year" })), year);
    let named = json!({ "granularity": "Year", "xAxisFieldId": "orders_ordered_at_quarter" });
    assert_eq!(item(named.clone()), year);
    for zoom in [json!({ "granularity": "Year" }), named] {
        let found = sql(json!({ "dimensions": ["orders_ordered_at_quarter"], "dateZoom": zoom }));
        assert!(
            found.contains(
                "DATE_TRUNC('YEAR', \"orders\".ordered_at) AS \"orders_ordered_at_quarter\""
            ),
            "{found}"
        );
    }
    // What is no date has none.
    assert!(semantic::fields::dimension(&explore, "orders_status_quarter").is_none());
    assert!(semantic::fields::dimension(&explore, "orders_ordered_at_century").is_none());
}

#[test]
fn a_relative_filter_of_a_metric_counts_from_now_and_not_from_the_deploy() {
    let mut explore = explore();
    explore["tables"]["orders"]["metrics"]["total"]["filters"] = json!([
        {"id": "1", "target": {"fieldRef": "ordered_on"}, "operator": "inThePast", "values": [7], "settings": {"unitOfTime": "days"}},
        {"id": "2", "target": {"fieldRef": "orders.status"}, "operator": "startsWith", "values": ["a", "b"]},
    ]);
    explore["tables"]["orders"]["metrics"]["total"]["compiledSql"] =
        json!("SUM(CASE WHEN (frozen) THEN 1 END)");
    let compiled = compile(
        &read(explore),
        &query(json!({"metrics": ["orders_mean"]})),
        &options(),
    )
    .unwrap();
    let expected = "(SUM(CASE WHEN (((\"orders\".ordered_on) >= (DATE '2024-05-08') AND (\"orders\".ordered_on) <= (DATE '2024-05-15')) AND \
                    ((\"orders\".status) LIKE 'a%' OR (\"orders\".status) LIKE 'b%')) THEN (\"orders\".amount) ELSE NULL END)) / \
                    (COUNT((\"orders\".order_id)))";
    assert!(compiled.sql.contains(expected), "{}", compiled.sql);
}

#[test]
fn a_metric_that_only_a_filter_names_is_no_column() {
    let compiled = compile(
        &read(explore()),
        &query(json!({"filters": {"metrics": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "orders_count"}, "operator": "greaterThan", "values": ["3"]}]}}})),
        &options(),
    )
    .unwrap();
    let ids: Vec<_> = compiled
        .columns
        .iter()
        .map(|column| column.id.as_str())
        .collect();
    assert_eq!(ids, ["orders_status", "orders_total"]);
    assert!(
        compiled.sql.ends_with(
            ")\nSELECT\n  \"orders_status\",\n  \"orders_total\"\nFROM metrics\nWHERE ((\n  (\"orders_count\") > (3)\n))\nLIMIT 500"
        ),
        "{}",
        compiled.sql
    );
}

#[test]
fn a_required_filter_holds_until_the_query_filters_its_field() {
    let mut explore = explore();
    explore["tables"]["orders"]["requiredFilters"] = json!([
        {"id": "1", "target": {"fieldRef": "ordered_at"}, "operator": "inTheCurrent", "values": [1], "settings": {"unitOfTime": "years"}, "required": true},
        {"id": "2", "target": {"fieldRef": "status"}, "operator": "equals", "values": ["x"], "required": false},
    ]);
    let ask = |rule: serde_json::Value| {
        let filter = json!({"filters": {"dimensions": {"id": "1", "and": [rule]}}});
        compile(&read(explore.clone()), &query(filter), &options())
            .unwrap()
            .sql
    };
    let enforced = "(TIMESTAMP '2024-01-01 00:00:00')";
    let month =
        json!({"id": "2", "target": {"fieldId": "orders_ordered_at_month"}, "operator": "notNull"});
    assert!(!ask(month.clone()).contains(enforced));
    let mut off = month;
    off["disabled"] = json!(true);
    assert!(ask(off).contains(enforced));
    let other =
        json!({"id": "2", "target": {"fieldId": "orders_ordered_on"}, "operator": "notNull"});
    assert!(ask(other).contains(enforced));
}

#[test]
fn a_required_filter_of_a_joined_table_holds_before_it_is_joined() {
    let required = json!([
        {"id": "1", "target": {"fieldRef": "region"}, "operator": "equals", "values": ["EU ${TABLE}"], "required": true},
        {"id": "2", "target": {"fieldRef": "customers.name"}, "operator": "notNull", "required": true},
        {"id": "3", "target": {"fieldRef": "customer_id"}, "operator": "equals", "values": [7], "required": false},
        {"id": "4", "target": {"fieldRef": "orders.status"}, "operator": "equals", "values": ["x"], "required": true},
    ]);
    let ask = |change: &dyn Fn(&mut serde_json::Value), changes: serde_json::Value| {
        let mut explore = explore();
        explore["tables"]["customers"]["requiredFilters"] = required.clone();
        change(&mut explore["tables"]["customers"]);
        let compiled = compile(&read(explore), &query(changes), &options());
        compiled.unwrap().sql
    };
    let by_name = || json!({"dimensions": ["customers_name"]});
    let found = ask(&|_| {}, by_name());
    let joined = "\nLEFT OUTER JOIN (SELECT * FROM \"db\".\"s\".\"customers\" AS \"customers\" WHERE \
                  ( (\"customers\".region) IN ('EU ${TABLE}') ) AND ( (\"customers\".name) IS NOT NULL )) AS \"customers\"\n";
    assert!(
        found.contains(joined) && !found.contains("\nWHERE"),
        "{found}"
    );
    // Beside the filter of its rows.
    let filtered = |customers: &mut serde_json::Value| {
        customers["sqlWhere"] = json!("\"customers\".a = 1 OR 1 = 2");
    };
    let found = ask(&filtered, by_name());
    let both = "WHERE (\"customers\".a = 1 OR 1 = 2) AND ( (\"customers\".region) IN";
    assert!(found.contains(both), "{found}");
    // With the SQL of its field over several tables it can only hold when they are joined.
    let wide = |customers: &mut serde_json::Value| {
        customers["dimensions"]["region"]["tablesReferences"] = json!(["customers", "items"]);
    };
    let found = ask(&wide, by_name());
    let after = "\nWHERE ( (\"customers\".region) IN ('EU ${TABLE}') )\n";
    assert!(
        found.contains(after) && found.contains("AS \"items\""),
        "{found}"
    );
    // The query's own filter is enough, and a table that is not joined has no rows to leave out.
    let own = json!({"dimensions": {"id": "1", "and": [
        {"id": "2", "target": {"fieldId": "customers_region"}, "operator": "notNull"}]}});
    let mut filtered = by_name();
    filtered["filters"] = own;
    let found = ask(&|_| {}, filtered);
    assert!(
        !found.contains("'EU") && found.contains("WHERE ( (\"customers\".name) IS NOT NULL )"),
        "{found}"
    );
    assert!(!ask(&|_| {}, json!({})).contains("customers"));
}

#[test]
fn the_rows_of_a_metric_are_counted_once_and_its_relationship_may_be_left_to_the_keys() {
    let ask = json!({"dimensions": ["items_sku"], "metrics": ["orders_total", "items_pieces"]});
    let declared = compile(&read(explore()), &query(ask.clone()), &options()).unwrap();
    assert!(
        declared.sql.contains("SELECT DISTINCT") && declared.warnings.is_empty(),
        "{}",
        declared.sql
    );
    let mut silent = explore();
    for join in silent["joinedTables"].as_array_mut().unwrap() {
        join.as_object_mut().unwrap().remove("relationship");
    }
    let inferred = compile(&read(silent), &query(ask), &options()).unwrap();
    assert_eq!(inferred.sql, declared.sql);
    // One customer per order: nothing is multiplied.
    let one = sql(json!({"dimensions": ["customers_name"]}));
    assert!(!one.contains("DISTINCT"), "{one}");
    assert!(
        sql(json!({"dimensions": ["items_sku"], "metrics": ["orders_first"]}))
            .starts_with("SELECT\n")
    );
}

#[test]
fn without_a_key_a_metric_is_computed_with_a_warning() {
    let mut explore = explore();
    explore["tables"]["orders"]
        .as_object_mut()
        .unwrap()
        .remove("primaryKey");
    let ask = query(json!({"dimensions": ["items_sku"]}));
    let compiled = compile(&read(explore), &ask, &options()).unwrap();
    let fields: Vec<_> = compiled
        .warnings
        .iter()
        .flat_map(|one| &one.fields)
        .collect();
    assert_eq!(fields, ["orders_total"]);
}
