use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use export::{Error, Item, Options, Pivot, Plan, Turn};
use serde_json::{Value, from_value, json};
use warehouse::{Row, Type};

use crate::{Around, columns, metric, raw};

fn plan(options: &Options) -> Plan {
    let columns = columns(&[
        ("a", Type::Text),
        ("b", Type::Integer),
        ("n", Type::Decimal),
        ("avg", Type::Double),
    ]);
    let item = |name: &str| match name {
        "n" => metric("Custom N", true),
        "avg" => metric("Average", false),
        "b" => Item {
            show: Some(Box::new(Around("#", "", None))),
            ..Item::new("B")
        },
        other => Item::new(other.to_uppercase()),
    };
    export::plan(&columns, |name| Some(item(name)), options)
}

fn rows() -> Vec<Row> {
    vec![
        vec![json!("x"), json!(1), json!("10"), json!(1.5)],
        vec![json!("x"), json!(2), json!("0"), json!(2.5)],
        vec![json!("y"), json!(1), json!("5"), json!(null)],
    ]
}

fn turn(config: Value) -> Turn {
    from_value(config).unwrap()
}

fn turned(options: &Options, config: Value, rows: &[Row]) -> String {
    let mut plan = plan(options);
    plan.bom = false;
    let mut pivot = Pivot::new(plan, turn(config)).unwrap();
    pivot.push(rows).unwrap();
    String::from_utf8(pivot.csv(Vec::new()).unwrap()).unwrap()
}

#[test]
fn values_of_a_dimension_become_columns() {
    let config = json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"]});
    let wanted = "B,#1,#2\nA,Custom N,Custom N\nx,$10,$0\ny,$5,\n";
    assert_eq!(turned(&Options::default(), config, &rows()), wanted);
}

#[test]
fn a_file_begins_with_the_byte_order_mark() {
    let pivot = Pivot::new(plan(&raw()), turn(json!({"pivotDimensions": ["b"]}))).unwrap();
    assert!(pivot.csv(Vec::new()).unwrap().starts_with(b"\xef\xbb\xbfB"));
}

#[test]
fn metrics_may_be_rows_and_have_totals() {
    let config = json!({"pivotDimensions": ["b"], "metricsAsRows": true, "rowTotals": true,
                        "hiddenMetricFieldIds": ["avg"]});
    let wanted = "A,B,#1,#2,Total\nx,Custom N,$10,$0,$10\ny,Custom N,$5,,$5\n";
    assert_eq!(turned(&Options::default(), config, &rows()), wanted);
}

#[test]
fn only_what_sums_has_totals() {
    let config = json!({"pivotDimensions": ["b"], "rowTotals": true});
    let wanted = "B,#1,#1,#2,#2,\n\
                  A,Custom N,Average,Custom N,Average,Total Custom N\n\
                  x,$10,$1.5,$0,$2.5,$10\n\
                  y,$5,,,,$5\n";
    assert_eq!(turned(&Options::default(), config, &rows()), wanted);
    let config = json!({"pivotDimensions": ["b"], "rowTotals": true, "metricsAsRows": true});
    let wanted = "A,B,#1,#2,Total\n\
                  x,Custom N,$10,$0,$10\n\
                  x,Average,$1.5,$2.5,\n\
                  y,Custom N,$5,,$5\n\
                  y,Average,,,\n";
    assert_eq!(turned(&Options::default(), config, &rows()), wanted);
}

#[test]
fn rows_that_differ_only_in_what_is_hidden_are_both_there() {
    let hidden = |names: &[&str]| Options {
        hidden_fields: names.iter().map(|name| (*name).to_owned()).collect(),
        ..raw()
    };
    let config = json!({"pivotDimensions": ["b"]});
    let wanted = "B,1,2\n,Custom N,Custom N\n,10,0\n,5,\n";
    let file = turned(&hidden(&["a", "avg"]), config.clone(), &rows());
    assert_eq!(file, wanted);
    // One that they are turned by is written.
    let file = turned(&hidden(&["b", "avg"]), config, &rows());
    assert_eq!(file, "B,1,2\nA,Custom N,Custom N\nx,10,0\ny,5,\n");
    let config = json!({"pivotDimensions": ["b"], "metricsAsRows": true});
    let file = turned(&hidden(&["a", "n"]), config, &rows());
    assert_eq!(file, "B,1,2\nAverage,1.5,2.5\nAverage,,\n");
}

#[test]
fn zero_stays_zero_in_raw_tables() {
    let config = json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"]});
    let wanted = "B,1,2\nA,Custom N,Custom N\nx,10,0\ny,5,\n";
    assert_eq!(turned(&raw(), config, &rows()), wanted);
}

#[test]
fn several_dimensions_have_a_header_each() {
    let config = json!({"pivotDimensions": ["b", "a", "b"], "hiddenMetricFieldIds": ["avg"]});
    let wanted = "B,#1,#2,#1\nA,x,x,y\n,Custom N,Custom N,Custom N\n,$10,$0,$5\n";
    assert_eq!(turned(&Options::default(), config, &rows()), wanted);
}

#[test]
fn a_table_without_rows_has_headers() {
    let config = json!({"pivotDimensions": ["b"], "rowTotals": true});
    assert_eq!(turned(&raw(), config, &[]), "B,\nA,Total Custom N\n");
}

