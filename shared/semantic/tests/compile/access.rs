//! What a query itself writes names only what its user may see.

use semantic::{Options, Reason, UserAttributes, compile};
use serde_json::{Value, json};

use crate::shop::{explore, options, query, read};

/// The shop, where a customer's name, the fee metric, the instant of an order and all payments are for finance.
fn guarded() -> Value {
    let mut explore = explore();
    let finance = json!({"team": "finance"});
    explore["tables"]["payments"]["requiredAttributes"] = finance.clone();
    for (table, kind, field) in [
        ("customers", "dimensions", "name"),
        ("orders", "dimensions", "ordered_at"),
        ("orders", "metrics", "first"),
    ] {
        explore["tables"][table][kind][field]["requiredAttributes"] = finance.clone();
    }
    let name = explore["tables"]["customers"]["dimensions"]["name"].clone();
    let mut initial = name.clone();
    initial["name"] = json!("initial");
    initial["sql"] = json!("LEFT(${name}, 1)");
    initial["compiledSql"] = json!("LEFT((\"customers\".name), 1)");
    initial
        .as_object_mut()
        .unwrap()
        .remove("requiredAttributes");
    explore["tables"]["customers"]["dimensions"]["initial"] = initial.clone();
    let mut month = initial;
    month["name"] = json!("ordered_at_month");
    month["table"] = json!("orders");
    month["type"] = json!("date");
    month["sql"] = json!("${TABLE}.ordered_at");
    month["compiledSql"] = json!("DATE_TRUNC('MONTH', \"orders\".ordered_at)");
    month["tablesReferences"] = json!(["orders"]);
    month["timeInterval"] = json!("MONTH");
    month["timeIntervalBaseDimensionName"] = json!("ordered_at");
    explore["tables"]["orders"]["dimensions"]["ordered_at_month"] = month;
    explore["tables"]["orders"]["metrics"]["since"] = json!({
        "fieldType": "metric", "type": "number", "name": "since", "label": "since", "table": "orders", "tableLabel": "orders",
        "hidden": false, "sql": "${first}", "compiledSql": "(MIN(\"orders\".ordered_at))", "filters": [], "tablesReferences": ["orders"],
    });
    explore
}

fn in_finance() -> Options {
    let values = [("team".to_owned(), vec!["finance".to_owned()])].into();
    Options {
        attributes: UserAttributes {
            email: None,
            values,
        },
        ..options()
    }
}

fn with_custom_sql() -> Options {
    Options {
        custom_sql: true,
        ..options()
    }
}

fn ask(changes: &Value, options: &Options) -> Result<String, Reason> {
    let compiled = compile(&read(guarded()), &query(changes.clone()), options);
    compiled
        .map(|compiled| compiled.sql)
        .map_err(|errors| errors.reason())
}

fn own(table: &str, kind: &str, sql: &str) -> Value {
    json!({"metrics": [format!("{table}_own")], "additionalMetrics": [{"table": table, "name": "own", "type": kind, "sql": sql}]})
}

/// Refused to everybody but finance, also with the right to custom SQL.
fn assert_hidden(changes: &Value) {
    assert_eq!(ask(changes, &options()), Err(Reason::Hidden), "{changes}");
    let hidden = ask(changes, &with_custom_sql());
    assert_eq!(hidden, Err(Reason::Hidden), "{changes}");
    let shown = ask(changes, &in_finance());
    assert!(shown.is_ok(), "{changes}: {shown:?}");
}

#[test]
fn an_ad_hoc_metric_names_no_hidden_field() {
    for (table, kind, sql) in [
        ("customers", "max", "${name}"),
        ("customers", "max", "${customers.name}"),
        ("orders", "max", "${customers.name}"),
        ("orders", "max", "${customers.NAME}"),
        ("orders", "sum", "${payments.payment_id}"),
        ("payments", "sum", "${payment_id}"),
        ("orders", "number", "${payments.paid}"),
        ("orders", "number", "${first}"),
        ("orders", "number", "${total} + ${payments.paid} * 0"),
    ] {
        assert_hidden(&own(table, kind, sql));
    }
    // Whatever is selected.
    let mut unused = own("orders", "max", "${customers.name}");
    unused["metrics"] = json!([]);
    assert_hidden(&unused);
}

