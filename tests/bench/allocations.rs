//! Allocations per call, counted by the allocator.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use users_bench::CASES;
use users_bench::Outcome;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The cases that are counted: decoding, and calls in process.
const COUNTED: [&str; 8] = [
    "decode_user",
    "decode_page",
    "decode_error",
    "encode_new_user",
    "encode_user_update",
    "call_get",
    "call_create",
    "call_delete",
];
const CALLS: usize = 1000;

/// What a call costs on average.
#[derive(Clone, Copy, Debug)]
pub struct PerCall {
    /// Allocations and reallocations.
    pub allocations: f64,
    pub bytes: f64,
}

/// Counts what a call allocates, after one that is not counted.
pub fn count(calls: usize, mut call: impl FnMut()) -> PerCall {
    call();
    let region = Region::new(ALLOCATOR);
    for _ in 0..calls {
        call();
    }
    let change = region.change();
    #[allow(clippy::cast_precision_loss)]
    let per_call = |count: usize| count as f64 / calls.max(1) as f64;
    PerCall {
        allocations: per_call(change.allocations + change.reallocations),
        bytes: per_call(change.bytes_allocated),
    }
}

/// Prints a table in Markdown.
pub fn print() -> Outcome<()> {
    println!("| case | allocations | bytes |\n|---|---:|---:|");
    for name in COUNTED {
        let case = CASES.iter().find(|case| case.name == name).ok_or_else(|| format!("no case {name}"))?;
        let mut run = (case.prepare)()?;
        let PerCall { allocations, bytes } = count(CALLS, &mut run);
        println!("| {name} | {allocations:.1} | {bytes:.0} |");
    }
    Ok(())
}
