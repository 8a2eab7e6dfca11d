use super::*;

fn explore() -> Explore {
    let dimension = |name: &str, kind: &str, interval: Option<&str>| {
        let mut field = json!({
            "fieldType": "dimension", "type": kind, "name": name, "label": name, "table": "orders", "tableLabel": "Orders",
            "sql": format!("${{TABLE}}.{name}"), "compiledSql": format!("\"orders\".{name}"), "hidden": false,
        });
        if let Some(interval) = interval {
            field["timeInterval"] = json!(interval);
            field["timeIntervalBaseDimensionName"] = json!("at");
        }
        field
    };
    let metric = json!({
        "fieldType": "metric", "type": "count", "name": "count", "label": "Count", "table": "orders", "tableLabel": "Orders",
        "sql": "${TABLE}.id", "compiledSql": "COUNT(\"orders\".id)", "hidden": false, "filters": [],
    });
    let explore = json!({
        "name": "orders", "label": "Orders", "tags": [], "baseTable": "orders", "joinedTables": [], "targetDatabase": "postgres",
        "tables": { "orders": {
            "name": "orders", "label": "Orders", "database": "d", "schema": "s", "sqlTable": "orders", "lineageGraph": {},
            "dimensions": {
                "status": dimension("status", "string", None), "owner": dimension("owner", "string", None),
                "at": dimension("at", "timestamp", None), "at_month": dimension("at_month", "date", Some("MONTH")),
                "at_year": dimension("at_year", "date", Some("YEAR")),
            },
            "metrics": { "count": metric },
        } },
    });
    Explore::from_json(&explore.to_string()).unwrap()
}

fn query(filters: Value) -> MetricQuery {
    serde_json::from_value(json!({
        "exploreName": "orders", "dimensions": ["orders_status", "orders_at_month"], "metrics": ["orders_count"],
        "filters": { "dimensions": filters }, "sorts": [{ "fieldId": "orders_count", "descending": true }], "limit": 500,
        "tableCalculations": [{ "name": "half", "displayName": "Half", "sql": "${orders.count} / 2" }],
    }))
    .unwrap()
}

fn rule(field: &str, operator: &str, values: Value) -> Value {
    json!({ "id": field, "target": { "fieldId": field, "tableName": "orders" }, "operator": operator, "values": values, "label": "L" })
}

fn own(field: &str, values: Value) -> Value {
    json!({ "id": "own", "target": { "fieldId": field }, "operator": "equals", "values": values })
}

fn with(rule: Value, key: &str, value: Value) -> Value {
    let mut rule = rule;
    rule[key] = value;
    rule
}

/// Lays filters on dimensions over a query; answers its filters, as fields with operators and values, and what was applied.
fn laid(filters: Value, rules: &[Value], tile: Option<&str>) -> (Value, Vec<Value>) {
    let mut query = query(filters);
    let sent = read_filters(Some(json!({ "dimensions": rules }))).unwrap();
    let overlay = Overlay::of(sent, tile.map(str::to_owned));
    let applied = overlay.lay(&mut query, &explore()).unwrap();
    let applied = applied.dimensions.into_iter();
    let applied = applied.map(|rule| rule["target"]["fieldId"].clone());
    (short(query.filters.dimensions.as_ref()), applied.collect())
}

fn short(item: Option<&FilterItem>) -> Value {
    let Some(item) = item else {
        return Value::Null;
    };
    let all = |items: &[FilterItem]| items.iter().map(|one| short(Some(one))).collect::<Value>();
    match (&item.and, &item.or, &item.target) {
        (Some(items), ..) => json!({ "and": all(items) }),
        (_, Some(items), _) => json!({ "or": all(items) }),
        (.., Some(target)) => {
            assert_eq!(item.disabled, None);
            let operator = item.operator.unwrap().name();
            json!(format!(
                "{} {operator} {}",
                target.field_id,
                json!(item.values)
            ))
        }
        _ => json!("nothing"),
    }
}

