//! Processes that share a pace, in real time: real processes, a real Redis server, and a tenant over HTTP whose time runs ten times
//! as fast. The tenant's log is what counts, so requests of processes that were killed count as well.
//!
//! A small version of each story runs by default. With `USERS_REDIS=long` all scenarios run, and `USERS_SCENARIO` selects those
//! whose name contains it.

mod figures;
mod process;
mod runtimes;
mod scenario;
mod tenant;

use crate::support::alone;
use scenario::{Event, Scenario, Target};
use std::time::Duration;
use users_mock::{Bucket, Limits};
use users_tests_redis::RedisServer;

fn is_long() -> bool {
    std::env::var_os("USERS_REDIS").is_some_and(|value| value == "long")
}

/// Runs the scenarios and prints a line for each.
fn run(short: Vec<Scenario>, long: impl FnOnce() -> Vec<Scenario>) {
    let _alone = alone();
    let Some(mut redis) = RedisServer::start() else { return };
    let only = std::env::var("USERS_SCENARIO").unwrap_or_default();
    let scenarios = if is_long() { long() } else { short };
    let mut missed = Vec::new();
    for scenario in scenarios.iter().filter(|scenario| scenario.name.contains(&only)) {
        let figures = scenario.run(&mut redis);
        println!("{:<48} {figures}", scenario.name);
        let of_scenario = figures.missed(scenario);
        if !of_scenario.is_empty() {
            println!("{:<48} missed: {}", "", of_scenario.join(", "));
            missed.push(format!("{}: {}", scenario.name, of_scenario.join(", ")));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// The first seconds are a greater part of a short run, in which the rate is not known yet, and on a loaded machine a process may
/// not be scheduled for a tenth of a second.
fn short_target() -> Target {
    Target { used: 0.9, limited: 2.0, share: 0.7, recovered: 0.8, recovered_share: 0.6, ..Target::full() }
}

#[test]
fn processes_share_the_allowance_evenly_and_do_not_exceed_it() {
    let short = Scenario {
        seconds: 7.0,
        target: short_target(),
        ..Scenario::enterprise("enterprise, 4 processes", 4)
    };
    run(vec![short], || {
        let steps = Target { limited: 1.5, ..Target::full() };
        let third = Scenario::enterprise("enterprise, 8 processes, a third is foreign", 8);
        let lives = Target { share: 0.0, ..Target::full() };
        let adaptive = |scenario| Scenario { is_shared: false, target: Target::none(), ..scenario };
        vec![
            Scenario::enterprise("enterprise, 2 processes", 2),
            Scenario::enterprise("enterprise, 8 processes", 8),
            Scenario::enterprise("enterprise, 64 processes", 64),
            Scenario::essentials("essentials, 2 processes", 2),
            Scenario::essentials("essentials, 8 processes", 8),
            Scenario { seconds: 60.0, ..Scenario::essentials("essentials, 64 processes", 64) },
            Scenario {
                limits: Limits::none().global(Bucket::per_second(50, 16).windowed()),
                per_second: 16.0,
                step: 1.0,
                seconds: 60.0,
                target: steps.clone(),
                ..Scenario::enterprise("enterprise × 1, steps of a second, 8 processes", 8)
            },
            Scenario {
                limits: Limits::none().delete(Bucket::per_minute(200, 200).windowed()),
                burst: 200.0,
                per_second: 200.0 / 60.0,
                step: 60.0,
                seconds: 170.0,
                target: steps,
                ..Scenario::essentials("essentials × 1, steps of a minute, 8 processes", 8)
            },
            Scenario { foreign: third.per_second / 3.0, ..third },
            Scenario {
                callers: 2,
                life: Some(Duration::from_secs(2)),
                target: lives,
                ..Scenario::enterprise("enterprise, 200 processes of 2 s", 200)
            },
            adaptive(Scenario::enterprise("enterprise, 8 processes without sharing", 8)),
            adaptive(Scenario::enterprise("enterprise, 64 processes without sharing", 64)),
        ]
    });
}

#[test]
fn the_permits_of_a_killed_process_are_available_to_the_others() {
    let killed = |name, processes: usize, seconds: u16| Scenario {
        seconds: seconds.into(),
        events: (1..seconds)
            .map(|second| (second.into(), Event::KillProcess(usize::from(second) % processes)))
            .collect(),
        ..Scenario::enterprise(name, processes)
    };
    let short = Scenario {
        target: short_target(),
        ..killed("enterprise, 4 processes, one killed each second", 4, 7)
    };
    run(vec![short], || vec![killed("enterprise, 8 processes, one killed each second", 8, 30)]);
}

#[test]
fn no_call_fails_while_redis_is_away_and_the_pace_is_shared_again_when_it_is_back() {
    let restarted = |name, processes, from| Scenario {
        seconds: from + 13.0,
        events: vec![(from, Event::KillRedis), (from + 3.0, Event::RestartRedis)],
        target: Target { used: 0.9, ..Target::full() },
        ..Scenario::enterprise(name, processes)
    };
    // By then the refill rate has been measured.
    let short = Scenario {
        seconds: 18.0,
        target: Target { used: 0.7, ..short_target() },
        ..restarted("enterprise, 4 processes, Redis restarted", 4, 8.0)
    };
    run(vec![short], || {
        let with = |name, seconds, events| Scenario { seconds, events, ..restarted(name, 8, 10.0) };
        vec![
            restarted("enterprise, 8 processes, Redis restarted", 8, 10.0),
            with(
                "enterprise, 8 processes, Redis paused for 10 s",
                31.0,
                vec![(10.0, Event::PauseRedis(Duration::from_secs(10)))],
            ),
            with("enterprise, 8 processes, Redis flushed", 21.0, vec![(10.0, Event::FlushRedis)]),
            with(
                "enterprise, 8 processes, Redis stopped for 5 s",
                26.0,
                vec![(10.0, Event::StopRedis), (15.0, Event::ContinueRedis)],
            ),
        ]
    });
}
