//! Numbers that do not depend on what else is asked. What they are is tested on rows, in `shared/warehouse/tests/rows`.

use chrono_tz::Tz;
use semantic::totals::{subtotals, total};
use semantic::{Compiled, compile};
use serde_json::{Value, json};

use crate::shop::{explore, options, query, read, sql};

/// Compiles on a changed explore.
fn on(explore: Value, changes: Value) -> Compiled {
    compile(&read(explore), &query(changes), &options()).expect("a query that compiles")
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

fn ad_hoc(table: &str, name: &str, kind: &str, sql: &str) -> Value {
    json!({"table": table, "name": name, "type": kind, "sql": sql})
}

/// A sum of orders with a filter on this field.
fn filtered(name: &str, field: &str) -> Value {
    let mut metric = ad_hoc("orders", name, "sum", "${TABLE}.amount");
    metric["filters"] =
        json!([{"id": "1", "target": {"fieldRef": field}, "operator": "equals", "values": ["a"]}]);
    metric
}

#[test]
fn a_metric_filtered_by_rows_of_the_many_side_shares_its_rows_with_no_other() {
    let keys = |metrics: Value| {
        let found = sql(json!({
            "metrics": metrics,
            "additionalMetrics": [
                filtered("of_items", "items.sku"), filtered("of_payments", "payments.method"), filtered("of_customers", "customers.region"),
            ],
        }));
        count(&found, "SELECT DISTINCT")
    };
    assert_eq!(keys(json!(["orders_total", "orders_of_items"])), 2);
    assert_eq!(keys(json!(["orders_of_items", "orders_of_payments"])), 2);
    assert_eq!(
        keys(json!([
            "orders_total",
            "orders_count",
            "orders_of_items",
            "orders_of_payments"
        ])),
        3
    );
    // An order determines its customer.
    assert_eq!(
        keys(json!([
            "orders_total",
            "orders_of_customers",
            "items_pieces"
        ])),
        1
    );
}

#[test]
fn a_join_on_several_tables_says_nothing_of_those_that_the_others_do_not_determine() {
    let mut explore = explore();
    explore["joinedTables"][1] = explore["joinedTables"][2].clone();
    explore["joinedTables"][2] = json!({
        "table": "items", "relationship": "one-to-many", "tablesReferences": ["items", "orders", "payments"],
        "sqlOn": "${items.order_id} = ${orders.order_id} AND ${items.item_id} <= ${payments.payment_id}",
        "compiledSqlOn": "(\"items\".order_id) = (\"orders\".order_id) AND (\"items\".item_id) <= (\"payments\".payment_id)",
    });
    let found = on(explore.clone(), json!({"metrics": ["items_pieces"]})).sql;
    assert!(found.contains("SELECT DISTINCT"), "{found}");
    // Their whole keys compared, they are determined.
    explore["joinedTables"][2]["sqlOn"] = json!(
        "${items.order_id} = ${orders.order_id} AND ${items.item_id} = ${payments.payment_id}"
    );
    let found = on(explore, json!({"metrics": ["items_pieces"]})).sql;
    assert!(!found.contains("SELECT DISTINCT"), "{found}");
}

#[test]
fn what_a_join_did_not_find_is_nothing_whatever_is_made_of_it() {
    for (kind, text) in [
        ("sum", "1"),
        ("sum", "0.5"),
        ("min", "COALESCE(${TABLE}.name, '')"),
        ("count_distinct", "COALESCE(${name}, '')"),
        (
            "average",
            "CASE WHEN ${TABLE}.region IS NULL THEN 1 ELSE 0 END",
        ),
    ] {
        let found = sql(json!({
            "metrics": ["customers_m"], "additionalMetrics": [ad_hoc("customers", "m", kind, text)],
        }));
        let guard = "CASE WHEN \"customers\".customer_id IS NOT NULL THEN ";
        assert_eq!(count(&found, guard), 1, "{found}");
    }
    // A column is nothing there anyway, and of the base table there is always a row.
    for (table, text) in [
        ("customers", "${TABLE}.name"),
        ("customers", "${name}"),
        ("orders", "1"),
    ] {
        let found = sql(json!({
            "metrics": [format!("{table}_m")], "additionalMetrics": [ad_hoc(table, "m", "count", text)],
        }));
        assert!(!found.contains("CASE"), "{found}");
    }
}

#[test]
fn a_column_of_another_table_is_something_where_its_own_table_has_no_row() {
    let found = sql(json!({
        "metrics": ["items_m"], "additionalMetrics": [ad_hoc("items", "m", "sum", "${orders.amount}")],
    }));
    assert!(
        found.contains("CASE WHEN \"items\".item_id IS NOT NULL THEN "),
        "{found}"
    );
}

#[test]
fn an_inner_join_finds_every_row_and_a_right_join_lacks_those_of_the_base() {
    let ask = |kind: &str, table: &str| {
        let mut explore = explore();
        explore["joinedTables"][0]["type"] = json!(kind);
        let metrics = json!([ad_hoc(table, "m", "sum", "1")]);
        let changes = json!({
            "dimensions": ["customers_name"], "metrics": [format!("{table}_m")], "additionalMetrics": metrics,
        });
        on(explore, changes).sql.contains("IS NOT NULL")
    };
    assert!(ask("left", "customers") && !ask("left", "orders"));
    assert!(!ask("inner", "customers") && !ask("inner", "orders"));
    assert!(!ask("right", "customers") && ask("right", "orders"));
    assert!(ask("full", "customers") && ask("full", "orders"));
}

#[test]
fn opaque_sql_that_may_count_what_is_not_there_is_told() {
    let warned = |text: &str| {
        let changes = json!({
            "metrics": ["customers_m"], "additionalMetrics": [ad_hoc("customers", "m", "number", text)],
        });
        let mut explore = explore();
        let mut tier = explore["tables"]["customers"]["dimensions"]["region"].clone();
        tier["name"] = json!("tier");
        tier["sql"] = json!("${TABLE}.tier");
        explore["tables"]["customers"]["dimensions"]["tier"] = tier;
        let warnings = on(explore, changes).warnings;
        warnings
            .iter()
            .any(|one| one.message.contains("none of \"customers\""))
    };
    assert!(
        warned("COUNT(*)") && warned("COUNT( 1 )") && warned("SUM(coalesce(${TABLE}.tier, 1))")
    );
    assert!(!warned(
        "ROUND(100 * SUM(${TABLE}.tier) / NULLIF(COUNT(${TABLE}.name), 0), 2)"
    ));
}

#[test]
fn a_star_is_counted_under_protection_and_under_a_filter() {
    let mut stars = ad_hoc("orders", "stars", "count", "*");
    let ask = |stars: &Value| {
        sql(json!({"metrics": ["orders_stars", "items_pieces"], "additionalMetrics": [stars]}))
    };
    let found = ask(&stars);
    assert!(found.contains("  1 AS \"zd_value_0\""), "{found}");
    stars["filters"] = filtered("x", "orders.status")["filters"].clone();
    let found = ask(&stars);
    assert!(
        found.contains("THEN (1) ELSE NULL END AS \"zd_value_0\""),
        "{found}"
    );
}

#[test]
fn a_metric_of_the_query_is_not_what_the_explores_metrics_mean() {
    for metrics in [
        json!(["orders_total", "orders_mean"]),
        json!(["orders_mean", "orders_total"]),
    ] {
        let found = sql(json!({
            "metrics": metrics, "additionalMetrics": [ad_hoc("orders", "total", "max", "${TABLE}.amount")],
        }));
        assert!(
            found.contains("(SUM(\"orders\".amount)) / (COUNT("),
            "{found}"
        );
        assert!(
            found.contains("MAX(\"orders\".amount) AS \"orders_total\""),
            "{found}"
        );
    }
}

#[test]
fn a_width_with_decimals_is_counted_in_decimals() {
    let ask = |width: f64| {
        sql(json!({
            "dimensions": ["bins"],
            "customDimensions": [{
                "id": "bins", "type": "bin", "table": "orders", "dimensionId": "orders_amount", "binType": "fixed_width", "binWidth": width,
            }],
        }))
    };
    let found = ask(0.25);
    assert!(
        found.contains("FLOOR(CAST(FLOOR(CAST(\"orders\".amount AS DECIMAL(27, 9)) * 100) AS DOUBLE PRECISION) / 25) * 0.25"),
        "{found}"
    );
    assert!(ask(10.0).contains("FLOOR(CAST(\"orders\".amount AS DOUBLE PRECISION) / 10) * 10"));
    // More decimals than a decimal has here.
    assert!(ask(1.25e-8).contains("/ 0.0000000125) * 0.0000000125"));
}

#[test]
fn a_sum_is_counted_in_decimals_as_a_whole() {
    let mut explore = explore();
    explore["targetDatabase"] = json!("clickhouse");
    explore["tables"]["orders"]["dimensions"]["amount"]["compiledSql"] =
        json!("\"orders\".amount + \"orders\".tip");
    let found = on(
        explore,
        json!({
            "dimensions": ["bins"],
            "customDimensions": [{
                "id": "bins", "type": "bin", "table": "orders", "dimensionId": "orders_amount", "binType": "fixed_width", "binWidth": 0.25,
            }],
        }),
    );
    assert!(
        found
            .sql
            .contains("FLOOR(ROUND((\"orders\".amount + \"orders\".tip) * 100, 6))"),
        "{}",
        found.sql
    );
}

#[test]
fn a_day_without_midnight_is_not_in_the_day_before() {
    let ask = |zone: Tz, now: &str, operator: &str| {
        let mut options = options();
        (options.timezone, options.now) = (zone, now.parse().expect("an instant"));
        let changes = json!({"filters": {"dimensions": {"id": "1", "and": [{
            "id": "2", "target": {"fieldId": "orders_ordered_on"}, "operator": operator, "values": [1],
            "settings": {"unitOfTime": "days", "completed": operator != "inTheCurrent"},
        }]}}});
        compile(&read(explore()), &query(changes), &options)
            .expect("a query that compiles")
            .sql
    };
    for (zone, before, day, after) in [
        (
            chrono_tz::Africa::Cairo,
            "2027-04-29",
            "2027-04-30",
            "2027-05-01",
        ),
        (
            chrono_tz::America::Santiago,
            "2026-09-05",
            "2026-09-06",
            "2026-09-07",
        ),
        (
            chrono_tz::America::Havana,
            "2026-03-07",
            "2026-03-08",
            "2026-03-09",
        ),
        (
            chrono_tz::Asia::Beirut,
            "2026-03-28",
            "2026-03-29",
            "2026-03-30",
        ),
    ] {
        let (eve, noon) = (format!("{before}T15:00:00Z"), format!("{day}T15:00:00Z"));
        for (now, operator, from, to) in [
            (&eve, "inTheCurrent", before, day),
            (&eve, "inTheNext", day, after),
            (&noon, "inTheCurrent", day, after),
            (&noon, "inThePast", before, day),
        ] {
            let found = ask(zone, now, operator);
            let range = format!(">= (DATE '{from}') AND (\"orders\".ordered_on) < (DATE '{to}')");
            assert!(found.contains(&range), "{zone} {operator}: {found}");
        }
    }
}

#[test]
fn a_total_keeps_the_joins_that_choose_among_the_rows() {
    let ask = |kind: &str, changes: Value| {
        let mut explore = explore();
        explore["joinedTables"][1]["type"] = json!(kind);
        let compiled = compile(&read(explore), &total(&query(changes)), &options());
        compiled.expect("a query that compiles").sql
    };
    let dimension = || json!({"dimensions": ["orders_status", "items_sku"]});
    let filter = || {
        json!({"filters": {"metrics": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "items_pieces"}, "operator": "greaterThan", "values": [0]}]}}})
    };
    for changes in [dimension, filter] {
        for kind in ["inner", "right", "full"] {
            let found = ask(kind, changes());
            assert!(found.contains("JOIN \"db\".\"s\".\"items\""), "{found}");
            // And what it multiplies is protected.
            assert!(found.contains("SELECT DISTINCT"), "{found}");
        }
        let found = ask("left", changes());
        assert!(!found.contains("JOIN"), "{found}");
    }
}

