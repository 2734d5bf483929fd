//! The time of each case, by criterion: `cargo bench -p users-bench --bench time`.

use criterion::{Criterion, criterion_group, criterion_main};
use users_bench::{CASES, prepared};

fn cases(criterion: &mut Criterion) {
    for case in CASES {
        // The closure runs only if no filter excludes the case, and preparing a search takes long.
        criterion.bench_function(case.name, |bencher| {
            let mut run = prepared(case.name);
            bencher.iter(&mut run);
        });
    }
}

criterion_group!(benches, cases);
criterion_main!(benches);
