use export::{CsvWriter, Interval, Item, JsonlWriter, Limit, Options};
use proptest::prelude::*;
use serde_json::{Value, json};
use warehouse::{Row, Type};

use crate::{Around, cell, columns, csv, one, raw};

#[test]
fn a_file_has_a_byte_order_mark_a_header_and_lines_that_end_with_line_feeds() {
    let plan = export::plan(
        &columns(&[("a", Type::Integer), ("b", Type::Text)]),
        |name| Some(Item::new(name.to_uppercase())),
        &Options::default(),
    );
    let mut writer = CsvWriter::new(Vec::new(), plan).unwrap();
    writer.write_rows(&[vec![json!(1), json!("x")]]).unwrap();
    writer.write_rows(&[vec![json!(2), json!(null)]]).unwrap();
    assert_eq!(writer.finish().unwrap(), b"\xef\xbb\xbfA,B\n1,x\n2,\n",);
}

#[test]
fn a_file_without_rows_has_a_header() {
    assert_eq!(csv(one(Type::Text, || Item::new("C"), &raw()), &[]), "C\n");
}

#[test]
fn quotes_are_there_where_they_are_needed() {
    let cases = [
        ("a", "a"),
        ("a b", "a b"),
        ("a,b", "\"a,b\""),
        ("a\"b", "\"a\"\"b\""),
        ("a\nb", "\"a\nb\""),
        ("a\r\nb", "\"a\r\nb\""),
        ("日本, ñ 🦀", "\"日本, ñ 🦀\""),
        ("", "\"\""),
    ];
    for (text, wanted) in cases {
        let file = csv(
            one(Type::Text, || Item::new("c"), &raw()),
            &[vec![json!(text)]],
        );
        assert_eq!(file, format!("c\n{wanted}\n"), "{text:?}");
    }
}

