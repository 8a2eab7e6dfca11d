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
fn two_columns_of_one_name_are_both_there() {
    let columns = columns(&["b", "a", "b"].map(|name| (name, Type::Integer)));
    let options: Options = from_value(json!({"columnOrder": ["a", "b"]})).unwrap();
    let plan = export::plan(&columns, |name| Some(Item::new(name)), &options);
    assert_eq!(
        csv(plan, &[vec![json!(1), json!(2), json!(3)]]),
        "a,b,b\n2,1,3\n"
    );
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