#[test]
fn a_filter_of_an_ad_hoc_metric_names_no_hidden_field() {
    for target in [
        json!({"fieldRef": "customers.name"}),
        json!({"fieldRef": "name", "tableName": "customers"}),
        json!({"fieldRef": "ordered_at"}),
        json!({"fieldRef": "payments.method"}),
    ] {
        let mut changes = own("orders", "sum", "${amount}");
        changes["additionalMetrics"][0]["filters"] =
            json!([{"id": "f", "target": target, "operator": "notNull"}]);
        assert_hidden(&changes);
    }
}

#[test]
fn an_ad_hoc_metric_has_no_hidden_base() {
    let mut changes = own("customers", "count", "${customer_id}");
    changes["additionalMetrics"][0]["baseDimensionName"] = json!("name");
    assert_hidden(&changes);
}

#[test]
fn a_custom_dimension_names_no_hidden_field() {
    let custom = |table: &str, sql: &str| {
        json!({"dimensions": ["own"], "customDimensions": [
            {"id": "own", "name": "own", "type": "sql", "table": table, "sql": sql, "dimensionType": "string"}]})
    };
    for (table, sql) in [
        ("customers", "UPPER(${name})"),
        ("orders", "${customers.name}"),
        ("orders", "${payments.method}"),
        ("payments", "1"),
    ] {
        let changes = custom(table, sql);
        assert_hidden(&changes);
        // Also where only a filter has it.
        let mut filtered = changes;
        filtered["dimensions"] = json!([]);
        filtered["filters"] = json!({"dimensions": {"id": "1", "and": [
            {"id": "2", "target": {"fieldId": "own"}, "operator": "notNull"}]}});
        assert_hidden(&filtered);
    }
}

#[test]
fn ranges_are_of_no_hidden_field() {
    for (field, table) in [
        ("payments_payment_id", "payments"),
        ("customers_name", "customers"),
    ] {
        assert_hidden(&json!({"dimensions": ["bins"], "customDimensions": [
            {"id": "bins", "name": "bins", "type": "bin", "table": table, "dimensionId": field, "binType": "fixed_width", "binWidth": 10}]}));
    }
}

#[test]
fn a_calculation_names_no_hidden_field() {
    let changes = json!({"metrics": ["orders_total", "payments_paid"],
        "tableCalculations": [{"name": "c", "displayName": "c", "sql": "${payments.paid} / ${orders.total}"}]});
    assert_hidden(&changes);
    // It knows the columns of the result only.
    let calculation = json!({"tableCalculations": [{"name": "c", "displayName": "c", "sql": "${payments.paid}"}]});
    assert_eq!(ask(&calculation, &options()), Err(Reason::Compile));
}

#[test]
fn a_zoom_shows_no_hidden_date() {
    for axis in [
        json!({"granularity": "Day"}),
        json!({"granularity": "Day", "xAxisFieldId": "orders_ordered_at_month"}),
    ] {
        assert_hidden(&json!({"dimensions": ["orders_ordered_at_month"], "dateZoom": axis}));
    }
    let month = json!({"dimensions": ["orders_ordered_at_month"]});
    assert!(ask(&month, &options()).is_ok());
}

#[test]
fn fields_of_the_explore_may_use_hidden_ones() {
    for changes in [
        json!({"dimensions": ["customers_initial"]}),
        json!({"metrics": ["orders_since"]}),
        own("customers", "count_distinct", "${initial}"),
        own("customers", "count_distinct", "LEFT(${name}, 1)"),
        own("orders", "max", "${ordered_at_month}"),
        own("orders", "number", "${since}"),
    ] {
        let found = ask(&changes, &options());
        assert!(found.is_ok(), "{changes}: {found:?}");
    }
}

#[test]
fn an_ad_hoc_metric_of_the_name_of_a_hidden_one_is_not_that() {
    let mut changes = own("orders", "sum", "${amount}");
    changes["additionalMetrics"][0]["name"] = json!("first");
    changes["metrics"] = json!(["orders_since", "orders_first"]);
    let found = ask(&changes, &options()).unwrap();
    assert!(
        found.contains("SUM((\"orders\".amount)) AS \"orders_first\""),
        "{found}"
    );
}