#[test]
fn text_that_would_be_computed_is_made_harmless() {
    let cases = [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "=cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "=HYPERLINK(\"http://x\",\"y\")",
        "-",
        "=",
    ];
    for text in cases {
        for options in [raw(), Options::default()] {
            let plan = one(Type::Text, || Item::new("c"), &options);
            assert_eq!(cell(plan, json!(text)), format!("'{text}"));
        }
    }
    for text in ["1=1", " =1", "'=1", "a@b.c", "", "x-1", "(=1)"] {
        let plan = one(Type::Text, || Item::new("c"), &raw());
        assert_eq!(cell(plan, json!(text)), text);
    }
}

#[test]
fn headers_are_made_harmless() {
    let plan = one(Type::Text, || Item::new("=1+1"), &raw());
    assert_eq!(csv(plan, &[]), "'=1+1\n");
}

#[test]
fn numbers_keep_their_sign_and_their_digits() {
    let cases = [
        (Type::Integer, json!(-1), "-1"),
        (Type::Integer, json!(0), "0"),
        (Type::Integer, json!(i64::MIN), "-9223372036854775808"),
        (
            Type::Integer,
            json!("9223372036854775807"),
            "9223372036854775807",
        ),
        (Type::Double, json!(-1.5), "-1.5"),
        (Type::Double, json!(5.0), "5"),
        (Type::Double, json!(-0.0), "0"),
        (Type::Double, json!(1e-7), "1e-7"),
        (Type::Double, json!("NaN"), "NaN"),
        (Type::Double, json!("-Infinity"), "-Infinity"),
        (Type::Decimal, json!("-12.50"), "-12.50"),
        (
            Type::Decimal,
            json!("0.10000000000000000000000000001"),
            "0.10000000000000000000000000001",
        ),
        // Not numbers, whatever the column says.
        (Type::Decimal, json!("-1+1"), "'-1+1"),
        (Type::Decimal, json!("-"), "'-"),
        (Type::Decimal, json!("-1."), "'-1."),
        (Type::Text, json!(-1), "-1"),
    ];
    for (kind, value, wanted) in cases {
        let plan = one(kind, || Item::new("c"), &raw());
        assert_eq!(cell(plan, value.clone()), wanted, "{value}");
    }
}

#[test]
fn a_shown_number_keeps_its_sign_unless_its_format_adds_what_computes() {
    let cases = [
        ("", " km", "-5 km"),
        ("", "%", "-5%"),
        ("-CHF ", "M", "-CHF -5M"),
        ("=", "", "'=-5"),
        ("@", "", "'@-5"),
        ("-cmd|' /C calc'!A0", "", "'-cmd|' /C calc'!A0-5"),
        ("+HYPERLINK(", ")", "'+HYPERLINK(-5)"),
    ];
    for (before, after, wanted) in cases {
        let item = || Item {
            show: Some(Box::new(Around(before, after, None))),
            ..Item::new("c")
        };
        let plan = one(Type::Integer, item, &Options::default());
        assert_eq!(cell(plan, json!(-5)), wanted);
        let plan = one(Type::Integer, item, &raw());
        assert_eq!(cell(plan, json!(-5)), "-5");
    }
}

#[test]
fn null_is_empty_false_and_zero_are_not_and_json_is_compact() {
    let cases = [
        (json!(null), ""),
        (json!(false), "false"),
        (json!(true), "true"),
        (json!(0), "0"),
        (json!(""), ""),
        (json!([1, {"a": "b"}]), r#"[1,{"a":"b"}]"#),
        (json!({"a": [null, 1.5]}), r#"{"a":[null,1.5]}"#),
    ];
    for (value, wanted) in cases {
        let plan = one(Type::Json, || Item::new("c"), &raw());
        assert_eq!(cell(plan, value.clone()), wanted);
    }
    let shown = || Item {
        show: Some(Box::new(Around("<", ">", None))),
        ..Item::new("c")
    };
    for (value, wanted) in [
        (json!(null), ""),
        (json!(false), "<false>"),
        (json!([1]), "[1]"),
    ] {
        let plan = one(Type::Json, shown, &Options::default());
        assert_eq!(cell(plan, value), wanted);
    }
}

#[test]
fn dates_honour_their_interval_when_they_are_shown() {
    let date = Type::Date;
    let timestamp = Type::Timestamp;
    let at = "2024-05-15T14:35:50.1239Z";
    let cases = [
        (date, None, "2024-05-15", "2024-05-15", "2024-05-15"),
        (date, Some("YEAR"), "2024-01-01", "2024", "2024-01-01"),
        (date, Some("QUARTER"), "2024-04-01", "2024-Q2", "2024-04-01"),
        (date, Some("QUARTER"), "2024-12-01", "2024-Q4", "2024-12-01"),
        (
            date,
            Some("MONTH"),
            "2024-05-01T00:00:00Z",
            "2024-05",
            "2024-05-01",
        ),
        (date, Some("WEEK"), "2024-05-13", "2024-05-13", "2024-05-13"),
        (date, Some("HOUR"), "2024-05-13", "2024-05-13", "2024-05-13"),
        (
            timestamp,
            None,
            at,
            "2024-05-15 14:35:50.123",
            "2024-05-15 14:35:50.123",
        ),
        (
            timestamp,
            None,
            "2024-05-15T14:35:50Z",
            "2024-05-15 14:35:50.000",
            "2024-05-15 14:35:50.000",
        ),
        (
            timestamp,
            None,
            "2024-05-15",
            "2024-05-15 00:00:00.000",
            "2024-05-15 00:00:00.000",
        ),
        (
            timestamp,
            Some("HOUR"),
            at,
            "2024-05-15 14:00",
            "2024-05-15 14:35:50.123",
        ),
        (
            timestamp,
            Some("MINUTE"),
            at,
            "2024-05-15 14:35",
            "2024-05-15 14:35:50.123",
        ),
        (
            timestamp,
            Some("SECOND"),
            at,
            "2024-05-15 14:35:50",
            "2024-05-15 14:35:50.123",
        ),
        (
            timestamp,
            Some("DAY"),
            at,
            "2024-05-15",
            "2024-05-15 14:35:50.123",
        ),
        // No moments: as they are.
        (
            timestamp,
            None,
            "2024-05-15T14:35",
            "2024-05-15T14:35",
            "2024-05-15T14:35",
        ),
        (
            timestamp,
            None,
            "+12024-05-15T00:00:00Z",
            "'+12024-05-15T00:00:00Z",
            "'+12024-05-15T00:00:00Z",
        ),
        (
            date,
            Some("YEAR"),
            "日本日本日本",
            "日本日本日本",
            "日本日本日本",
        ),
        (date, None, "=1", "'=1", "'=1"),
    ];
    for (kind, interval, value, shown, as_is) in cases {
        let item = || Item {
            interval: interval.and_then(Interval::named),
            ..Item::new("c")
        };
        assert_eq!(
            cell(one(kind, item, &Options::default()), json!(value)),
            shown
        );
        assert_eq!(cell(one(kind, item, &raw()), json!(value)), as_is);
    }
}

#[test]
fn a_date_with_an_expression_is_shown_by_it() {
    let shown = |expression| {
        move || Item {
            kind: Some(Type::Date),
            show: Some(Box::new(Around("the ", "", expression))),
            ..Item::new("c")
        }
    };
    let value = json!("2024-05-15T00:00:00Z");
    let options = Options::default();
    let plan = one(Type::Timestamp, shown(Some("yyyy")), &options);
    assert_eq!(cell(plan, value.clone()), "the 2024-05-15T00:00:00Z");
    let plan = one(Type::Timestamp, shown(None), &options);
    assert_eq!(cell(plan, value), "2024-05-15");
}

#[test]
fn a_huge_cell_is_whole() {
    let text = "ab\"c\n".repeat(400_000);
    let plan = one(Type::Text, || Item::new("c"), &raw());
    assert!(cell(plan, json!(text)) == text);
}

#[test]
fn rows_that_are_too_short_have_empty_cells_and_further_ones_are_not_written() {
    let plan = export::plan(
        &columns(&[("a", Type::Integer), ("b", Type::Integer)]),
        |name| Some(Item::new(name)),
        &raw(),
    );
    let rows = [vec![json!(1)], vec![], vec![json!(1), json!(2), json!(3)]];
    assert_eq!(csv(plan, &rows), "a,b\n1,\n,\n1,2\n");
}

#[test]
fn what_was_written_can_be_taken_between_rows() {
    let mut plan = one(Type::Integer, || Item::new("c"), &raw());
    plan.bom = false;
    let mut writer = CsvWriter::new(Vec::new(), plan).unwrap();
    assert_eq!(std::mem::take(writer.get_mut()), b"c\n");
    writer.write_rows(&[vec![json!(1)]]).unwrap();
    assert_eq!(std::mem::take(writer.get_mut()), b"1\n");
    writer.write_rows(&[vec![json!(2)]]).unwrap();
    assert_eq!(writer.finish().unwrap(), b"2\n");
}

#[test]
fn a_writer_that_fails_is_an_error() {
    let plan = || one(Type::Integer, || Item::new("c"), &raw());
    let mut full = [0_u8; 2];
    assert!(CsvWriter::new(full.as_mut_slice(), plan()).is_err());
    let mut room = [0_u8; 6];
    let mut writer = CsvWriter::new(room.as_mut_slice(), plan()).unwrap();
    let error = writer.write_rows(&[vec![json!(123)]]).unwrap_err();
    assert!(matches!(error, export::Error::Io(_)), "{error:?}");
}

#[test]
fn a_limit_of_cells_lets_whole_rows_through_and_says_if_there_were_more() {
    let rows: Vec<Row> = (0..3).map(|at| vec![json!(at), json!(at)]).collect();
    let mut limit = Limit::cells(7, 2);
    assert_eq!(limit.take(&rows), &rows[..]);
    assert!(!limit.truncated());
    assert!(limit.take(&[]).is_empty());
    assert!(!limit.truncated());
    assert!(limit.take(&rows).is_empty());
    assert!(limit.truncated());
    let mut limit = Limit::cells(5, 2);
    assert_eq!(limit.take(&rows), &rows[..2]);
    assert!(limit.truncated());
    assert_eq!(Limit::cells(5, 0).take(&rows).len(), 3);
}

#[test]
fn json_lines_hold_raw_values() {
    let columns = columns(&[
        ("a\"b", Type::Decimal),
        ("ñ", Type::Json),
        ("n", Type::Text),
    ]);
    let mut writer = JsonlWriter::new(Vec::new(), &columns);
    writer
        .write_rows(&[
            vec![json!("12.50"), json!({"x": [1]}), json!(null)],
            vec![json!("=1\n")],
        ])
        .unwrap();
    let file = String::from_utf8(writer.finish().unwrap()).unwrap();
    let wanted = "{\"a\\\"b\":12.5,\"ñ\":{\"x\":[1]},\"n\":null}\n{\"a\\\"b\":\"=1\\n\",\"ñ\":null,\"n\":null}\n";
    assert_eq!(file, wanted);
    for line in file.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
    }
    let mut writer = JsonlWriter::new(Vec::new(), &[]);
    writer.write_rows(&[vec![]]).unwrap();
    assert_eq!(writer.finish().unwrap(), b"{}\n");
}

proptest! {
    #[test]
    fn any_text_comes_out_of_a_reader_as_it_went_in(rows in prop::collection::vec((".*", "(?s)[=+@\\-\t\r\n\",' a1]{0,8}", any::<String>()), 0..8)) {
        let plan = export::plan(
            &columns(&[("a", Type::Text), ("b", Type::Text), ("c", Type::Decimal)]),
            |name| Some(Item::new(name)),
            &Options::default(),
        );
        let table: Vec<Row> = rows.iter().map(|(a, b, c)| vec![json!(a), json!(b), json!(c)]).collect();
        let file = csv(plan, &table);
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        let read: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read.len(), rows.len());
        for (read, (a, b, c)) in read.iter().zip(&rows) {
            for (read, written) in read.iter().zip([a, b, c]) {
                let same = read == written || read.strip_prefix('\'') == Some(written);
                prop_assert!(same, "{:?} came out as {:?}", written, read);
                let number = read.parse::<f64>().is_ok();
                prop_assert!(number || !read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{:?}", read);
            }
        }
    }
}