#[test]
fn subtotals_zoom_the_date_that_the_query_zooms() {
    let whole = query(json!({
        "dimensions": ["orders_ordered_at", "orders_status", "orders_ordered_on"], "dateZoom": {"granularity": "Year"},
    }));
    let order = ["orders_ordered_on", "orders_ordered_at", "orders_status"].map(str::to_owned);
    let found: Vec<_> = subtotals(&whole, &order, &[], 10)
        .into_iter()
        .map(|(key, one)| {
            let compiled = compile(&read(explore()), &one, &options());
            (key, compiled.expect("a query that compiles").sql)
        })
        .collect();
    let zoomed =
        |sql: &str, column: &str| sql.contains(&format!("DATE_TRUNC('YEAR', \"orders\".{column})"));
    let [(_, first), (_, second)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(!zoomed(first, "ordered_on"), "{first}");
    assert!(
        zoomed(second, "ordered_at") && !zoomed(second, "ordered_on"),
        "{second}"
    );
}

#[test]
fn the_order_of_ranges_has_a_name_of_its_own() {
    let bin = json!({
        "id": "b", "type": "bin", "table": "orders", "dimensionId": "orders_amount", "binType": "fixed_width", "binWidth": 10,
    });
    let text = |id: &str| json!({"id": id, "type": "sql", "table": "orders", "sql": "${status}", "dimensionType": "string"});
    let found = sql(json!({
        "dimensions": ["b", "b_order", "B_ORDER_"], "customDimensions": [bin, text("b_order"), text("B_ORDER_")],
        "sorts": [{"fieldId": "b"}],
    }));
    assert!(found.contains("ORDER BY \"b_order__\""), "{found}");
}

#[test]
fn a_dimension_of_the_query_is_not_the_one_that_has_to_be_filtered() {
    let mut explore = explore();
    explore["tables"]["orders"]["requiredFilters"] = json!([
        {"id": "1", "target": {"fieldRef": "status"}, "operator": "equals", "values": ["done"], "required": true}]);
    let filter = json!({"dimensions": {"id": "1", "and": [
        {"id": "2", "target": {"fieldId": "orders_status"}, "operator": "equals", "values": ["x"]}]}});
    let own = json!([
        {"id": "orders_status", "type": "sql", "table": "orders", "sql": "'x'", "dimensionType": "string"}]);
    let required = "(\"orders\".status) IN ('done')";
    let ask = |custom: Value| {
        let changes = json!({"dimensions": [], "filters": filter, "customDimensions": custom});
        on(explore.clone(), changes).sql.contains(required)
    };
    assert!(!ask(json!([])));
    assert!(ask(own));
}

#[test]
fn a_row_filter_over_several_tables_is_not_lost_on_a_right_or_full_join() {
    for (kind, kept) in [
        ("left", true),
        ("inner", true),
        ("right", false),
        ("full", false),
    ] {
        let mut explore = explore();
        let joins = explore["joinedTables"].as_array_mut().expect("joins");
        let join = joins.iter_mut().find(|join| join["table"] == "items");
        join.expect("a join of items")["type"] = json!(kind);
        let items = &mut explore["tables"]["items"];
        items["sqlWhere"] = json!("\"items\".sku = 'a' AND (\"orders\".status) = 'x'");
        items["uncompiledSqlWhere"] = json!("${TABLE}.sku = 'a' AND ${orders.status} = 'x'");
        let wanted = query(json!({ "dimensions": ["items_sku"], "metrics": [] }));
        match compile(&read(explore), &wanted, &options()) {
            Ok(compiled) => {
                assert!(kept, "{kind}: {}", compiled.sql);
                assert!(compiled.sql.contains("status) = 'x'"), "{}", compiled.sql);
            }
            Err(errors) => assert!(
                !kept && errors.to_string().contains("right or full join"),
                "{kind}: {errors}"
            ),
        }
    }
}