#[test]
fn filters_hold_beside_those_of_the_chart() {
    let group = json!({ "id": "g", "and": [own("orders_owner", json!(["ana"]))] });
    let rules = [rule("orders_status", "notEquals", json!(["q"]))];
    let (filters, applied) = laid(group, &rules, None);
    assert_eq!(
        filters,
        json!({ "and": ["orders_owner equals [\"ana\"]", "orders_status notEquals [\"q\"]"] })
    );
    assert_eq!(applied, ["orders_status"]);
    for none in [Value::Null, json!({}), json!({ "id": "g", "and": [] })] {
        let (filters, _) = laid(none, &rules, None);
        assert_eq!(
            filters,
            json!({ "and": ["orders_status notEquals [\"q\"]"] })
        );
    }
}

#[test]
fn a_rule_on_the_same_field_or_the_same_date_gives_way() {
    let group = json!({ "id": "g", "or": [
        own("orders_status", json!(["x"])), own("orders_at_month", json!(["2024-01-01"])),
    ] });
    let rules = [
        rule("orders_status", "notEquals", json!(["q"])),
        rule("orders_at_year", "equals", json!(["2024-01-01"])),
        rule("orders_owner", "isNull", json!([])),
    ];
    let (filters, _) = laid(group, &rules, None);
    let or = json!({ "or": ["orders_status notEquals [\"q\"]", "orders_at_year equals [\"2024-01-01\"]"] });
    assert_eq!(filters, json!({ "and": [or, "orders_owner isNull []"] }));
}

#[test]
fn of_two_rules_on_one_field_the_first_stands_in_and_the_second_holds_too() {
    let group = json!({ "id": "g", "and": [own("orders_at", json!(["x"]))] });
    let rules = [
        rule("orders_at", "greaterThan", json!(["2024-01-01"])),
        rule("orders_at_month", "lessThan", json!(["2024-03-01"])),
    ];
    let (filters, _) = laid(group, &rules, None);
    assert_eq!(
        filters,
        json!({ "and": ["orders_at greaterThan [\"2024-01-01\"]", "orders_at_month lessThan [\"2024-03-01\"]"] })
    );
}

#[test]
fn a_disabled_rule_is_as_good_as_none() {
    let group = json!({ "id": "g", "and": [own("orders_status", json!(["x"]))] });
    let off = with(
        rule("orders_status", "equals", json!(["q"])),
        "disabled",
        json!(true),
    );
    let (filters, applied) = laid(group, &[off], None);
    assert_eq!(filters, json!({ "and": ["orders_status equals [\"x\"]"] }));
    assert!(applied.is_empty());
    // One that the chart keeps for later is not in the way of one that counts.
    let kept = with(own("orders_status", json!(["x"])), "disabled", json!(true));
    let rules = [rule("orders_status", "equals", json!(["q"]))];
    let (filters, _) = laid(json!({ "id": "g", "and": [kept] }), &rules, None);
    assert_eq!(filters, json!({ "and": ["orders_status equals [\"q\"]"] }));
}

#[test]
fn tiles_have_targets_of_their_own() {
    let targets = json!({ "off": false, "other": { "fieldId": "orders_owner", "tableName": "orders" },
                          "elsewhere": { "fieldId": "x_y", "tableName": "x" } });
    let rules = [with(
        rule("orders_status", "equals", json!(["q"])),
        "tileTargets",
        targets,
    )];
    let on = |tile: Option<&str>| laid(Value::Null, &rules, tile).0;
    assert_eq!(on(Some("off")), Value::Null);
    assert_eq!(
        on(Some("other")),
        json!({ "and": ["orders_owner equals [\"q\"]"] })
    );
    assert_eq!(on(Some("elsewhere")), Value::Null);
    // Without a say of the tile's the rule's own field counts, and so it does where the tile is not known.
    assert_eq!(
        on(Some("new")),
        json!({ "and": ["orders_status equals [\"q\"]"] })
    );
    assert_eq!(on(None), json!({ "and": ["orders_status equals [\"q\"]"] }));
    let (_, applied) = laid(Value::Null, &rules, Some("other"));
    assert_eq!(applied, ["orders_owner"]);
}

