//! The instructions of each case, by gungraun on callgrind: `cargo bench -p users-bench --bench instructions`.
//!
//! It needs valgrind, and `gungraun-runner` of the version of gungraun in `Cargo.lock`. Without one of them it says so and ends.

use gungraun::{library_benchmark, library_benchmark_group};
use std::process::{Command, Stdio};
use users_bench::{CASES, Run, prepared};

fn names() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

/// Runs once before the count, as a program does that makes many calls.
fn warm(name: &'static str) -> Run {
    let mut run = prepared(name);
    run();
    run
}

#[library_benchmark]
#[benches::case(iter = names(), setup = warm)]
fn run(mut case: Run) -> Run {
    case();
    case
}

library_benchmark_group!(name = cases, benchmarks = run);

fn main() {
    match std::env::args().nth(1).as_deref() {
        // The runner starts this program again under valgrind.
        Some("--gungraun-run") => counted(),
        Some("--bench") => match missing() {
            Some(tool) => println!("no instructions are counted: {tool} is not installed"),
            None => counted(),
        },
        // `cargo test` runs every target.
        _ => println!("no instructions are counted: use cargo bench"),
    }
}

/// The first tool that is missing.
fn missing() -> Option<&'static str> {
    let runner = option_env!("GUNGRAUN_RUNNER").unwrap_or("gungraun-runner");
    ["valgrind", runner].into_iter().find(|tool| {
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
    })
}

fn counted() {
    // The macro defines a function `main`.
    gungraun::main!(library_benchmark_groups = cases);
    main();
}
