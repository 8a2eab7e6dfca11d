//! Raw values and the text that people read: every rule of formatting, as tables of field, value and text.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use semantic::explore::{Dimension, Metric};
use semantic::format::{Cells, Format, MISSING, NULL};
use semantic::query::{CustomDimension, TableCalculation};
use serde_json::{Value, json};

fn number(format_options: Value) -> Format {
    Format::of_item(&json!({"fieldType": "metric", "type": "sum", "formatOptions": format_options}))
}

fn expression(format: &str) -> Format {
    Format::of_item(&json!({"fieldType": "dimension", "type": "number", "format": format}))
}

fn dimension(kind: &str, interval: Option<&str>) -> Format {
    Format::of_dimension(&the_dimension(
        json!({"type": kind, "timeInterval": interval}),
    ))
}

fn the_dimension(more: Value) -> Dimension {
    let base = json!({"name": "d", "table": "t", "compiledSql": "d"});
    serde_json::from_value(merged(base, more)).unwrap()
}

fn metric(more: Value) -> Metric {
    let base = json!({"type": "sum", "name": "m", "table": "t", "compiledSql": "SUM(m)"});
    serde_json::from_value(merged(base, more)).unwrap()
}

fn merged(mut base: Value, more: Value) -> Value {
    let base_fields = base.as_object_mut().unwrap();
    base_fields.extend(more.as_object().unwrap().clone());
    base
}

