//! `bench delete`: what the client itself costs, for use under callgrind.
//!
//! Run it with two numbers of calls; the difference of the totals is that of the calls.

use crate::allocations::{PerCall, count};
use users_bench::Outcome;
use users_bench::client::Client;

/// Deletes a user `calls` times with a static token and every other default.
pub fn delete(calls: usize) -> Outcome<PerCall> {
    let client = Client::responding_with_no_content()?;
    Ok(count(calls, || client.delete()))
}