#[test]
fn null_true_and_the_text_null_are_different_columns() {
    let row = |b: Value| vec![json!("x"), b, json!("1"), json!(null)];
    let rows = [
        row(json!(null)),
        row(json!("null")),
        row(json!(true)),
        row(json!("a\nb")),
    ];
    let config =
        json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"], "rowTotals": true});
    let file = turned(&raw(), config, &rows);
    let wanted = "B,,null,true,\"a\nb\",\n\
                  A,Custom N,Custom N,Custom N,Custom N,Total Custom N\nx,1,1,1,1,4\n";
    assert_eq!(file, wanted);
}

#[test]
fn text_in_headers_and_labels_is_made_harmless() {
    let rows = [vec![json!("=1"), json!("@x"), json!("-1"), json!(null)]];
    let config = json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"]});
    let wanted = "B,'@x\nA,Custom N\n'=1,-1\n";
    assert_eq!(turned(&raw(), config, &rows), wanted);
}

#[test]
fn totals_lose_no_digits() {
    let cases = [
        (["0.1", "0.2"], "0.3"),
        (["-0.05", "0.01"], "-0.04"),
        (["12.50", "-12.5"], "0.00"),
        (["9007199254740993", "1"], "9007199254740994"),
        (["99999999999999999999", "1"], "100000000000000000000"),
        (["1e2", "1"], "101"),
        ([&format!("0.{}", "0".repeat(70_000)), "1"], "1"),
    ];
    for (values, wanted) in cases {
        let rows = [1, 2].map(|b| {
            let value = values[usize::from(b == 2)];
            vec![json!("x"), json!(b), json!(value), json!(null)]
        });
        let config =
            json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"], "rowTotals": true});
        let file = turned(&raw(), config, &rows);
        let [one, two] = values;
        assert!(
            file.ends_with(&format!("x,{one},{two},{wanted}\n")),
            "{file}"
        );
    }
}

#[test]
fn more_columns_than_the_cap_are_an_error() {
    let rows: Vec<Row> = (0..31)
        .map(|b| vec![json!("x"), json!(b), json!("1"), json!(1)])
        .collect();
    let config = json!({"pivotDimensions": ["b"]});
    let mut pivot = Pivot::new(plan(&raw()), turn(config.clone())).unwrap();
    pivot.push(&rows[..30]).unwrap();
    let error = pivot.push(&rows[30..]).unwrap_err();
    assert!(matches!(error, Error::TooManyColumns(60)), "{error}");

    let as_rows = json!({"pivotDimensions": ["b"], "metricsAsRows": true});
    let mut pivot = Pivot::new(plan(&raw()), turn(as_rows)).unwrap();
    pivot.push(&rows).unwrap();

    let mut narrow = turn(config);
    narrow.max_columns = 2;
    let mut pivot = Pivot::new(plan(&raw()), narrow).unwrap();
    assert!(pivot.push(&rows).is_err());
}

#[test]
fn nothing_to_turn_is_an_error() {
    let try_turn = |config| Pivot::new(plan(&raw()), turn(config)).err().unwrap();
    let error = try_turn(json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg", "n"]}));
    assert!(matches!(error, Error::NothingToTurn));
    assert!(matches!(try_turn(json!({})), Error::NothingToTurn));
    let error = try_turn(json!({"pivotDimensions": ["nope"]}));
    assert_eq!(
        error.to_string(),
        "The pivot dimension nope is not in the results"
    );
    let error = try_turn(json!({"pivotDimensions": ["n"]}));
    assert!(matches!(error, Error::UnknownColumn(_)));
}

#[test]
fn a_turned_spreadsheet_has_numbers_below_bold_grey_headers() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        json!({"pivotDimensions": ["b"], "hiddenMetricFieldIds": ["avg"], "rowTotals": true});
    let mut pivot = Pivot::new(plan(&Options::default()), turn(config)).unwrap();
    pivot.push(&rows()).unwrap();
    let mut file = Vec::new();
    let written = pivot.xlsx(folder.path(), &mut file).unwrap();
    assert_eq!(
        (written.rows, written.truncated, written.cut),
        (2, false, 0)
    );

    let mut book: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(&file)).unwrap();
    let sheet = book.worksheet_range("Pivot Table").unwrap();
    let text = |text: &str| Data::String(text.to_owned());
    let lines: Vec<&[Data]> = sheet.rows().collect();
    assert_eq!(
        lines,
        [
            [text("B"), text("#1"), text("#2"), Data::Empty],
            [
                text("A"),
                text("Custom N"),
                text("Custom N"),
                text("Total Custom N")
            ],
            [
                text("x"),
                Data::Float(10.0),
                Data::Float(0.0),
                Data::Float(10.0)
            ],
            [text("y"), Data::Float(5.0), Data::Empty, Data::Float(5.0)],
        ]
    );
    let styles = crate::sheets::part(&file, "xl/styles.xml");
    assert!(
        styles.contains("<b/>") && styles.contains("FFD9D9D9"),
        "{styles}"
    );
    assert!(styles.contains("[$$]#,##0.00"), "{styles}");
    let sheet = crate::sheets::part(&file, "xl/worksheets/sheet1.xml");
    assert!(
        sheet.contains(r#"<c r="D1" s=""#),
        "the last header cell is grey, too: {sheet}"
    );
}