#[test]
fn raw_sql_of_an_ad_hoc_metric_is_that_of_a_visible_dimension() {
    for (table, sql) in [
        ("customers", "${TABLE}.name"),
        ("customers", " ${TABLE}.name"),
        ("customers", "${TABLE}.\"name\""),
        ("customers", "\"customers\".name"),
        ("customers", "name"),
        ("customers", "CONCAT(${region}, name)"),
        ("orders", "\"customers\".name"),
        ("orders", "${TABLE}.ordered_at"),
        ("orders", "${TABLE}.undeclared"),
        ("orders", "orders"),
        ("orders", "(SELECT 1)"),
        ("orders", "pg_read_file('/etc/passwd')"),
    ] {
        let changes = own(table, "max", sql);
        assert_eq!(ask(&changes, &options()), Err(Reason::Forbidden), "{sql}");
        assert!(ask(&changes, &with_custom_sql()).is_ok(), "{sql}");
    }
    for (table, sql) in [
        ("customers", "${TABLE}.region"),
        ("customers", "  ${TABLE}.region\n"),
        ("orders", "${TABLE}.amount * 2"),
        ("orders", "(${amount} - ${orders.order_id}) / 100.0"),
        ("orders", "CASE WHEN ${status} = 'paid' THEN ${amount} END"),
        ("orders", "${customers.region}"),
    ] {
        let changes = own(table, "max", sql);
        let found = ask(&changes, &options());
        assert!(found.is_ok(), "{sql}: {found:?}");
    }
    let errors = compile(
        &read(guarded()),
        &query(own("orders", "max", "secret")),
        &options(),
    )
    .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "A column that is no reference needs the right to write custom SQL"
    );
}

#[test]
fn calculations_call_only_what_computes() {
    let calculation =
        |sql: &str| json!({"tableCalculations": [{"name": "c", "displayName": "c", "sql": sql}]});
    for sql in [
        "(TABLE \"secrets\")",
        "(VALUES (1))",
        "(FROM secrets)",
        "query_to_xml('SELECT * FROM secrets', true, true, '')",
        "\"pg_read_file\"('/etc/passwd')",
        "dblink('dbname=x', 'SELECT 1')",
        "'${orders.status}'",
    ] {
        assert_eq!(
            ask(&calculation(sql), &options()),
            Err(Reason::Compile),
            "{sql}"
        );
    }
    let found = ask(
        &calculation("SUM(${orders.total}) OVER (ORDER BY ${orders.status})"),
        &options(),
    );
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn a_custom_dimension_of_who_may_not_write_sql_reads_nothing_else() {
    let custom = |sql: &str| {
        json!({"dimensions": ["own"], "customDimensions": [
            {"id": "own", "name": "own", "type": "sql", "table": "customers", "sql": sql, "dimensionType": "string"}]})
    };
    for sql in [
        "(SELECT name FROM secrets)",
        "(TABLE secrets)",
        "(VALUES (1))",
        "(FROM secrets)",
        "query_to_xml('SELECT 1', true, true, '')",
        "pg_read_file('/etc/passwd')",
        "dblink('dbname=x', 'SELECT 1')",
        "${TABLE}.name",
        "\"customers\".name",
        "UPPER(name)",
    ] {
        let changes = custom(sql);
        assert_eq!(ask(&changes, &options()), Err(Reason::Forbidden), "{sql}");
        assert!(ask(&changes, &with_custom_sql()).is_ok(), "{sql}");
    }
    for sql in [
        "UPPER(${region})",
        "${TABLE}.region || '!'",
        "CONCAT(${region}, ${orders.status})",
    ] {
        let found = ask(&custom(sql), &options());
        assert!(found.is_ok(), "{sql}: {found:?}");
    }
}

#[test]
fn a_count_of_rows_reads_no_column() {
    assert!(ask(&own("orders", "count", " * "), &options()).is_ok());
    for kind in ["max", "count_distinct", "number"] {
        assert_eq!(
            ask(&own("orders", kind, "*"), &options()),
            Err(Reason::Forbidden),
            "{kind}"
        );
    }
}

#[test]
fn an_unknown_function_is_named() {
    let changes = own("orders", "max", "my_udf(${amount})");
    let errors = compile(&read(guarded()), &query(changes), &options()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "The function \"MY_UDF\", which is not among the known ones, needs the right to write custom SQL"
    );
}

#[test]
fn hints_name_no_hidden_field() {
    let hint = |changes: Value, options: &Options| {
        let errors = compile(&read(guarded()), &query(changes), options).unwrap_err();
        errors.to_string()
    };
    for (changes, id) in [
        (json!({"dimensions": ["customers_nam"]}), "customers_name"),
        (json!({"dimensions": ["payments_methd"]}), "payments_method"),
        (json!({"metrics": ["payments_pad"]}), "payments_paid"),
    ] {
        assert!(!hint(changes.clone(), &options()).contains(id), "{changes}");
        assert!(hint(changes, &in_finance()).contains(id));
    }
}
