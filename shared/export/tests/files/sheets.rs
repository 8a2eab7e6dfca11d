use std::io::{Cursor, Read, Write};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use export::{Error, Interval, Item, Limits, Options, Plan, Show, Written, XlsxWriter};
use serde_json::{Value, json};
use warehouse::{Row, Type};

use crate::{Around, columns, one, raw};

/// A part of the file, which is a zip.
pub(crate) fn part(file: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    zip.by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn write(plan: Plan, rows: &[Row], limits: Limits) -> (Vec<u8>, Written) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = XlsxWriter::new(folder.path(), plan, limits).unwrap();
    let (first, rest) = rows.split_at(rows.len() / 2);
    writer.write_rows(first).unwrap();
    writer.write_rows(rest).unwrap();
    let mut file = Vec::new();
    let written = writer.finish(&mut file).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    (file, written)
}

fn lines(file: &[u8]) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range("Sheet1").unwrap();
    sheet.rows().map(<[Data]>::to_vec).collect()
}

/// The only cell below the header.
fn cell(plan: Plan, value: Value) -> Data {
    let (file, _) = write(plan, &[vec![value]], Limits::default());
    lines(&file)
        .get(1)
        .and_then(|line| line.first().cloned())
        .unwrap_or(Data::Empty)
}

fn text(text: &str) -> Data {
    Data::String(text.to_owned())
}

#[test]
fn a_spreadsheet_holds_what_went_in() {
    let plan = export::plan(
        &columns(&[
            ("a", Type::Integer),
            ("b", Type::Text),
            ("c", Type::Boolean),
        ]),
        |name| Some(Item::new(name.to_uppercase())),
        &raw(),
    );
    let rows = [
        vec![json!(1), json!("x & <y> \"z\" 日本"), json!(true)],
        vec![json!(0), json!(null), json!(false)],
        vec![json!(null), json!(""), json!(null)],
        vec![json!(-2)],
    ];
    let (file, written) = write(plan, &rows, Limits::default());
    assert_eq!(
        written,
        Written {
            rows: 4,
            truncated: false,
            cut: 0
        }
    );
    let empty = || Data::Empty;
    assert_eq!(
        lines(&file),
        [
            vec![text("A"), text("B"), text("C")],
            vec![
                Data::Float(1.0),
                text("x & <y> \"z\" 日本"),
                Data::Bool(true)
            ],
            vec![Data::Float(0.0), empty(), Data::Bool(false)],
            vec![empty(), empty(), empty()],
            vec![Data::Float(-2.0), empty(), empty()],
        ]
    );
}

#[test]
fn a_spreadsheet_without_rows_has_a_header() {
    let (file, written) = write(
        one(Type::Date, || Item::new("C"), &raw()),
        &[],
        Limits::default(),
    );
    assert_eq!(lines(&file), [[text("C")]]);
    assert_eq!(written.rows, 0);
}

#[test]
fn text_is_never_a_formula() {
    for value in [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "{=1}",
        "\t=1",
        "=cmd|' /C calc'!A0",
        "http://x.y",
        "007",
        "1",
    ] {
        let plan = one(Type::Text, || Item::new("=1"), &Options::default());
        let (file, _) = write(plan, &[vec![json!(value)]], Limits::default());
        assert_eq!(lines(&file)[1][0], text(value));
        assert!(!part(&file, "xl/worksheets/sheet1.xml").contains("<f"));
    }
}

