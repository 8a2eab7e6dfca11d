//! Turned rows: names of the columns that the statement adds.

use semantic::{
    Dialect,
    pivot::{Pivot, pivot},
};
use serde_json::{Value, json};

fn turned(index: &str, values: &[&str], groups: &[&str]) -> Pivot {
    let named = |names: &[&str], more: Value| {
        let one = |name: &&str| {
            let mut one = more.clone();
            one["reference"] = json!(name);
            one
        };
        names.iter().map(one).collect::<Vec<Value>>()
    };
    let config = json!({
        "indexColumn": { "reference": index, "type": "category" },
        "valuesColumns": named(values, json!({ "aggregation": "sum" })),
        "groupByColumns": named(groups, json!({})),
    });
    serde_json::from_value(config).unwrap()
}

#[test]
fn added_columns_have_names_that_no_other_has() {
    let cases = [
        (turned("a", &["b"], &["c"]), ["b_sum", "row_index"]),
        (turned("row_index", &["b"], &["c"]), ["b_sum", "row_index_"]),
        (turned("a", &["b"], &["ROW_INDEX"]), ["b_sum", "row_index_"]),
        (
            turned("row_index_", &["b"], &["row_index"]),
            ["b_sum", "row_index__"],
        ),
        (turned("b_sum", &["b"], &["c"]), ["b_sum_", "row_index"]),
        (turned("a", &["b"], &["b_sum"]), ["b_sum_", "row_index"]),
        // It is the aggregated column that is there, and that has a name of its own.
        (
            turned("a", &["row_index"], &["c"]),
            ["row_index_sum", "row_index"],
        ),
    ];
    for (config, names) in cases {
        let added = config.added();
        assert_eq!([&*added.values[0], &*added.row], names, "{config:?}");
    }
    let twice = turned("a", &["b", "b"], &["c"]).added();
    assert_eq!(twice.values, ["b_sum", "b_sum_"]);
    let all = turned("column_index", &["b"], &["total_columns"]).added();
    assert_eq!(
        (&*all.column, &*all.total),
        ("column_index_", "total_columns_")
    );
}

#[test]
fn the_statement_has_them() {
    let config = turned("row_index", &["amount"], &["column_index"]);
    for dialect in Dialect::ALL {
        let sql = pivot(dialect, "SELECT 1", &config, Some(7)).unwrap();
        let sql = sql.replace('`', "\"");
        for part in [
            "(ORDER BY \"row_index\") AS \"row_index_\"",
            "(ORDER BY \"column_index\") AS \"column_index_\"",
            "WHERE \"row_index_\" <= 7",
            "p.\"column_index_\" <= 99",
            "ORDER BY p.\"row_index_\", p.\"column_index_\"",
        ] {
            assert!(sql.contains(part), "{part}: {sql}");
        }
    }
}
