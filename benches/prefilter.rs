//! `cargo bench`: the keyword automaton alone, and the whole detector, on source-like text.
//!
//! Input: the rule files of this repository, repeated to 8 MB, which is denser in keywords than any source tree; and
//! text without keywords, the bound from above. Criterion reports bytes per second on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use muzzle::detect::Detector;
use muzzle::rules::RuleSet;

const SIZE: usize = 8 << 20;

fn repeated(text: &[u8]) -> Vec<u8> {
    text.iter().copied().cycle().take(SIZE).collect()
}

fn dense() -> Vec<u8> {
    let mut text = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"))
        .expect("the rules are part of the source tree")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    for file in files {
        text.extend(std::fs::read(file).expect("readable"));
    }
    repeated(&text)
}

fn detector(criterion: &mut Criterion) {
    let detector = Detector::new(RuleSet::embedded().expect("embedded rules load")).expect("builds");
    let mut scratch = detector.scratch();
    let mut group = criterion.benchmark_group("detector");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(10);
    for (name, text) in [("rule files", dense()), ("no keywords", repeated(b"let x = y + 1;\n"))] {
        group.bench_function(name, |b| b.iter(|| detector.scan(black_box(&text), &mut scratch).len()));
    }
    group.finish();
}

criterion_group!(benches, detector);
criterion_main!(benches);