#[test]
fn fields_that_are_not_there_are_left_out_unless_the_tile_names_them() {
    let strange = with(
        rule("x_y", "equals", json!(["q"])),
        "target",
        json!({ "fieldId": "x_y", "tableName": "x" }),
    );
    let column = with(
        rule("c", "equals", json!(["q"])),
        "target",
        json!({ "fieldId": "c", "isSqlColumn": true }),
    );
    let gone = rule("orders_gone", "equals", json!(["q"]));
    let (filters, _) = laid(Value::Null, &[strange, column, gone.clone()], Some("t"));
    assert_eq!(filters, Value::Null);
    let named = json!({ "t": { "fieldId": "orders_gone", "tableName": "orders" } });
    let (filters, _) = laid(Value::Null, &[with(gone, "tileTargets", named)], Some("t"));
    assert_eq!(filters, json!({ "and": ["orders_gone equals [\"q\"]"] }));
}

#[test]
fn metrics_and_calculations_are_filtered_where_the_chart_has_them() {
    let mut query = query(Value::Null);
    let sent = json!({
        "dimensions": null,
        "metrics": [rule("orders_count", "greaterThan", json!([5])), rule("orders_other", "greaterThan", json!([5]))],
        "tableCalculations": [rule("half", "lessThan", json!([9])), rule("third", "lessThan", json!([9]))],
    });
    let overlay = Overlay::of(read_filters(Some(sent)).unwrap(), None);
    let applied = overlay.lay(&mut query, &explore()).unwrap();
    assert_eq!(
        (applied.metrics.len(), applied.table_calculations.len()),
        (1, 1)
    );
    assert_eq!(
        short(query.filters.metrics.as_ref()),
        json!({ "and": ["orders_count greaterThan [5]"] })
    );
    assert_eq!(
        short(query.filters.table_calculations.as_ref()),
        json!({ "and": ["half lessThan [9]"] })
    );
}

#[test]
fn sorts_and_a_zoom_replace_the_charts() {
    let mut query = query(Value::Null);
    let before = query.clone();
    let nothing = Overlay {
        zoom: zoom(None, None),
        ..Overlay::default()
    };
    nothing.lay(&mut query, &explore()).unwrap();
    assert_eq!(query, before);
    let sorts = vec![Sort {
        field_id: "orders_status".to_owned(),
        ..Sort::default()
    }];
    let overlay = Overlay {
        sorts: sorts.clone(),
        zoom: zoom(None, Some(Granularity::Year)),
        ..Overlay::default()
    };
    overlay.lay(&mut query, &explore()).unwrap();
    assert_eq!(query.sorts, sorts);
    let zoomed = query.date_zoom.unwrap();
    assert_eq!(zoomed.granularity, Some(Granularity::Year));
}

#[test]
fn what_is_no_filter_is_refused() {
    let lay = |filters: Value| {
        let filters = read_filters(Some(filters))?;
        let mut query = query(Value::Null);
        Overlay::of(filters, None).lay(&mut query, &explore())
    };
    let of = |rule: Value| lay(json!({ "dimensions": [rule] })).is_err();
    assert!(lay(json!([])).is_err());
    assert!(lay(json!({ "dimensions": {} })).is_err());
    assert!(of(json!(7)));
    assert!(of(json!({})));
    assert!(of(rule("orders_status", "resembles", json!([]))));
    assert!(of(rule("orders_status", "equals", json!(7))));
    assert!(of(with(
        rule("orders_status", "equals", json!([])),
        "target",
        json!("orders_status")
    )));
    let many = vec![rule("orders_status", "equals", json!(["q"])); MOST_RULES + 1];
    assert!(lay(json!({ "dimensions": many })).is_err());
    assert!(read_filters(None).unwrap().dimensions.is_empty());
}

#[test]
fn the_date_of_a_chart_is_the_one_that_it_is_drawn_along() {
    let noted = |dimensions: &[&str], x_field| {
        let mut query = query(Value::Null);
        query.dimensions = dimensions.iter().map(|id| (*id).to_owned()).collect();
        note_date(&mut query, &explore(), x_field);
        query.metadata.unwrap_or_default()["hasADateDimension"]["name"].clone()
    };
    let both = ["orders_status", "orders_at_year", "orders_at"];
    assert_eq!(noted(&both, None), "at_year");
    assert_eq!(noted(&both, Some("orders_at")), "at");
    assert_eq!(noted(&both, Some("orders_at_month")), "at_year");
    assert_eq!(noted(&["orders_status"], None), Value::Null);
}
