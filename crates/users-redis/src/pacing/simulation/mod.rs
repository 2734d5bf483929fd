//! Processes that share a pace, on a virtual clock. The worker and the script are the real ones; the script runs in a real Redis
//! server, which is given the virtual time. `USERS_SEED` selects another course.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod run;
mod scenario;
mod script;
mod store;

use run::run;
use scenario::Scenario;
use users_tests_redis::RedisServer;

/// Prints the figures of these scenarios, and fails with those that miss their targets.
fn check(scenarios: &[Scenario]) {
    let Some(server) = RedisServer::start() else { return };
    let seed = std::env::var("USERS_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut missed = Vec::new();
    for scenario in scenarios {
        let row = run(scenario, &server, seed);
        println!(
            "{:<48} used {:.3}  429 {:>5.2} %  least share {:.2}  exchanges per request {:>5.2}  failed {}",
            scenario.name, row.used, row.limited, row.share, row.exchanges, row.failed
        );
        let target = scenario.target;
        let is_met = row.used >= target.used && row.limited <= target.limited && row.share >= target.share;
        if !is_met || row.failed > 0 {
            missed.push(scenario.name);
        }
    }
    assert_eq!(missed, [""; 0], "the figures are printed above");
}

#[test]
fn processes_share_the_allowance_of_a_tier_evenly() {
    check(&scenario::tiers());
}

#[test]
fn other_programs_and_other_buckets_are_recognized_from_responses() {
    check(&scenario::tenants());
}

#[test]
fn processes_that_are_killed_and_failures_of_redis_cost_little() {
    check(&scenario::failures());
}

#[test]
fn processes_far_from_redis_use_the_allowance_as_well() {
    check(&scenario::regions());
}

#[test]
#[ignore = "it takes minutes: cargo xtask long"]
fn thousands_of_processes_share_a_few_requests_per_second() {
    check(&scenario::thousands());
}
