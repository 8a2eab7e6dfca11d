//! Columns become dimensions.

use insta::assert_snapshot;
use semantic::Dialect;
use semantic::explore::DimensionType;
use semantic::model::{Catalog, explores};
use serde_json::json;

use super::fixture::*;

#[test]
fn a_table_has_what_its_model_says() {
    let outcomes = compile(&shop());
    let mut table = explore(&outcomes, "orders").tables["orders"].clone();
    table.dimensions.clear();
    table.metrics.clear();
    let ids: Vec<_> = table
        .required_filters
        .iter()
        .map(|filter| filter.id.clone())
        .collect();
    assert_eq!(
        ids.len(),
        3,
        "the second filter on the status does not count"
    );
    for filter in &mut table.required_filters {
        assert_eq!(filter.id.len(), 36);
        filter.id.clear();
    }
    assert_snapshot!(serde_json::to_string(&table).expect("JSON"), @r#"{"name":"orders","label":"All orders","database":"db","schema":"shop","sqlTable":"\"db\".\"shop\".\"orders\"","description":"orders table","orderFieldsBy":"INDEX","groupLabel":"Sales","primaryKey":["id"],"sqlWhere":"\"orders\".region = ${ld.attr.region} AND (UPPER(\"orders\".status)) != 'x'","uncompiledSqlWhere":"${TABLE}.region = ${ld.attr.region} AND ${status} != 'x'","requiredFilters":[{"id":"","target":{"fieldRef":"created"},"operator":"inThePast","values":[14],"settings":{"unitOfTime":"days"},"required":true},{"id":"","target":{"fieldRef":"status"},"operator":"startsWith","values":["open"],"required":false},{"id":"","target":{"fieldRef":"name","tableName":"customers"},"operator":"startsWith","values":["A"],"required":false}],"groupDetails":{"money":{"description":"What it costs","label":"Money"}},"defaultTimeDimension":{"field":"created","interval":"DAY"},"dimensions":{},"metrics":{},"lineageGraph":{"orders":[]}}"#);
}

#[test]
fn a_dimension_has_what_its_column_says() {
    let outcomes = compile(&shop());
    let explore = explore(&outcomes, "orders");
    let amount = dimension(&explore, "orders", "amount");
    assert_snapshot!(serde_json::to_string(&amount).expect("JSON"), @r#"{"fieldType":"dimension","type":"number","name":"amount","label":"Amount","table":"orders","tableLabel":"All orders","sql":"${TABLE}.amount","compiledSql":"\"orders\".amount","description":"The amount","hidden":false,"format":"usd","groups":[],"isIntervalBase":false,"tags":["pii"],"index":0,"tablesReferences":["orders"]}"#);
    let status = dimension(&explore, "orders", "status");
    assert_eq!(status.compiled_sql, "UPPER(\"orders\".status)");
    assert_eq!(
        serde_json::to_value(&status.required_attributes).expect("JSON"),
        json!({ "team": ["a", "b"] })
    );
    assert_eq!(
        dimension(&explore, "orders", "amount_k").compiled_sql,
        "(\"orders\".amount) / 1000"
    );
    let keys: Vec<&str> = explore.tables["orders"]
        .dimensions
        .keys()
        .map(String::as_str)
        .collect();
    // This JSON sorts its columns.
    assert_eq!(
        keys.join(" "),
        "amount amount_k paid_at paid_at_month created created_raw created_day created_day_of_week_name customer_id id payer_id status"
    );
    assert!(
        find(&outcomes, "orders")
            .warnings
            .iter()
            .any(|one| one.contains("\"moon\" is no interval"))
    );
}

#[test]
fn intervals_are_derived_from_their_base() {
    let explore = explore(&compile(&shop()), "orders");
    let day = dimension(&explore, "orders", "created_day_of_week_name");
    assert_snapshot!(serde_json::to_string(&day).expect("JSON"), @r#"{"fieldType":"dimension","type":"string","name":"created_day_of_week_name","label":"Created day of the week (name)","table":"orders","tableLabel":"All orders","sql":"TO_CHAR(${TABLE}.created, 'FMDay')","compiledSql":"TO_CHAR(\"orders\".created, 'FMDay')","description":"The created","timeInterval":"DAY_OF_WEEK_NAME","timeIntervalBaseDimensionName":"created","hidden":false,"groups":["times","Created"],"isIntervalBase":false,"index":1,"tablesReferences":["orders"]}"#);
    assert!(dimension(&explore, "orders", "created").is_interval_base);
    assert_eq!(
        dimension(&explore, "orders", "created_raw").dimension_type,
        DimensionType::Timestamp
    );
    let month = dimension(&explore, "orders", "paid_at_month");
    assert_eq!(month.sql, "DATE_TRUNC('MONTH', ${TABLE}.paid)");
    assert!(month.hidden, "it inherits from the additional dimension");
    assert_eq!(month.groups, ["Paid at"]);
}

#[test]
fn intervals_can_be_switched_off() {
    let column =
        |intervals| json!({ "dimension": { "type": "date", "time_intervals": intervals } });
    let outcomes = compile(&[model(
        "m",
        json!({}),
        &[
            ("a", column(json!("OFF"))),
            ("b", column(json!(false))),
            ("c", column(json!([]))),
            ("d", column(json!("default"))),
        ],
    )]);
    let explore = explore(&outcomes, "m");
    let keys: Vec<&str> = explore.tables["m"]
        .dimensions
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "a",
            "b",
            "c",
            "d",
            "d_day",
            "d_week",
            "d_month",
            "d_quarter",
            "d_year"
        ]
    );
    let bases = ["a", "b", "c", "d"].map(|key| dimension(&explore, "m", key).is_interval_base);
    assert_eq!(bases, [false, false, true, true]);
}

#[test]
fn a_renamed_dimension_has_intervals_of_its_new_name() {
    let outcomes = compile(&[model(
        "m",
        json!({ "metrics": { "n": { "type": "count", "sql": "${fresh} + ${old}" } } }),
        &[(
            "old",
            json!({ "dimension": { "name": "fresh", "type": "date", "time_intervals": ["DAY"] } }),
        )],
    )]);
    let explore = explore(&outcomes, "m");
    let day = dimension(&explore, "m", "old_day");
    assert_eq!(day.name, "fresh_day");
    assert_eq!(
        day.time_interval_base_dimension_name.as_deref(),
        Some("fresh")
    );
    assert_eq!(
        metric(&explore, "m", "n").compiled_sql,
        "COUNT((\"m\".old) + (\"m\".old))"
    );
}

#[test]
fn a_column_wins_over_an_interval_of_its_name() {
    let outcomes = compile(&[model(
        "m",
        json!({}),
        &[
            ("at_day", json!({ "dimension": { "type": "string" } })),
            (
                "at",
                json!({ "dimension": { "type": "date", "time_intervals": ["DAY", "YEAR"] } }),
            ),
        ],
    )]);
    let at_day = dimension(&explore(&outcomes, "m"), "m", "at_day");
    assert_eq!(at_day.dimension_type, DimensionType::String);
    assert_eq!(
        outcomes[0].warnings,
        ["The interval \"at_day\" is left out, since a column has that name"]
    );
}

#[test]
fn types_come_from_the_meta_then_the_catalog_then_dbt() {
    let mut orders = model(
        "orders",
        json!({}),
        &[
            ("a", json!({ "dimension": { "type": "boolean" } })),
            ("b", json!({})),
            ("c", json!({})),
            ("d", json!({})),
        ],
    );
    for column in ["a", "b", "c"] {
        orders["columns"][column]["data_type"] = json!("timestamp without time zone");
    }
    let catalog: Catalog = serde_json::from_value(json!({
        "db": { "shop": { "orders": { "a": "number", "b": "number", "D": "date" } } },
    }))
    .expect("a catalog");
    let types = |dialect| {
        let outcomes = compile_for(dialect, Some(&catalog), std::slice::from_ref(&orders));
        let explore = explore(&outcomes, "orders");
        ["a", "b", "c", "d"].map(|key| dimension(&explore, "orders", key).dimension_type)
    };
    use DimensionType::{Boolean, Date, Number, String, Timestamp};
    assert_eq!(
        types(Dialect::Postgres),
        [Boolean, Number, Timestamp, String]
    );
    // On Snowflake names match in any case.
    assert_eq!(
        types(Dialect::Snowflake),
        [Boolean, Number, Timestamp, Date]
    );
}

#[test]
fn the_catalog_of_dbt_is_read_too() {
    let catalog: Catalog = serde_json::from_value(json!({
        "metadata": {},
        "nodes": { "model.shop.orders": {
            "metadata": { "type": "BASE TABLE", "database": "db", "schema": "shop", "name": "orders" },
            "columns": {
                "a": { "type": "NUMBER(38,0)", "index": 1, "name": "a" },
                "b": { "type": "TIMESTAMP_NTZ", "index": 2, "name": "b" },
                "c": { "type": "Nullable(DateTime64(3))", "index": 3, "name": "c" },
                "d": { "type": "character varying(255)", "index": 4, "name": "d" },
                "e": { "type": "INT64", "index": 5, "name": "e" },
                "f": { "type": "double precision", "index": 6, "name": "f" },
                "g": { "type": "interval", "index": 7, "name": "g" },
                "h": { "type": "STRUCT<a INT64>", "index": 8, "name": "h" },
            },
        } },
        "sources": {},
    }))
    .expect("a catalog");
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let columns = keys.map(|key| (key, json!({})));
    let outcomes = compile_for(
        Dialect::Postgres,
        Some(&catalog),
        &[model("orders", json!({}), &columns)],
    );
    let explore = explore(&outcomes, "orders");
    use DimensionType::{Number, String, Timestamp};
    assert_eq!(
        keys.map(|key| dimension(&explore, "orders", key).dimension_type),
        [
            Number, Timestamp, Timestamp, String, Number, Number, String, String
        ]
    );
}

#[test]
fn columns_are_quoted_where_their_name_needs_it() {
    let mut wide = model(
        "m",
        json!({}),
        &[
            ("Weird Col", json!({})),
            ("plain", json!({})),
            ("Mixed", json!({})),
        ],
    );
    let sql = |dialect, catalog: Option<&Catalog>, model: &serde_json::Value| {
        let explore = explore(
            &compile_for(dialect, catalog, std::slice::from_ref(model)),
            "m",
        );
        ["Weird Col", "plain", "Mixed"].map(|key| dimension(&explore, "m", key).compiled_sql)
    };
    assert_eq!(
        sql(Dialect::Postgres, None, &wide),
        ["\"m\".\"Weird Col\"", "\"m\".plain", "\"m\".Mixed"]
    );
    assert_eq!(
        sql(Dialect::Bigquery, None, &wide),
        ["`m`.`Weird Col`", "`m`.plain", "`m`.Mixed"]
    );
    // The warehouse knows it with capitals: then it needs quotes to be found.
    let catalog = json!({ "db": { "shop": { "m": { "Mixed": "number", "plain": "number" } } } });
    let catalog: Catalog = serde_json::from_value(catalog).expect("a catalog");
    assert_eq!(
        sql(Dialect::Postgres, Some(&catalog), &wide)[2],
        "\"m\".\"Mixed\""
    );
    assert_eq!(
        sql(Dialect::Snowflake, Some(&catalog), &wide)[2],
        "\"m\".Mixed"
    );
    wide["columns"]["Mixed"]["quote"] = json!(true);
    assert_eq!(sql(Dialect::Snowflake, None, &wide)[2], "\"m\".\"Mixed\"");
}

#[test]
fn snowflake_timestamps_are_in_utc() {
    let at = json!({ "dimension": { "type": "timestamp", "time_intervals": ["DAY"] } });
    let outcomes = compile_for(
        Dialect::Snowflake,
        None,
        &[model("m", json!({}), &[("at", at)])],
    );
    let explore = explore(&outcomes, "m");
    assert_eq!(
        dimension(&explore, "m", "at_day").compiled_sql,
        "DATE_TRUNC('DAY', TO_TIMESTAMP_NTZ(CONVERT_TIMEZONE('UTC', \"m\".at)))"
    );
}

#[test]
fn the_meta_of_the_config_wins_key_by_key() {
    let mut orders = model(
        "orders",
        json!({ "label": "Old", "group_label": "Kept" }),
        &[(
            "a",
            json!({ "dimension": { "label": "Old", "hidden": true } }),
        )],
    );
    orders["config"]["meta"] = json!({ "label": "New" });
    orders["columns"]["a"]["config"] = json!({ "meta": { "dimension": { "label": "New" } } });
    let explore = explore(&compile(&[orders]), "orders");
    assert_eq!(
        (explore.label.as_str(), explore.group_label.as_deref()),
        ("New", Some("Kept"))
    );
    let a = dimension(&explore, "orders", "a");
    assert_eq!((a.label.as_str(), a.hidden), ("New", false), "as a whole");
}

#[test]
fn additional_dimensions_keep_what_is_theirs_under_config() {
    let mut m = model("m", json!({}), &[("a", json!({}))]);
    m["columns"]["a"]["config"] = json!({ "meta": {
        "dimension": { "type": "number", "format": "usd" },
        "additional_dimensions": { "band": { "type": "string", "sql": "CASE WHEN ${a} > 1 THEN 'hi' END" } },
    } });
    let band = dimension(&explore(&compile(&[m]), "m"), "m", "band");
    assert_eq!(band.compiled_sql, "CASE WHEN (\"m\".a) > 1 THEN 'hi' END");
    assert_eq!(
        (band.dimension_type, band.format),
        (DimensionType::String, None)
    );
    assert_eq!(band.description.as_deref(), Some("The a"));
}

#[test]
fn fields_are_in_the_order_in_which_they_are_written() {
    let manifest = manifest_of(&[model("m", json!({}), &[("COLUMNS", json!({}))])]);
    let columns = r#""columns": {
        "z": { "name": "z", "meta": {
            "metrics": { "z2": { "type": "sum" }, "z1": { "type": "sum" } },
            "additional_dimensions": { "y": {}, "b": {} }
        } },
        "a": { "name": "a", "meta": { "dimension": { "type": "date", "time_intervals": ["YEAR", "DAY"] } } }
    }, "was": {"#;
    let manifest = manifest.to_string().replace("\"columns\":{", columns);
    let all =
        explores(manifest.as_bytes(), None, &settings(Dialect::Postgres)).expect("a manifest");
    let semantic::ExploreOrError::Explore(explore) = &all[0] else {
        panic!("{all:?}");
    };
    let table = &explore.tables["m"];
    let dimensions: Vec<_> = table.dimensions.keys().map(String::as_str).collect();
    assert_eq!(dimensions, ["z", "y", "b", "a", "a_year", "a_day"]);
    assert_eq!(table.metrics.keys().collect::<Vec<_>>(), ["z2", "z1"]);
}
