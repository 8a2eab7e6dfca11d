//! What the text of one value costs: `cargo bench -p semantic --bench format`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use semantic::format::Format;
use serde_json::{Value, json};

fn formats(c: &mut Criterion) {
    let number =
        |options: Value| Format::of_item(&json!({"type": "sum", "formatOptions": options}));
    let of = |kind: &str, format: &str| Format::of_item(&json!({"type": kind, "format": format}));
    let usd = json!({"type": "currency", "currency": "USD"});
    let units = json!({"type": "number", "compact": "millions", "round": 2, "suffix": " u"});
    let cases = [
        (
            "number with separators",
            Format::default(),
            json!(1234567.891),
        ),
        ("whole number", Format::default(), json!(1234567)),
        ("decimal text", Format::default(), json!("1234567.891")),
        ("currency", number(usd), json!(1234567.891)),
        ("unit and suffix", number(units), json!(1234567.891)),
        (
            "kibibytes",
            number(json!({"type": "bytes_iec", "compact": "KiB"})),
            json!(1234567),
        ),
        ("text", of("string", ""), json!("completed")),
        ("date", of("date", ""), json!("2024-05-15")),
        (
            "timestamp",
            of("timestamp", ""),
            json!("2024-05-15T14:35:50.123Z"),
        ),
        ("expression", of("number", "#,##0.00"), json!(1234567.891)),
        (
            "date expression",
            of("date", "mmm d, yyyy"),
            json!("2024-05-15"),
        ),
    ];
    let mut group = c.benchmark_group("format");
    for (name, format, value) in cases {
        let mut out = String::with_capacity(64);
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                format.write(black_box(&value), &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, formats);
criterion_main!(benches);
