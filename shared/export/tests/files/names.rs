use chrono::{DateTime, Utc};
use export::{File, content_disposition, sanitise};
use proptest::prelude::*;

#[test]
fn names_are_what_file_systems_take() {
    let cases = [
        ("My: Chart/1", "My_ Chart_1"),
        ("a/\\:*?\"<>|b", "a_b"),
        ("a__b", "a_b"),
        (" . Orders . ", "Orders"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("tab\there\n\u{0}", "tabhere"),
        ("données 日本", "données 日本"),
        ("", "download"),
        (" ... ", "download"),
        ("/", "_"),
    ];
    for (name, wanted) in cases {
        assert_eq!(sanitise(name), wanted, "{name:?}");
    }
    assert_eq!(sanitise(&"é".repeat(200)), "é".repeat(90));
}

#[test]
fn files_are_named_after_what_they_hold_and_when() {
    let now: DateTime<Utc> = "2024-05-15T14:35:50.123Z".parse().unwrap();
    let cases = [
        (
            File::Csv,
            false,
            "csv-My_ Chart_1-2024-05-15-14-35-50-1230.csv",
        ),
        (
            File::Csv,
            true,
            "csv-incomplete_results-My_ Chart_1-2024-05-15-14-35-50-1230.csv",
        ),
        (
            File::Xlsx,
            false,
            "xlsx-My_ Chart_1-2024-05-15-14-35-50-1230.xlsx",
        ),
        (
            File::Jsonl,
            false,
            "jsonl-My_ Chart_1-2024-05-15-14-35-50-1230.jsonl",
        ),
    ];
    for (file, truncated, wanted) in cases {
        assert_eq!(file.name("My: Chart/1", truncated, now), wanted);
        assert!(file.content_type().contains('/'));
    }
}

#[test]
fn a_download_has_its_name_in_ascii_and_in_utf_8() {
    let cases = [
        (
            "orders.csv",
            r#"filename="orders.csv"; filename*=UTF-8''orders.csv"#,
        ),
        (
            "données.csv",
            r#"filename="donnes.csv"; filename*=UTF-8''donn%C3%A9es.csv"#,
        ),
        (
            "日本.csv",
            r#"filename="download.csv"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.csv"#,
        ),
        (
            r#"a"b\c'd e.csv"#,
            r#"filename="abc'd e.csv"; filename*=UTF-8''a%22b%5Cc%27d%20e.csv"#,
        ),
        (
            "a\r\nSet-Cookie: x.csv",
            r#"filename="aSet-Cookie: x.csv"; filename*=UTF-8''aSet-Cookie%3A%20x.csv"#,
        ),
    ];
    for (name, wanted) in cases {
        assert_eq!(content_disposition(name), format!("attachment; {wanted}"));
    }
}

proptest! {
    #[test]
    fn any_name_makes_a_header_and_a_file(name in any::<String>()) {
        let header = content_disposition(&name);
        prop_assert!(header.bytes().all(|byte| (b' '..0x7f).contains(&byte)), "{:?}", header);
        prop_assert_eq!(header.matches('"').count(), 2);
        let clean = sanitise(&name);
        prop_assert!(!clean.is_empty() && clean.len() <= 180);
        prop_assert!(!clean.contains(['/', '\\', '\0', '\n']) && clean != "." && clean != "..");
    }
}
