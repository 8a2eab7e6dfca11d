//! What a model costs on its way to an explore: `cargo bench -p semantic --bench model`.

#![allow(clippy::expect_used)]

mod synthetic;

use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use semantic::Dialect;
use semantic::model::{Project, ProjectSettings, SpotlightSettings};
use synthetic::synthetic_manifest;

fn settings() -> ProjectSettings {
    ProjectSettings {
        dialect: Dialect::Postgres,
        start_of_week: None,
        spotlight: SpotlightSettings::default(),
        now: DateTime::<Utc>::UNIX_EPOCH,
    }
}

fn benches(criterion: &mut Criterion) {
    let settings = settings();

    // A model of 20 columns, 10 metrics and 2 joins; the models that it joins were read before.
    let manifest = synthetic_manifest(4);
    let project = Project::from_slice(manifest.as_bytes()).expect("a manifest");
    criterion.bench_function("one model with two joins", |bencher| {
        bencher.iter_batched(
            || {
                let mut explores = project.explores(None, &settings);
                (explores.by_ref().take(3).count(), explores).1
            },
            |mut explores| black_box(explores.next()),
            BatchSize::SmallInput,
        );
    });

    let manifest = synthetic_manifest(1_000);
    let project = Project::from_slice(manifest.as_bytes()).expect("a manifest");
    let mut group = criterion.benchmark_group("1,000 models");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(manifest.len() as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| black_box(Project::from_slice(manifest.as_bytes())).expect("a manifest"));
    });
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("compile", |bencher| {
        bencher.iter(|| project.explores(None, &settings).map(black_box).count());
    });
    group.bench_function("compile and write", |bencher| {
        bencher.iter(|| {
            let outcomes = project.explores(None, &settings);
            outcomes
                .map(|outcome| serde_json::to_vec(&outcome.explore).expect("JSON").len())
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(model, benches);
criterion_main!(model);
