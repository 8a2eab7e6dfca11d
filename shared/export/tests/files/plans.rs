use export::{Item, Options};
use serde_json::{from_value, json};
use warehouse::Type;

use crate::{columns, csv};

/// The header of a file with the columns `a` to `d`, as the options of a request want it.
fn header(options: serde_json::Value) -> String {
    let options: Options = from_value(options).unwrap();
    let columns = columns(&["a", "b", "c", "d"].map(|name| (name, Type::Integer)));
    let item = |name: &str| Item {
        table_label: (name != "c").then(|| "Orders".to_owned()),
        ..Item::new(name.to_uppercase())
    };
    let plan = export::plan(&columns, |name| Some(item(name)), &options);
    assert_eq!(plan.columns().len(), csv_width(&plan));
    csv(plan, &[])
}

fn csv_width(plan: &export::Plan) -> usize {
    plan.columns()
        .iter()
        .filter(|one| !one.header().is_empty())
        .count()
}

#[test]
fn options_say_which_columns_in_which_order_with_which_headers() {
    let cases = [
        (json!({}), "A,B,C,D\n"),
        (json!({"columnOrder": ["c", "a"]}), "C,A,B,D\n"),
        (
            json!({"columnOrder": ["d", "x", "a", "d", "a"]}),
            "D,A,B,C\n",
        ),
        (json!({"hiddenFields": ["b", "x"]}), "A,C,D\n"),
        (
            json!({"hiddenFields": ["d"], "columnOrder": ["d", "b"]}),
            "B,A,C\n",
        ),
        (
            json!({"showTableNames": true}),
            "Orders A,Orders B,C,Orders D\n",
        ),
        (
            json!({"customLabels": {"a": "My, label", "b": "", "x": "X"}, "showTableNames": true}),
            "\"My, label\",Orders B,C,Orders D\n",
        ),
    ];
    for (options, wanted) in cases {
        assert_eq!(header(options.clone()), wanted, "{options}");
    }
}

#[test]
fn values_follow_their_columns() {
    let options: Options =
        from_value(json!({"columnOrder": ["c"], "hiddenFields": ["a"]})).unwrap();
    let columns = columns(&["a", "b", "c"].map(|name| (name, Type::Integer)));
    let plan = export::plan(&columns, |name| Some(Item::new(name)), &options);
    assert_eq!(
        csv(plan, &[vec![json!(1), json!(2), json!(3)]]),
        "c,b\n3,2\n"
    );
}

#[test]
fn a_column_without_an_item_is_left_out() {
    let columns = columns(&["a", "a_order", "b"].map(|name| (name, Type::Integer)));
    let item = |name: &str| (name != "a_order").then(|| Item::new(name));
    let plan = export::plan(&columns, item, &Options::default());
    assert_eq!(
        csv(plan, &[vec![json!(1), json!(2), json!(3)]]),
        "a,b\n1,3\n"
    );
}

#[test]
fn two_columns_of_one_name_are_both_there_and_numbered() {
    let columns = columns(&["b", "a", "b"].map(|name| (name, Type::Integer)));
    let options: Options = from_value(json!({"columnOrder": ["a", "b"]})).unwrap();
    let plan = export::plan(&columns, |name| Some(Item::new(name)), &options);
    assert_eq!(
        csv(plan, &[vec![json!(1), json!(2), json!(3)]]),
        "a,b,b (2)\n2,1,3\n"
    );
}

#[test]
fn columns_of_one_label_are_told_apart() {
    // Names, labels of tables, labels.
    type Field<'a> = (&'a str, Option<&'a str>, &'a str);
    let header = |fields: &[Field<'_>], options: serde_json::Value| {
        let options: Options = from_value(options).unwrap();
        let names: Vec<_> = fields
            .iter()
            .map(|(name, ..)| (*name, Type::Text))
            .collect();
        let item = |wanted: &str| {
            let field = fields.iter().find(|(name, ..)| *name == wanted)?;
            Some(Item {
                table_label: field.1.map(str::to_owned),
                ..Item::new(field.2)
            })
        };
        csv(export::plan(&columns(&names), item, &options), &[])
    };
    let two = [
        ("orders_status", Some("Orders"), "Status"),
        ("customers_status", Some("Customers"), "Status"),
        ("orders_id", Some("Orders"), "Id"),
    ];
    let one_table = [
        ("orders_status", Some("Orders"), "Status"),
        ("orders_state", Some("Orders"), "Status"),
    ];
    let calculated = [
        ("orders_revenue", Some("Orders"), "Revenue"),
        ("calc", None, "Revenue"),
    ];
    let chained = [
        ("a", Some("Orders"), "Status"),
        ("b", Some("Customers"), "Status"),
        ("c", None, "Orders Status"),
    ];
    let plain: [Field<'_>; 3] = [("b", None, "b"), ("x", None, "b"), ("b (x)", None, "b (x)")];
    let cases: [(&[Field<'_>], serde_json::Value, &str); 9] = [
        (&two, json!({}), "Orders Status,Customers Status,Id\n"),
        (
            &two,
            json!({"onlyRaw": true}),
            "Orders Status,Customers Status,Id\n",
        ),
        (
            &two,
            json!({"hiddenFields": ["customers_status"]}),
            "Status,Id\n",
        ),
        (
            &two,
            json!({"customLabels": {"orders_status": "State"}}),
            "State,Status,Id\n",
        ),
        (
            &two,
            json!({"customLabels": {"orders_id": "Status", "orders_status": "Status"}}),
            "Status,Customers Status,Status\n",
        ),
        (
            &one_table,
            json!({"showTableNames": true}),
            "Orders Status (orders_status),Orders Status (orders_state)\n",
        ),
        (&calculated, json!({}), "Orders Revenue,Revenue\n"),
        (
            &chained,
            json!({}),
            "Orders Status (a),Customers Status,Orders Status (c)\n",
        ),
        (&plain, json!({}), "b,b (x),b (x) (2)\n"),
    ];
    for (fields, options, wanted) in cases {
        assert_eq!(header(fields, options.clone()), wanted, "{options}");
    }
}

#[test]
fn a_file_without_columns_is_no_error() {
    let plan = export::plan(
        &columns(&[("a", Type::Integer)]),
        |_| None,
        &Options::default(),
    );
    assert!(plan.columns().is_empty());
    csv(plan, &[vec![json!(1)]]);
}
