//! The limit of the operator, below that of the tenant.

use crate::support::{Ended, World};
use std::process::Stdio;
use std::time::Duration;
use users_hyper::{Clock as _, SystemClock};

/// The shortest time in which `--max-rate 20` allows this many requests.
fn shortest(requests: usize) -> Duration {
    Duration::from_millis(50) * u32::try_from(requests.saturating_sub(20)).unwrap()
}

#[test]
fn a_run_sends_no_more_requests_per_second_than_max_rate() {
    let world = World::new(40);
    let arguments = ["block", "--yes", "--max-rate", "20", "--query", "user_id:*"];
    let mut command = world.command(&arguments);
    let clock = SystemClock::new();
    let began = clock.now();
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = Vec::new();
    while process.try_wait().unwrap().is_none() {
        let sent = world.tenant.requests().len();
        log.push((clock.now().saturating_since(began), sent));
        world.wait(clock.sleep(Duration::from_millis(5)));
    }
    Ended::from(process.wait_with_output().unwrap()).assert(0, &["blocked 40 of 40 users"]);
    log.push((clock.now().saturating_since(began), world.tenant.requests().len()));
    for (after, sent) in log {
        assert!(after >= shortest(sent), "{sent} requests after {after:?}");
    }
    assert_eq!(world.blocked(), 40);
}

#[test]
fn every_command_keeps_to_max_rate_and_a_dry_run_counts_with_it() {
    let world = World::new(120);
    let clock = SystemClock::new();
    let began = clock.now();
    // Two pages, of which the first is sent at once.
    world.run(&["list", "--limit", "120", "--max-rate", "2.5"]).assert(0, &[]);
    world.run(&["--max-rate", "1", "list", "--limit", "120"]).assert(0, &[]);
    let elapsed = clock.now().saturating_since(began);
    assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
    let dry = ["block", "-n", "--max-rate", "0.5", "auth0|1", "auth0|2", "auth0|3"];
    world.run(&dry).assert(0, &["about 6 s at 0.5 requests per second"]);
}

#[test]
fn a_max_rate_that_is_not_above_zero_is_wrong_usage() {
    let world = World::new(1);
    for wrong in ["0", "-0.0", "-1", "NaN", "inf", "-inf", "many", ""] {
        let with = format!("--max-rate={wrong}");
        world.run(&["list", &with]).assert(2, &["--max-rate"]);
    }
    world.run(&["list", "--max-rate", "-1"]).assert(2, &["--max-rate", "above zero"]);
    assert!(world.tenant.requests().is_empty());
}
