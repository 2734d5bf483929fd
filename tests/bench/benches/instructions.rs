//! The instructions of each case, by gungraun on callgrind: `cargo bench -p users-bench --bench instructions`.
//!
//! It needs valgrind, and `gungraun-runner` of the version of gungraun in `Cargo.lock`. Without one of them it says so and ends.

use gungraun::{library_benchmark, library_benchmark_group};
use std::process::{Command, Stdio};
use users_bench::{Run, prepared};

/// Runs once before the count, as a program does that makes many calls.
fn warm(name: &'static str) -> Run {
    let mut run = prepared(name);
    run();
    run
}

// The names of `CASES`: the macro needs each as an identifier to print it.
#[library_benchmark(setup = warm)]
#[bench::decode_user("decode_user")]
#[bench::decode_page("decode_page")]
#[bench::decode_roles("decode_roles")]
#[bench::decode_sessions("decode_sessions")]
#[bench::decode_log_events("decode_log_events")]
#[bench::decode_identities("decode_identities")]
#[bench::decode_authentication_methods("decode_authentication_methods")]
#[bench::decode_organizations("decode_organizations")]
#[bench::decode_connections("decode_connections")]
#[bench::decode_job("decode_job")]
#[bench::decode_user_info("decode_user_info")]
#[bench::decode_token("decode_token")]
#[bench::decode_error("decode_error")]
#[bench::encode_new_user("encode_new_user")]
#[bench::encode_user_update("encode_user_update")]
#[bench::encode_new_role("encode_new_role")]
#[bench::encode_link("encode_link")]
#[bench::encode_import("encode_import")]
#[bench::query("query")]
#[bench::call_get("call_get")]
#[bench::call_create("call_create")]
#[bench::call_delete("call_delete")]
#[bench::paging("paging")]
#[bench::search_email("search_email")]
#[bench::search_prefix("search_prefix")]
#[bench::search_range("search_range")]
#[bench::search_metadata("search_metadata")]
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
