//! Canonical JSON beside `serde_json::to_vec` on the same values.
//!
//! * `manifest`: a manifest and a config schema, what crosses to a host at a start.
//! * `records`: a list of small objects with texts and integers.
//! * `numbers`: a list of floats and integers.
//! * `text`: one long text.
//! * `unsorted`: a struct whose fields are not in order, so that they have to be sorted.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dagstack_plugin::canonical_json;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Record {
    title: String,
    id: u64,
    score: f64,
    body: String,
    active: bool,
}

fn values() -> Vec<(&'static str, Value)> {
    let schema = Value::Object(dagstack_plugin::schema::input::<
        dagstack_tests::secretive::Config,
    >());
    let manifest = json!({
        "kind": "chunker", "name": "fixed", "core_version": ">=0.1.0", "priority": 50,
        "capabilities": ["text"], "config_schema": schema,
    });
    let record = |id: u64| {
        json!({
            "id": id, "title": format!("record {id}"), "tags": ["a", "b"], "active": id.is_multiple_of(2),
            "body": "The quick brown fox jumps over the lazy dog.\nAnd once more.",
        })
    };
    let records: Value = (0..200).map(record).collect();
    let numbers: Value = (0..1000)
        .map(|n| match n % 2 {
            0 => json!(n * 12_345),
            _ => json!(f64::from(n) / 7.0),
        })
        .collect();
    let text = json!("The quick brown \"fox\" jumps over the lazy dog. ".repeat(500));
    vec![
        ("manifest", manifest),
        ("records", records),
        ("numbers", numbers),
        ("text", text),
    ]
}

fn pair<T: Serialize>(criterion: &mut Criterion, name: &str, value: &T) {
    let mut group = criterion.benchmark_group(format!("canonical_json {name}"));
    let size = serde_json::to_vec(value).map_or(0, |text| text.len());
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function("serde_json", |b| {
        b.iter(|| serde_json::to_vec(black_box(value)));
    });
    group.bench_function("canonical", |b| {
        b.iter(|| canonical_json::to_vec(black_box(value)));
    });
    group.finish();
}

fn compare(criterion: &mut Criterion) {
    for (name, value) in values() {
        pair(criterion, name, &value);
    }
    let unsorted: Vec<Record> = (0..200)
        .map(|id| Record {
            title: format!("record {id}"),
            id,
            score: 0.5,
            body: "The quick brown fox jumps over the lazy dog.".to_owned(),
            active: true,
        })
        .collect();
    pair(criterion, "unsorted", &unsorted);
}

criterion_group!(benches, compare);
criterion_main!(benches);