#[test]
fn numbers_are_numbers_unless_digits_would_be_lost() {
    let cases = [
        (
            Type::Integer,
            json!(9_007_199_254_740_992_i64),
            Data::Float(9_007_199_254_740_992.0),
        ),
        (
            Type::Integer,
            json!(9_007_199_254_740_995_i64),
            text("9007199254740995"),
        ),
        (
            Type::Integer,
            json!(9_007_199_254_740_993_i64),
            text("9007199254740993"),
        ),
        (
            Type::Integer,
            json!(-9_007_199_254_740_993_i64),
            text("-9007199254740993"),
        ),
        (
            Type::Integer,
            json!("9007199254740993"),
            text("9007199254740993"),
        ),
        (Type::Integer, json!(u64::MAX), text("18446744073709551615")),
        (
            Type::Integer,
            json!("-9223372036854775807"),
            text("-9223372036854775807"),
        ),
        (Type::Integer, json!("42"), Data::Float(42.0)),
        (Type::Decimal, json!("-12.50"), Data::Float(-12.5)),
        (
            Type::Decimal,
            json!("99999999999999999999"),
            text("99999999999999999999"),
        ),
        (
            Type::Decimal,
            json!("12345678901234.567"),
            Data::Float(12_345_678_901_234.566),
        ),
        (
            Type::Decimal,
            json!("12.3333333333333333"),
            Data::Float(12.333_333_333_333_334),
        ),
        (
            Type::Decimal,
            json!("-0.66666666666666666667"),
            Data::Float(-0.666_666_666_666_666_6),
        ),
        (
            Type::Double,
            json!(10.0 / 3.0),
            Data::Float(3.333_333_333_333_333_5),
        ),
        (
            Type::Decimal,
            json!("999999999999999.5"),
            Data::Float(999_999_999_999_999.5),
        ),
        (
            Type::Decimal,
            json!("1000000000000000.5"),
            text("1000000000000000.5"),
        ),
        // It would be rounded to more digits before the point.
        (
            Type::Decimal,
            json!("-999999999999999.9999"),
            text("-999999999999999.9999"),
        ),
        (Type::Decimal, json!("1e30"), Data::Float(1e30)),
        (
            Type::Decimal,
            json!("1.234567890123456789e18"),
            text("1.234567890123456789e18"),
        ),
        (
            Type::Decimal,
            json!("-0012345.5000000000000000"),
            Data::Float(-12345.5),
        ),
        (
            Type::Decimal,
            json!("0.000000000000123456789012345"),
            Data::Float(1.23456789012345e-13),
        ),
        (Type::Decimal, json!("n/a"), text("n/a")),
        (Type::Double, json!(1e300), Data::Float(1e300)),
        (Type::Double, json!("NaN"), text("NaN")),
        (Type::Double, json!("-Infinity"), text("-Infinity")),
        (Type::Text, json!(5), Data::Float(5.0)),
        (Type::Json, json!({"a": [1]}), text(r#"{"a":[1]}"#)),
    ];
    for (kind, value, wanted) in cases {
        let plan = one(kind, || Item::new("c"), &raw());
        assert_eq!(cell(plan, value.clone()), wanted, "{value}");
    }
}

#[test]
fn what_no_number_format_shows_is_text() {
    struct Words;
    impl Show for Words {
        fn write(&self, value: &Value, out: &mut String) {
            out.push_str(&format!("{value} KiB"));
        }
        fn expression(&self) -> Option<String> {
            None
        }
        fn only_text(&self) -> bool {
            true
        }
    }
    let item = || Item {
        show: Some(Box::new(Words)),
        ..Item::new("c")
    };
    let shown = |value| cell(one(Type::Integer, item, &Options::default()), value);
    assert_eq!(shown(json!(5)), text("5 KiB"));
    assert_eq!(shown(json!(null)), Data::Empty);
    let plain = cell(one(Type::Integer, item, &raw()), json!(5));
    assert_eq!(plain, Data::Float(5.0));
}

#[test]
fn dates_are_dates() {
    let cases = [
        (Type::Date, "2024-02-29", Some("2024-02-29 00:00:00")),
        (Type::Date, "1900-03-01", Some("1900-03-01 00:00:00")),
        (Type::Date, "9999-12-31", Some("9999-12-31 00:00:00")),
        (
            Type::Timestamp,
            "2024-05-15T14:35:50.25Z",
            Some("2024-05-15 14:35:50.250"),
        ),
        (
            Type::Timestamp,
            "2024-05-15T23:59:59.9999999Z",
            Some("2024-05-15 23:59:59.999"),
        ),
        (Type::Date, "1900-02-28", None),
        (Type::Date, "1066-10-14", None),
        (Type::Date, "2023-02-29", None),
        (Type::Timestamp, "2024-05-15T25:00:00Z", None),
        (Type::Timestamp, "soon", None),
    ];
    for (kind, value, wanted) in cases {
        for options in [raw(), Options::default()] {
            match (
                cell(one(kind, || Item::new("c"), &options), json!(value)),
                wanted,
            ) {
                (Data::DateTime(date), Some(wanted)) => {
                    let date = date.as_datetime().unwrap().to_string();
                    assert_eq!(date, wanted, "{value}");
                }
                (Data::String(read), None) => assert_eq!(read, value),
                (other, wanted) => panic!("{value}: {other:?} instead of {wanted:?}"),
            }
        }
    }
}

#[test]
fn columns_have_the_number_format_of_their_fields() {
    let format =
        |kind, interval: Option<&str>, expression: Option<&'static str>, options: &Options| {
            let item = || Item {
                interval: interval.and_then(Interval::named),
                show: Some(Box::new(Around("", "", expression))),
                ..Item::new("c")
            };
            let value = if kind == Type::Integer {
                json!(1)
            } else {
                json!("2024-05-15")
            };
            let (file, _) = write(one(kind, item, options), &[vec![value]], Limits::default());
            let styles = part(&file, "xl/styles.xml");
            let (_, rest) = styles.split_once("formatCode=\"")?;
            let (code, _) = rest.split_once('"')?;
            let sheet = part(&file, "xl/worksheets/sheet1.xml");
            assert!(sheet.contains(r#"<c r="A2" s="1">"#), "{sheet}");
            Some(code.replace("&quot;", "\""))
        };
    let (shown, raw) = (Options::default(), raw());
    let cases = [
        (
            Type::Integer,
            None,
            Some("[$€]#,##0.000"),
            &shown,
            Some("[$€]#,##0.000"),
        ),
        (
            Type::Integer,
            None,
            Some("#,##0,\"K\""),
            &shown,
            Some("#,##0,\"K\""),
        ),
        (Type::Integer, None, Some("[$€]#,##0.000"), &raw, None),
        (Type::Integer, None, None, &shown, None),
        (Type::Date, None, None, &raw, Some("yyyy-mm-dd")),
        (Type::Date, Some("MONTH"), None, &shown, Some("yyyy-mm")),
        (Type::Date, Some("MONTH"), None, &raw, Some("yyyy-mm-dd")),
        (Type::Date, Some("YEAR"), None, &shown, Some("yyyy")),
        (
            Type::Date,
            Some("MONTH"),
            Some("mmm d, yyyy"),
            &shown,
            Some("mmm d, yyyy"),
        ),
        (
            Type::Timestamp,
            None,
            None,
            &shown,
            Some("yyyy-mm-dd hh:mm:ss.000"),
        ),
        (
            Type::Timestamp,
            Some("HOUR"),
            None,
            &shown,
            Some("yyyy-mm-dd hh:mm"),
        ),
        // What spreadsheets would take for a broken file.
        (Type::Integer, None, Some("0\"x"), &shown, None),
        (Type::Integer, None, Some("[$€0"), &shown, None),
        (Type::Integer, None, Some("0;0;0;0;0"), &shown, None),
        (Type::Integer, None, Some("0\\"), &shown, None),
        (Type::Integer, None, Some("0\n"), &shown, None),
    ];
    for (kind, interval, expression, options, wanted) in cases {
        let found = format(kind, interval, expression, options);
        assert_eq!(
            found.as_deref(),
            wanted,
            "{kind:?} {interval:?} {expression:?}"
        );
    }
}

#[test]
fn long_text_is_cut_and_counted() {
    let longest = "x".repeat(32_767);
    let cases = [
        (longest.clone(), longest.clone(), 0),
        (format!("{longest}x"), longest.clone(), 1),
        ("🦀".repeat(16_384), "🦀".repeat(16_383), 1),
        ("é".repeat(32_767), "é".repeat(32_767), 0),
    ];
    for (value, wanted, cut) in cases {
        let plan = one(Type::Text, || Item::new("c"), &raw());
        let (file, written) = write(plan, &[vec![json!(value)]], Limits::default());
        assert_eq!(written.cut, cut);
        assert!(lines(&file)[1][0] == text(&wanted));
    }
}

#[test]
fn control_characters_and_what_looks_like_their_escapes_do_not_break_the_file() {
    let value = "a\u{1}\u{b}\r\n_x000D_\u{fffe}\u{ffff} ";
    let plan = one(Type::Text, || Item::new("c"), &raw());
    let (file, _) = write(plan, &[vec![json!(value)]], Limits::default());
    let sheet = part(&file, "xl/worksheets/sheet1.xml");
    let wanted = "a_x0001__x000B__x000D_\n_x005F_x000D__xFFFE__xFFFF_ ";
    assert!(
        sheet.contains(&format!("<t xml:space=\"preserve\">{wanted}</t>")),
        "{sheet}"
    );
    assert_eq!(lines(&file).len(), 2);
}

#[test]
fn what_comes_after_the_limit_is_left_out() {
    let plan = || one(Type::Integer, || Item::new("c"), &raw());
    let rows: Vec<Row> = (0..10).map(|at| vec![json!(at)]).collect();
    let limit = |rows, bytes| Limits { rows, bytes };
    let cases = [
        (limit(10, u64::MAX), 10, false),
        (limit(9, u64::MAX), 9, true),
        (limit(2, u64::MAX), 2, true),
        (limit(usize::MAX, u64::MAX), 10, false),
        (limit(10, 300), 4, true),
    ];
    for (limits, wanted, truncated) in cases {
        let (file, written) = write(plan(), &rows, limits);
        assert_eq!((written.rows, written.truncated), (wanted, truncated));
        assert_eq!(lines(&file).len(), usize::try_from(wanted).unwrap() + 1);
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let plan = one(Type::Integer, || Item::new("c"), &raw());
    let error = XlsxWriter::new("/nowhere/at/all".as_ref(), plan, Limits::default()).err();
    assert!(matches!(error, Some(Error::Temporary)));
}

#[test]
fn more_columns_than_a_sheet_has_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let wide = |width: usize| {
        let columns = columns(&vec![("c", Type::Integer); width]);
        let plan = export::plan(&columns, |name| Some(Item::new(name)), &raw());
        XlsxWriter::new(folder.path(), plan, Limits::default()).err()
    };
    assert!(wide(16_384).is_none());
    assert!(matches!(wide(16_385), Some(Error::Spreadsheet(_))));
    assert!(matches!(wide(70_000), Some(Error::Spreadsheet(_))));
}

#[test]
fn a_writer_that_fails_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = one(Type::Integer, || Item::new("c"), &raw());
    let writer = XlsxWriter::new(folder.path(), plan, Limits::default()).unwrap();
    assert!(writer.finish(Full).is_err());
}

#[test]
fn writers_may_move_between_threads() {
    fn moves<T: Send>() {}
    moves::<XlsxWriter>();
    moves::<export::CsvWriter<Vec<u8>>>();
    moves::<export::Pivot>();
    moves::<Plan>();
}