/// All rows at once, so that a failure shows every wrong one.
#[track_caller]
fn check(rows: impl IntoIterator<Item = (Format, Value, &'static str)>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .filter(|(format, value, text)| format.text(value) != *text)
        .map(|(format, value, text)| {
            format!(
                "{value}: {:?} instead of {text:?}\n   {format:?}",
                format.text(&value)
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_field_numbers_have_separators_and_three_decimals() {
    let rows = [
        (json!(null), "∅"),
        (json!(1234.5678), "1,234.568"),
        (json!(-1234567.8915), "-1,234,567.892"),
        (json!(0.00045), "0"),
        (json!("42"), "42"),
        (json!(1e21), "1,000,000,000,000,000,000,000"),
        (json!("Infinity"), "∞"),
        (json!("-Infinity"), "-∞"),
        (json!("NaN"), "NaN"),
        (json!(true), "true"),
        (json!(""), ""),
        (json!("abc"), "abc"),
        (json!("2024-05-15"), "2024-05-15"),
        (json!("1e5"), "100,000"),
        (json!("1e99999"), "1e99999"),
        (json!([1, "a"]), r#"[1,"a"]"#),
        (json!({"a": 1.5}), r#"{"a":1.5}"#),
        (json!(5.0), "5"),
        (json!(999.9996), "1,000"),
        (json!(u64::MAX), "18,446,744,073,709,551,615"),
    ];
    check(rows.map(|(value, text)| (Format::default(), value, text)));
    assert_eq!((NULL, MISSING), ("∅", "-"));
}

#[test]
fn nothing_is_shown_as_minus_zero() {
    check([
        (Format::default(), json!(-0.0001), "0"),
        (Format::default(), json!(-0.0), "0"),
        (Format::default(), json!("-0"), "0"),
        (
            number(json!({"type": "currency", "currency": "USD"})),
            json!(-0.001),
            "$0.00",
        ),
        (
            number(json!({"type": "percent", "round": 0})),
            json!(-0.001),
            "0%",
        ),
        (expression("0.00"), json!(-0.001), "0.00"),
    ]);
}

#[test]
fn rounding_has_decimals_or_digits_that_are_left_out() {
    let rows = [
        (json!(null), json!(12345.6789), "12,345.679"),
        (json!(0), json!(12345.6789), "12,346"),
        (json!(2), json!(12345.6789), "12,345.68"),
        (json!("2"), json!(12345.6789), "12,345.68"),
        (json!(25), json!(12345.6789), "12,345.67890000000000000000"),
        (json!(-1), json!(12345.6789), "12,350"),
        (json!(-2), json!(12345.6789), "12,300"),
        (json!(-3), json!(12345.6789), "12,000"),
        (json!(-5), json!(12345.6789), "10,000"),
        (json!(-99), json!(12345.6789), "10,000"),
        (json!(i64::MIN), json!(12345.6789), "10,000"),
        (json!(-1), json!(0.567), "0.6"),
        (json!(0), json!(2.5), "3"),
        (json!(0), json!(-2.5), "-3"),
        (json!(0), json!(0.5), "1"),
        (json!(0), json!(0.49), "0"),
        (json!(2), json!(1.005), "1.01"),
        (json!(0), json!(99.5), "100"),
    ];
    check(rows.map(|(round, value, text)| {
        (
            number(json!({"type": "number", "round": round})),
            value,
            text,
        )
    }));
}

#[test]
fn a_minus_is_no_digit() {
    let rows = [
        (-1, "-12,350"),
        (-2, "-12,300"),
        (-3, "-12,000"),
        (-5, "-10,000"),
    ];
    check(rows.map(|(round, text)| {
        let format = number(json!({"type": "number", "round": round}));
        (format, json!(-12345.6789), text)
    }));
}

#[test]
fn separators_are_those_of_the_setting() {
    let rows = [
        ("default", "1,234,567.891", "1,234,567.89", "$1,234,567.89"),
        (
            "commaPeriod",
            "1,234,567.891",
            "1,234,567.89",
            "$1,234,567.89",
        ),
        (
            "spacePeriod",
            "1 234 567.891",
            "1 234 567.89",
            "$1 234 567.89",
        ),
        (
            "periodComma",
            "1.234.567,891",
            "1.234.567,89",
            "1.234.567,89 $",
        ),
        (
            "noSeparatorPeriod",
            "1234567.891",
            "1234567.89",
            "$1234567.89",
        ),
    ];
    check(
        rows.into_iter()
            .flat_map(|(separator, plain, rounded, dollars)| {
                let of = |more: Value| {
                    number(merged(
                        json!({"type": "number", "separator": separator}),
                        more,
                    ))
                };
                [
                    (of(json!({})), json!(1234567.891), plain),
                    (of(json!({"round": 2})), json!(1234567.891), rounded),
                    (
                        of(json!({"type": "currency", "currency": "USD"})),
                        json!(1234567.891),
                        dollars,
                    ),
                ]
            }),
    );
}

#[test]
fn currencies_have_their_symbols_and_decimals() {
    let rows = [
        ("USD", "$1,234.50", "1.234,50 $"),
        ("EUR", "€1,234.50", "1.234,50 €"),
        ("GBP", "£1,234.50", "1.234,50 £"),
        ("CAD", "CA$1,234.50", "1.234,50 CA$"),
        ("AUD", "A$1,234.50", "1.234,50 AU$"),
        ("CNY", "CN¥1,234.50", "1.234,50 CN¥"),
        ("BRL", "R$1,234.50", "1.234,50 R$"),
        ("HKD", "HK$1,234.50", "1.234,50 HK$"),
        ("INR", "₹1,234.50", "1.234,50 ₹"),
        ("ILS", "₪1,234.50", "1.234,50 ₪"),
        ("MXN", "MX$1,234.50", "1.234,50 MX$"),
        ("NZD", "NZ$1,234.50", "1.234,50 NZ$"),
        ("PHP", "₱1,234.50", "1.234,50 PHP"),
        ("TWD", "NT$1,234.50", "1.234,50 NT$"),
        ("DKK", "DKK 1,234.50", "1.234,50 DKK"),
        ("CHF", "CHF 1,234.50", "1.234,50 CHF"),
        ("ARS", "ARS 1,234.50", "1.234,50 ARS"),
        ("CZK", "CZK 1,234.50", "1.234,50 CZK"),
        ("MYR", "MYR 1,234.50", "1.234,50 MYR"),
        ("MAD", "MAD 1,234.50", "1.234,50 MAD"),
        ("NOK", "NOK 1,234.50", "1.234,50 NOK"),
        ("PLN", "PLN 1,234.50", "1.234,50 PLN"),
        ("RUB", "RUB 1,234.50", "1.234,50 RUB"),
        ("SAR", "SAR 1,234.50", "1.234,50 SAR"),
        ("SGD", "SGD 1,234.50", "1.234,50 SGD"),
        ("ZAR", "ZAR 1,234.50", "1.234,50 ZAR"),
        ("SEK", "SEK 1,234.50", "1.234,50 SEK"),
        ("THB", "THB 1,234.50", "1.234,50 ฿"),
        ("TRY", "TRY 1,234.50", "1.234,50 TRY"),
        ("JPY", "¥1,235", "1.235 ¥"),
        ("KRW", "₩1,235", "1.235 ₩"),
        ("VND", "₫1,235", "1.235 ₫"),
        ("CLP", "CLP 1,235", "1.235 CLP"),
        ("COP", "COP 1,235", "1.235 COP"),
        ("HUF", "HUF 1,235", "1.235 HUF"),
    ];
    check(rows.into_iter().flat_map(|(code, english, german)| {
        let of = |separator| {
            number(json!({"type": "currency", "currency": code, "separator": separator}))
        };
        [
            (of("default"), json!(1234.5), english),
            (of("periodComma"), json!(1234.5), german),
        ]
    }));
}

#[test]
fn currencies_go_with_units_signs_and_separators() {
    let of = |more: Value| number(merged(json!({"type": "currency"}), more));
    check([
        (
            of(json!({"currency": "USD"})),
            json!(1234567.891),
            "$1,234,567.89",
        ),
        (
            of(json!({"currency": "JPY"})),
            json!(1234567.891),
            "¥1,234,568",
        ),
        (
            of(json!({"currency": "CHF"})),
            json!(1234567.891),
            "CHF 1,234,567.89",
        ),
        (
            of(json!({"currency": "DKK", "separator": "spacePeriod"})),
            json!(1234567.891),
            "DKK 1 234 567.89",
        ),
        (
            of(json!({"currency": "EUR", "separator": "periodComma"})),
            json!(1234567.891),
            "1.234.567,89 €",
        ),
        (
            of(json!({"currency": "GBP", "compact": "millions", "round": 2})),
            json!(1234567.891),
            "£1.23M",
        ),
        (of(json!({"currency": "USD"})), json!(-5.5), "-$5.50"),
        (
            of(json!({"currency": "EUR", "separator": "periodComma"})),
            json!(-5.5),
            "-5,50 €",
        ),
        (
            of(
                json!({"currency": "EUR", "separator": "periodComma", "compact": "thousands", "round": 1}),
            ),
            json!(1234.5),
            "1,2 €K",
        ),
        (of(json!({})), json!(1234567.891), "1,234,567.891"),
        (of(json!({"currency": "no code"})), json!(5), "5"),
        (of(json!({"currency": "XAU"})), json!(5), "XAU 5.00"),
        (of(json!({"currency": "USD"})), json!("Infinity"), "$∞"),
        (of(json!({"currency": "USD"})), json!("n/a"), "n/a"),
    ]);
}

#[test]
fn percents_ids_bytes_prefixes_and_suffixes() {
    let of = |kind: &str, more: Value| number(merged(json!({"type": kind}), more));
    check([
        (of("percent", json!({})), json!(0.256), "25.6%"),
        (of("percent", json!({"round": 1})), json!(0.256), "25.6%"),
        (of("percent", json!({"round": 2})), json!(0.256), "25.60%"),
        (
            of("percent", json!({"compact": "thousands"})),
            json!(12),
            "1,200%",
        ),
        (of("percent", json!({"round": 0})), json!(0.285), "29%"),
        (of("id", json!({})), json!(1234.567), "1234.567"),
        (
            of("id", json!({})),
            json!(9007199254740993_i64),
            "9007199254740993",
        ),
        (of("id", json!({})), json!(1e21), "1e+21"),
        (of("id", json!({})), json!(1.5e-7), "1.5e-7"),
        (of("id", json!({})), json!(-0.00012), "-0.00012"),
        (of("id", json!({})), json!("007"), "007"),
        (
            of(
                "number",
                json!({"prefix": "~", "suffix": " u", "compact": "thousands", "round": 1}),
            ),
            json!(1234567.891),
            "~1,234.6K u",
        ),
        (
            of("bytes_si", json!({"compact": "kilobytes", "prefix": "~"})),
            json!(1234567.891),
            "1,234.568KB",
        ),
        (
            of("bytes_iec", json!({"compact": "kibibytes", "round": 2})),
            json!(1234567.891),
            "1,205.63KiB",
        ),
        (
            of("default", json!({"round": 1, "prefix": "x"})),
            json!(1234.5678),
            "1,234.568",
        ),
        (of("nonsense", json!({})), json!(1234.5678), "1,234.568"),
        (of("custom", json!({"custom": "0.0"})), json!(5), "5.0"),
        (of("custom", json!({"custom": "0.0"})), json!("abc"), "abc"),
        (
            of("custom", json!({"custom": "yyyy"})),
            json!("2024-05-15"),
            "2024",
        ),
        (of("custom", json!({})), json!(1234.5), "1234.5"),
        (
            of("custom", json!({"custom": "qq"})),
            json!(1234.5),
            "1234.5",
        ),
        (of("number", json!({})), json!(""), ""),
        (of("number", json!({})), json!(true), "true"),
        (of("number", json!({})), json!(null), "∅"),
        (
            of("date", json!({"timeInterval": "MONTH"})),
            json!(1_715_783_750_123_i64),
            "2024-05",
        ),
        (
            of("date", json!({"timeInterval": "MONTH"})),
            json!("2024-05-15"),
            "2024-05",
        ),
        (
            of("timestamp", json!({"timeInterval": "HOUR"})),
            json!(1_715_783_750_123_i64),
            "2024-05-15, 14 (+00:00)",
        ),
        (of("timestamp", json!({})), json!("abc"), "abc"),
    ]);
}

#[test]
fn units_divide_exactly() {
    let rows = [
        ("thousands", "K", "1,234,567.89K"),
        ("millions", "M", "1,234.568M"),
        ("billions", "B", "1.235B"),
        ("trillions", "T", "0.001T"),
        ("kilobytes", "KB", "1,234,567.89KB"),
        ("megabytes", "MB", "1,234.568MB"),
        ("gigabytes", "GB", "1.235GB"),
        ("terabytes", "TB", "0.001TB"),
        ("petabytes", "PB", "0PB"),
        ("kibibytes", "KiB", "1,205,632.705KiB"),
        ("mebibytes", "MiB", "1,177.376MiB"),
        ("gibibytes", "GiB", "1.15GiB"),
        ("tebibytes", "TiB", "0.001TiB"),
        ("pebibytes", "PiB", "0PiB"),
    ];
    check(rows.into_iter().flat_map(|(plural, short, text)| {
        let singular = plural.strip_suffix('s').unwrap();
        [plural, singular, short].map(|key| {
            let format = number(json!({"type": "number", "compact": key}));
            (format, json!(1234567890.123), text)
        })
    }));
    check([
        (
            number(json!({"type": "number", "compact": "billions", "round": 2})),
            json!(1234567890.123),
            "1.23B",
        ),
        (
            number(json!({"type": "number", "compact": "dozens"})),
            json!(1234.5),
            "1,234.5",
        ),
        (
            number(json!({"type": "bytes_iec", "compact": "PiB", "round": 20})),
            json!(1),
            "0.00000000000000088818PiB",
        ),
        (
            number(json!({"type": "bytes_iec", "compact": "KiB", "round": 0})),
            json!("1208925819614629174706176"),
            "1,180,591,620,717,411,303,424KiB",
        ),
    ]);
}

#[test]
fn older_settings_still_count() {
    let of = |format: Value, round: Value, compact: Value| {
        Format::of_dimension(&the_dimension(
            json!({"type": "number", "format": format, "round": round, "compact": compact}),
        ))
    };
    check([
        (
            of(json!("usd"), json!(null), json!(null)),
            json!(1234.567),
            "$1,234.57",
        ),
        (
            of(json!("gbp"), json!(null), json!(null)),
            json!(1234.567),
            "£1,234.57",
        ),
        (
            of(json!("eur"), json!(null), json!(null)),
            json!(1234.567),
            "€1,234.57",
        ),
        (
            of(json!("dkk"), json!(null), json!(null)),
            json!(1234.567),
            "DKK 1,234.57",
        ),
        (
            of(json!("usd"), json!(1), json!(null)),
            json!(1234.567),
            "$1,234.6",
        ),
        (
            of(json!("jpy"), json!(1), json!(null)),
            json!(1234.567),
            "¥1,234.6",
        ),
        (
            of(json!("jpy"), json!(null), json!(null)),
            json!(1234.567),
            "¥1,235",
        ),
        (
            of(json!("km"), json!(null), json!(null)),
            json!(1234.567),
            "1,234.567 km",
        ),
        (
            of(json!("mi"), json!(null), json!(null)),
            json!(1234.567),
            "1,234.567 mi",
        ),
        (
            of(json!("percent"), json!(1), json!(null)),
            json!(1234.567),
            "123,456.7%",
        ),
        (
            of(json!("id"), json!(null), json!(null)),
            json!(1234.567),
            "1234.567",
        ),
        (
            of(json!("usd"), json!(0), json!("thousands")),
            json!(1234567.891),
            "$1,235K",
        ),
        (
            of(json!(null), json!(null), json!(null)),
            json!(1234.5678),
            "1,234.568",
        ),
        (
            of(json!(null), json!(1), json!("K")),
            json!(1234.5678),
            "1.2K",
        ),
    ]);
}

#[test]
fn an_expression_wins_over_a_format_object_and_a_keyword_does_not() {
    let options = json!({"type": "percent"});
    let of = |format: &str| {
        Format::of_metric(&metric(json!({"format": format, "formatOptions": options})))
    };
    check([
        (of("#,##0"), json!(1234.5), "1,235"),
        (of("usd"), json!(0.5), "50%"),
        (of("not an expression"), json!(0.5), "50%"),
    ]);
}

#[test]
fn an_override_wins_over_everything_and_is_the_same_everywhere() {
    let of = |more: Value, options: Value| Format::of_metric_with(&metric(more), &options);
    check([
        (
            of(json!({"format": "#,##0"}), json!(null)),
            json!(1234.5),
            "1,235",
        ),
        (
            of(json!({}), json!({"type": "percent"})),
            json!(0.256),
            "25.6%",
        ),
        (
            of(json!({"format": "#,##0"}), json!({"type": "percent"})),
            json!(0.256),
            "25.6%",
        ),
        (
            of(
                json!({"round": 3, "compact": "K"}),
                json!({"type": "number", "round": 1}),
            ),
            json!(1234),
            "1,234.0",
        ),
    ]);
}

#[test]
fn dates_are_shown_by_interval() {
    let rows = [
        (Some("YEAR"), "2024"),
        (Some("QUARTER"), "2024-Q2"),
        (Some("MONTH"), "2024-05"),
        (Some("WEEK"), "2024-05-15"),
        (Some("DAY"), "2024-05-15"),
        (Some("RAW"), "2024-05-15"),
        (None, "2024-05-15"),
    ];
    let texts = [
        "2024-05-15",
        "2024-05-15T00:00:00Z",
        "2024-05-15 00:00:00.000",
    ];
    check(rows.into_iter().flat_map(|(interval, shown)| {
        texts.map(|text| (dimension("date", interval), json!(text), shown))
    }));
    check([(
        dimension("date", None),
        json!(1_715_783_750_123_i64),
        "2024-05-15",
    )]);
}

#[test]
fn timestamps_are_shown_by_interval_with_a_point_before_milliseconds() {
    let rows = [
        (Some("HOUR"), "2024-05-15, 14 (+00:00)"),
        (Some("MINUTE"), "2024-05-15, 14:35 (+00:00)"),
        (Some("SECOND"), "2024-05-15, 14:35:50 (+00:00)"),
        (Some("MILLISECOND"), "2024-05-15, 14:35:50.123 (+00:00)"),
        (Some("RAW"), "2024-05-15, 14:35:50.123 (+00:00)"),
        (None, "2024-05-15, 14:35:50.123 (+00:00)"),
    ];
    let values = [
        json!("2024-05-15T14:35:50.123Z"),
        json!("2024-05-15 14:35:50.123456"),
        json!("2024-05-15T16:35:50.123+02:00"),
        json!("2024-05-15T12:05:50.123-0230"),
        json!("2024-05-15 14:35:50.123 UTC"),
        json!(1_715_783_750_123_i64),
    ];
    check(rows.into_iter().flat_map(|(interval, text)| {
        let format = dimension("timestamp", interval);
        values.clone().map(|value| (format.clone(), value, text))
    }));
    check([
        (
            dimension("timestamp", None),
            json!("2024-02-29T12:00:00.5Z"),
            "2024-02-29, 12:00:00.500 (+00:00)",
        ),
        (
            dimension("timestamp", None),
            json!("2024-02-29T12:00Z"),
            "2024-02-29, 12:00:00.000 (+00:00)",
        ),
        (
            dimension("timestamp", None),
            json!("2024-02-29"),
            "2024-02-29, 00:00:00.000 (+00:00)",
        ),
    ]);
}

#[test]
fn what_is_no_date_is_shown_as_it_is() {
    let texts = [
        "infinity",
        "2024-13-01",
        "2023-02-29",
        "2024-05-15x",
        "2024-05-15T25:00:00Z",
        "2024-05-15T10:00:00+",
        "2024-05-15T10:00:00+99:00",
        "20240515",
        "0044-03-15 BC",
        "2024-05-1é",
        "é024-05-15",
        "",
    ];
    for kind in ["date", "timestamp"] {
        for text in texts {
            assert_eq!(dimension(kind, None).text(&json!(text)), text);
        }
        check([
            (dimension(kind, None), json!(true), "true"),
            (dimension(kind, None), json!(1e300), "1e+300"),
            (dimension(kind, None), json!(null), "∅"),
        ]);
    }
}

#[test]
fn the_least_and_greatest_of_timestamps_are_shown_as_timestamps() {
    for kind in ["min", "max"] {
        let format = Format::of_metric(&metric(json!({"type": kind})));
        check([
            (
                format.clone(),
                json!("2024-05-15T14:35:50.123Z"),
                "2024-05-15, 14:35:50.123 (+00:00)",
            ),
            (format.clone(), json!("2024-05-15"), "2024-05-15"),
            (format.clone(), json!("1234.5678"), "1,234.568"),
            (format.clone(), json!(1234.5678), "1,234.568"),
            (format, json!("abc"), "abc"),
        ]);
    }
}

#[test]
fn booleans_are_true_in_many_spellings() {
    let yes = [
        json!(true),
        json!("True"),
        json!("true"),
        json!("TRUE"),
        json!("yes"),
        json!("Yes"),
        json!("1"),
        json!(1),
        json!(1.0),
        json!("T"),
        json!("t"),
    ];
    let no = [
        json!(false),
        json!("false"),
        json!(0),
        json!("no"),
        json!("f"),
        json!(""),
        json!(2),
        json!([]),
    ];
    check(yes.map(|value| (dimension("boolean", None), value, "True")));
    check(no.map(|value| (dimension("boolean", None), value, "False")));
}

#[test]
fn text_is_shown_as_it_is_whatever_the_format() {
    let of = |item: Value| Format::of_item(&item);
    let text = of(json!({"type": "string", "format": "usd", "round": 2}));
    let calculation = of(
        json!({"type": "string", "name": "c", "format": {"type": "currency", "currency": "USD"}}),
    );
    let bin = of(json!({"type": "bin", "binType": "fixed_number"}));
    check([
        (text.clone(), json!("1234.5"), "1234.5"),
        (text, json!(1234.0), "1234"),
        (calculation, json!("5"), "5"),
        (bin, json!("1000 - 2000"), "1000 - 2000"),
    ]);
}

#[test]
fn a_year_as_a_number_has_no_separators() {
    check([
        (dimension("number", Some("YEAR_NUM")), json!(2024), "2024"),
        (dimension("number", Some("YEAR_NUM")), json!(2024.0), "2024"),
        (
            dimension("number", Some("DAY_OF_YEAR_NUM")),
            json!(2024),
            "2,024",
        ),
    ]);
}

#[test]
fn calculations_and_custom_dimensions_have_formats_of_their_type() {
    let calculation = |more: Value| -> TableCalculation {
        serde_json::from_value(merged(json!({"name": "c", "sql": "1"}), more)).unwrap()
    };
    let usd = json!({"type": "currency", "currency": "USD"});
    let rows = [
        (json!({}), json!(1234.5678), "1,234.568"),
        (json!({"format": usd}), json!(1234.5678), "$1,234.57"),
        (
            json!({"format": usd, "type": "number"}),
            json!(1234.5678),
            "$1,234.57",
        ),
        (json!({"format": usd, "type": "string"}), json!("5"), "5"),
        (
            json!({"type": "date"}),
            json!("2024-05-15T00:00:00Z"),
            "2024-05-15",
        ),
        (json!({"format": "#"}), json!(1234.5678), "1,234.568"),
    ];
    for (more, value, text) in rows {
        let typed = Format::of_calculation(&calculation(more));
        assert_eq!(typed.text(&value), text);
    }
    let custom = |more: Value| -> CustomDimension {
        serde_json::from_value(merged(json!({"id": "c", "table": "t"}), more)).unwrap()
    };
    let sql = |kind: &str| {
        Format::of_custom_dimension(&custom(
            json!({"type": "sql", "sql": "x", "dimensionType": kind}),
        ))
    };
    let bin = custom(json!({"type": "bin", "dimensionId": "d", "binType": "fixed_number"}));
    check([
        (sql("number"), json!(1234), "1,234"),
        (sql("string"), json!("1234"), "1234"),
        (sql("boolean"), json!("t"), "True"),
        (Format::of_custom_dimension(&bin), json!("1234"), "1234"),
        (
            Format::of_item(&json!({"type": "sql", "dimensionType": "string"})),
            json!("1234"),
            "1234",
        ),
    ]);
}

#[test]
fn a_field_and_its_json_have_the_same_format() {
    let settings = [
        json!({"type": "number", "format": "usd", "round": 1, "compact": "thousands"}),
        json!({"type": "date", "timeInterval": "MONTH"}),
        json!({"type": "number", "format": "0.0%"}),
    ];
    for settings in settings {
        let dimension = the_dimension(settings);
        let json = serde_json::to_value(&dimension).unwrap();
        assert_eq!(Format::of_dimension(&dimension), Format::of_item(&json));
    }
    let max = metric(json!({"type": "max", "formatOptions": {"type": "percent"}}));
    let json = serde_json::to_value(&max).unwrap();
    assert_eq!(Format::of_metric(&max), Format::of_item(&json));
}

#[test]
fn expressions_are_those_of_spreadsheets() {
    let date = json!("2024-05-15T00:00:00Z");
    let time = json!("2024-05-15T14:35:50.123Z");
    let rows = [
        ("#,##0.00", json!(1234.5), "1,234.50"),
        ("0.0%", json!(0.256), "25.6%"),
        ("[$€]#,##0.00", json!(1234.5), "€1,234.50"),
        ("[$€-407]#,##0.00", json!(1234.5), "€1,234.50"),
        ("[$CHF ]#,##0.00", json!(1234.5), "CHF 1,234.50"),
        ("#,##0,\"K\"", json!(1234567), "1,235K"),
        ("#,##0.0,,\"M\"", json!(1234567), "1.2M"),
        ("#,##0.00;(#,##0.00)", json!(-5), "(5.00)"),
        ("#,##0.00;(#,##0.00)", json!(0), "0.00"),
        ("#,##0.00;(#,##0.00);\"none\"", json!(0), "none"),
        ("0.00\" km\"", json!(1.5), "1.50 km"),
        ("0.00E+00", json!(12345), "1.23E+04"),
        ("0.00E+00", json!(0), "0.00E+00"),
        ("0.00e-00", json!(0.00012345), "1.23e-04"),
        ("0.00E-00", json!(99999), "1.00E05"),
        ("##0.0E+0", json!(123456), "123.5E+3"),
        ("##0.0E+0", json!(-0.00012), "-120.0E-6"),
        ("0E+0", json!("1e300"), "1E+300"),
        ("# ?/?", json!(0.5), " 1/2"),
        ("# ?/?", json!(1.25), "1 1/4"),
        ("# ?/?", json!(-1.25), "-1 1/4"),
        ("# ?/?", json!(5), "5    "),
        ("# ?/?", json!(0.99), "1    "),
        ("# ??/??", json!("3.14159"), "3  1/7 "),
        ("# ?/8", json!(0.4), " 3/8"),
        ("# ??/16", json!(2.5), "2  8/16"),
        ("?/?", json!(2.5), "5/2"),
        ("[red]0", json!(5), "5"),
        ("[Color 12]0", json!(5), "5"),
        ("yyyy-mm-dd", date.clone(), "2024-05-15"),
        ("mmm d, yyyy", date.clone(), "May 15, 2024"),
        ("dddd", time.clone(), "Wednesday"),
        ("h:mm AM/PM", time.clone(), "2:35 PM"),
        ("hh:mm:ss.000", time.clone(), "14:35:50.123"),
        ("mm:ss", time.clone(), "35:50"),
        (
            "mmmm mmmmm ddd dd d m yy h A/P",
            time.clone(),
            "May M Wed 15 15 5 24 2 P",
        ),
        ("dd/mm/yyyy", date.clone(), "15/05/2024"),
        ("@\" x\"", json!("abc"), "abc x"),
        ("@\" x\"", json!(5.5), "5.5 x"),
        ("0;0;0;\"<\"@\">\"", json!("abc"), "<abc>"),
        ("#,##0.00\"KiB\"", json!(2048), "2.00KiB"),
        ("0.0\" MiB\"", json!(1572864), "1.5 MiB"),
        ("0", json!("abc"), "NaN"),
        ("0", json!("Infinity"), "∞"),
        ("0", json!(""), ""),
        ("0", json!(null), "∅"),
        ("0", json!([1]), "[1]"),
        ("0.0", json!(true), "1.0"),
        ("0.0", json!(false), "0.0"),
        ("0.0", json!("12.34"), "12.3"),
        ("#.##", json!(5), "5."),
        ("#.##", json!(0.5), ".5"),
        (".00", json!(12.5), "12.50"),
        ("0.??", json!(1.5), "1.5 "),
        ("00000", json!(42), "00042"),
        ("0,000", json!(5), "0,005"),
        ("?,??0", json!(5), "    5"),
        ("(000) 000-0000", json!(5551234567_i64), "(555) 123-4567"),
        ("$#,##0", json!(-1234), "-$1,234"),
        ("+0;-0", json!(-1), "-1"),
        ("0.0\\x", json!(1), "1.0x"),
        ("_(0_)", json!(1), " 1 "),
        ("* 0", json!(1), "1"),
        ("[>=1000]0.0,\"K\";0", json!(1500), "1.5K"),
        ("[>=1000]0.0,\"K\";0", json!(15), "15"),
        ("[>=1000]0.0,\"K\";0", json!(-15), "-15"),
        ("[<0](0);0", json!(-15), "(15)"),
        ("[=1]\"one\";[<>1]\"many\"", json!(1), "one"),
        ("[=1]\"one\";[<>1]\"many\"", json!(2), "many"),
        ("[>100]0", json!(5), "5"),
        ("General", json!(1234.5678), "1234.5678"),
        ("General\" u\"", json!(-5), "-5 u"),
        ("0;;", json!(-5), ""),
    ];
    check(rows.map(|(format, value, text)| (expression(format), value, text)));
}

#[test]
fn a_date_expression_shows_what_is_no_date_as_it_is() {
    check([
        (expression("yyyy"), json!("abc"), "abc"),
        (expression("yyyy"), json!(5), "5"),
        (expression("yyyy"), json!(true), "true"),
    ]);
}

#[test]
fn an_expression_holds_for_fields_of_any_type() {
    let of = |kind: &str, format: &str| Format::of_item(&json!({"type": kind, "format": format}));
    check([
        (of("boolean", "0.0"), json!(true), "1.0"),
        (of("date", "mmm yyyy"), json!("2024-05-15"), "May 2024"),
        (of("string", "@\"!\""), json!("abc"), "abc!"),
    ]);
}

#[test]
fn what_is_no_expression_is_ignored() {
    let invalid = [
        "abc",
        "0\"",
        "0\\",
        "[unknown]0",
        "[>x]0",
        "0;0;0;0;0",
        "E+",
        "0E+",
        "0E+0E+0",
        "yyyy0",
        "@0",
        "[",
        "0_",
        "0*",
        "",
    ];
    let long = "0".repeat(256);
    for format in invalid.into_iter().chain([long.as_str()]) {
        assert_eq!(
            expression(format).text(&json!(1234.5678)),
            "1,234.568",
            "{format}"
        );
    }
}

#[test]
fn digits_are_never_lost() {
    check([
        (
            Format::default(),
            json!("9007199254740993"),
            "9,007,199,254,740,993",
        ),
        (
            Format::default(),
            json!(9007199254740993_i64),
            "9,007,199,254,740,993",
        ),
        (
            Format::default(),
            json!("123456789012345678901234567890.125"),
            "123,456,789,012,345,678,901,234,567,890.125",
        ),
        (
            number(json!({"type": "number", "round": 5})),
            json!("0.123455000000000000001"),
            "0.12346",
        ),
        (
            expression("#,##0.00"),
            json!("9007199254740993.125"),
            "9,007,199,254,740,993.13",
        ),
        (expression("0"), json!(u64::MAX), "18446744073709551615"),
        (
            number(json!({"type": "percent", "round": 3})),
            json!("0.07"),
            "7.000%",
        ),
    ]);
}

#[test]
fn formats_become_number_formats_of_spreadsheets() {
    let of = |kind: &str, more: Value| number(merged(json!({"type": kind}), more)).expression();
    let rows = [
        (of("percent", json!({})), "#,##0.00%"),
        (of("percent", json!({"round": 0})), "#,##0%"),
        (of("percent", json!({"compact": "thousands"})), "#,##0.00%"),
        (of("currency", json!({"currency": "USD"})), "[$$]#,##0.00"),
        (of("currency", json!({"currency": "JPY"})), "[$¥]#,##0"),
        (
            of(
                "currency",
                json!({"currency": "CHF", "compact": "millions", "round": 1}),
            ),
            "[$CHF ]#,##0.0,,\"M\"",
        ),
        (of("number", json!({})), "#,##0.000"),
        (
            of("number", json!({"separator": "noSeparatorPeriod"})),
            "0.000",
        ),
        (
            of("number", json!({"separator": "periodComma"})),
            "#,##0.000",
        ),
        (of("number", json!({"round": -2})), "#,##0"),
        (
            of(
                "number",
                json!({"prefix": "a", "suffix": "b", "compact": "thousands", "round": 0}),
            ),
            "\"a\"#,##0,\"K\"\"b\"",
        ),
        (of("bytes_si", json!({"compact": "MB"})), "#,##0.00,,\"MB\""),
        (
            of("bytes_iec", json!({"compact": "MiB", "round": 1})),
            "#,##0.0\"MiB\"",
        ),
        (of("custom", json!({"custom": "0.0"})), "0.0"),
    ];
    for (found, expected) in rows {
        assert_eq!(found.as_deref(), Some(expected));
    }
    for kind in ["default", "id", "date", "timestamp", "custom"] {
        assert_eq!(of(kind, json!({})), None);
    }
    assert_eq!(of("custom", json!({"custom": ""})), None);
    assert_eq!(expression("0.0%").expression().as_deref(), Some("0.0%"));
    assert_eq!(
        expression("usd").expression().as_deref(),
        Some("[$$]#,##0.00")
    );
    assert_eq!(Format::default().expression(), None);
    assert_eq!(dimension("number", None).expression(), None);
    assert_eq!(dimension("date", None).expression(), None);
}

#[test]
fn quotes_in_a_prefix_are_escaped() {
    let format = number(json!({"type": "number", "prefix": "5\" \"", "suffix": "\"", "round": 0}));
    let written = format.expression().unwrap();
    assert_eq!(written, "\"5\"\\\"\" \"\\\"#,##0\\\"");
    assert_eq!(expression(&written).text(&json!(1234)), "5\" \"1,234\"");
    assert_eq!(format.text(&json!(1234)), "5\" \"1,234\"");
}

#[test]
fn number_formats_of_spreadsheets_show_the_same_text_where_the_decimals_are_set() {
    let formats = [
        json!({"type": "percent", "round": 1}),
        json!({"type": "currency", "currency": "CHF", "compact": "millions", "round": 1}),
        json!({"type": "currency", "currency": "JPY"}),
        json!({"type": "number", "prefix": "a", "suffix": "b", "compact": "thousands", "round": 0}),
        json!({"type": "bytes_si", "compact": "MB", "round": 2}),
        json!({"type": "bytes_iec", "compact": "MiB", "round": 1}),
    ];
    for options in formats {
        let format = number(options);
        let spreadsheet = expression(&format.expression().unwrap());
        for value in [
            json!(1234567.891),
            json!(0),
            json!(0.25),
            json!("99999999999.5"),
        ] {
            assert_eq!(spreadsheet.text(&value), format.text(&value));
        }
    }
}

#[test]
fn cells_of_spreadsheets_are_numbers_dates_or_text() {
    let rows = [
        (dimension("string", None), Cells::Text),
        (dimension("boolean", None), Cells::Text),
        (dimension("number", None), Cells::Number),
        (dimension("date", None), Cells::Date),
        (dimension("timestamp", None), Cells::Date),
        (expression("0.0"), Cells::Number),
        (expression("yyyy"), Cells::Date),
        (Format::default(), Cells::Number),
    ];
    for (format, cells) in rows {
        assert_eq!(format.cells(), cells);
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "-?[0-9]{0,40}\\.?[0-9]{0,40}(e-?[0-9]{1,4})?".prop_map(Value::from),
        "[0-9]{4}-[0-1][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{0,12})?)?(Z|[+-][0-9:]{2,5})?)?"
            .prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::from),
    ]
}

fn expressions() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0#?,.%@/Ee+\\-;ymdhsAPM \"\\\\_*\\[\\]<>=$éG1-9]{0,20}",
        "[0#?]{1,4}(,[0#?]{3})?(\\.[0#?]{0,20})?,{0,3}%?(E[+-][0#?]{1,4})?( [0#?]{1,9}/[0#?1-9]{1,9})?(\"[KMGTP]iB\")?",
        "(\\[(red|>=-?[0-9.]{1,3}|\\$€-1)\\])?(0|#|General|@|yyyy|h:mm)(;(0|#,|@|General|mmm)){0,4}",
    ]
}

fn items() -> impl Strategy<Value = Value> {
    let kinds = [
        "string",
        "number",
        "date",
        "timestamp",
        "boolean",
        "max",
        "sum",
        "sql",
        "bin",
    ];
    let types = [
        "default",
        "percent",
        "currency",
        "number",
        "id",
        "date",
        "timestamp",
        "bytes_si",
        "bytes_iec",
        "custom",
    ];
    let units = ["K", "millions", "PB", "PiB", "KiB", "none"];
    let separators = ["default", "spacePeriod", "periodComma", "noSeparatorPeriod"];
    let codes = ["USD", "JPY", "CHF", "", "é"];
    let intervals = ["YEAR", "QUARTER", "HOUR", "MINUTE", "SECOND", "YEAR_NUM"];
    let options = (
        prop::sample::select(types.to_vec()), any::<Option<i64>>(), -8..30_i64, prop::sample::select(units.to_vec()),
        prop::sample::select(separators.to_vec()), prop::sample::select(codes.to_vec()), expressions(),
    )
        .prop_map(|(kind, wild, round, unit, separator, code, custom)| {
            json!({"type": kind, "round": wild.unwrap_or(round), "compact": unit, "separator": separator, "currency": code,
                   "prefix": custom, "custom": custom})
        });
    let format = prop_oneof![
        expressions(),
        prop::sample::select(vec!["usd", "km", "percent"]).prop_map(str::to_owned)
    ];
    (
        prop::sample::select(kinds.to_vec()),
        options,
        any::<bool>(),
        format,
        any::<bool>(),
        prop::sample::select(intervals.to_vec()),
    )
        .prop_map(
            |(kind, options, with_options, format, with_format, interval)| {
                let mut item =
                    json!({"type": kind, "timeInterval": interval, "round": options["round"]});
                if with_options {
                    item["formatOptions"] = options;
                }
                if with_format {
                    item["format"] = json!(format);
                }
                item
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_value_with_any_format_has_a_text(item in items(), value in values()) {
        let format = Format::of_item(&item);
        let text = format.text(&value);
        prop_assert!(value.is_null() == (text == NULL) || value == json!(NULL), "{text}");
        prop_assert!(text != "-0");
        let _ = (format.expression(), format.cells());
    }

    #[test]
    fn what_is_no_field_has_a_format_too(item in values(), value in values()) {
        let _ = Format::of_item(&item).text(&value);
    }

    #[test]
    fn any_expression_shows_any_value(format in expressions(), value in values()) {
        let _ = expression(&format).text(&value);
    }

    #[test]
    fn a_decimal_keeps_its_digits(whole in "[1-9][0-9]{0,40}", decimals in "[0-9]{0,19}[1-9]", minus in any::<bool>()) {
        let sign = if minus { "-" } else { "" };
        let value = json!(format!("{sign}{whole}.{decimals}"));
        let round = decimals.len();
        let format = number(json!({"type": "number", "round": round, "separator": "noSeparatorPeriod"}));
        prop_assert_eq!(json!(format.text(&value)), value.clone());
        let places = "0".repeat(round);
        prop_assert_eq!(json!(expression(&format!("0.{places}")).text(&value)), value.clone());
        let grouped = expression(&format!("#,##0.{places}")).text(&value);
        let with_commas = number(json!({"type": "number", "round": round})).text(&value);
        prop_assert_eq!(&grouped, &with_commas);
        prop_assert_eq!(json!(grouped.replace(',', "")), value);
    }

    #[test]
    fn a_whole_number_has_a_comma_every_three_digits(value in any::<i64>()) {
        let text = Format::default().text(&json!(value));
        prop_assert_eq!(text.replace(',', ""), value.to_string());
        let groups: Vec<&str> = text.trim_start_matches('-').split(',').collect();
        prop_assert!(groups[1..].iter().all(|group| group.len() == 3) && (1..=3).contains(&groups[0].len()));
    }

    #[test]
    fn rounding_is_that_of_the_standard_library_where_nothing_is_halfway(value in -1e9..1e9_f64, round in 0..4_usize) {
        let shown = format!("{value}");
        let digits = shown.split_once('.').map_or("", |(_, decimals)| decimals);
        let rest = digits.get(round..).unwrap_or_default();
        prop_assume!(!rest.is_empty() && rest != "5");
        let format = number(json!({"type": "number", "round": round, "separator": "noSeparatorPeriod"}));
        let expected = format!("{value:.round$}");
        let zero = expected.trim_start_matches('-').bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let expected = if zero { expected.trim_start_matches('-') } else { &expected };
        prop_assert_eq!(format.text(&json!(value)), expected);
    }
}
