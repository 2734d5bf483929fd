//! The scenarios, and the figures that they have to reach.

use std::ops::Range;
use std::time::Duration;
use users_mock::{Bucket, Limits};

#[derive(Clone)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) limits: Limits,
    pub(super) allowance: Allowance,
    pub(super) processes: usize,
    /// The calls that each process makes at the same time.
    pub(super) callers: usize,
    pub(super) seconds: u64,
    /// Whether every second call reads; the others delete.
    pub(super) reads: bool,
    /// Whether the processes share a pace; otherwise each learns alone.
    pub(super) shares: bool,
    /// The rate of another program that sends requests at random times, per second.
    pub(super) foreign: f64,
    /// Each process is killed and replaced after this time …
    pub(super) life: Option<Duration>,
    /// … or the first alone.
    pub(super) first_life: Option<Duration>,
    /// The time of an exchange with Redis, each way.
    pub(super) redis_latency: Duration,
    /// When Redis cannot be reached.
    pub(super) outages: Vec<Range<Duration>>,
    /// When Redis loses its data.
    pub(super) flushed: Option<Duration>,
    pub(super) target: Target,
}

/// The requests that the tenant allows.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    pub(super) burst: f64,
    pub(super) per_second: f64,
    /// The seconds between two refills; zero if they are continuous.
    pub(super) step: f64,
}

#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The least part of the allowance.
    pub(super) used: f64,
    /// The most responses with 429, in percent.
    pub(super) limited: f64,
    /// The least part of its share that a process receives.
    pub(super) share: f64,
}

const TARGET: Target = Target { used: 0.97, limited: 0.5, share: 0.8 };
/// Where the tenant refills in steps.
const STEPPED: Target = Target { limited: 1.5, ..TARGET };
/// Where the processes do not live equally long.
const UNEQUAL: Target = Target { share: 0.0, ..TARGET };
const NONE: Target = Target { used: 0.0, limited: 100.0, share: 0.0 };

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn enterprise() -> Scenario {
    Scenario {
        name: "enterprise, 2 processes",
        limits: Limits::enterprise(),
        allowance: Allowance { burst: 50.0, per_second: 16.0, step: 0.0 },
        processes: 2,
        callers: 16,
        seconds: 60,
        reads: false,
        shares: true,
        foreign: 0.0,
        life: None,
        first_life: None,
        redis_latency: Duration::from_micros(500),
        outages: Vec::new(),
        flushed: None,
        target: TARGET,
    }
}

fn enterprise_of(processes: usize) -> Scenario {
    Scenario { processes, callers: 8, ..enterprise() }
}

fn essentials() -> Scenario {
    Scenario {
        name: "essentials, 2 processes",
        limits: Limits::essentials(),
        allowance: Allowance { burst: 20.0, per_second: 200.0 / 60.0, step: 0.0 },
        seconds: 300,
        ..enterprise()
    }
}

/// A bucket that is small for its rate.
fn fast() -> Scenario {
    Scenario {
        limits: Limits::none().global(Bucket::per_second(50, 160)),
        allowance: Allowance { burst: 50.0, per_second: 160.0, step: 0.0 },
        seconds: 30,
        ..enterprise()
    }
}

/// The tiers, by the number of processes.
pub(super) fn tiers() -> Vec<Scenario> {
    let many = Scenario { processes: 64, callers: 4, seconds: 120, ..enterprise() };
    let many_essentials = Scenario { processes: 64, callers: 4, seconds: 600, ..essentials() };
    vec![
        enterprise(),
        Scenario { name: "enterprise, 8 processes", ..enterprise_of(8) },
        Scenario { name: "enterprise, 64 processes", ..many.clone() },
        essentials(),
        Scenario { name: "essentials, 8 processes", processes: 8, callers: 8, ..essentials() },
        Scenario { name: "essentials, 64 processes", ..many_essentials },
        Scenario {
            name: "essentials, reads and deletes, 8 processes",
            // Each read waits for a delete.
            allowance: Allowance { burst: 40.0, per_second: 400.0 / 60.0, step: 0.0 },
            reads: true,
            processes: 8,
            callers: 8,
            ..essentials()
        },
        Scenario {
            name: "free, 4 processes",
            limits: Limits::free(),
            allowance: Allowance { burst: 2.0, per_second: 2.0, step: 0.0 },
            target: Target { used: 0.95, limited: 1.5, share: 0.8 },
            ..enterprise_of(4)
        },
        Scenario {
            name: "enterprise, 8 processes without sharing",
            shares: false,
            target: NONE,
            ..enterprise_of(8)
        },
        Scenario { name: "enterprise, 64 processes without sharing", shares: false, target: NONE, ..many },
    ]
}

/// Other traffic, other buckets.
pub(super) fn tenants() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "enterprise, 8 processes, a third is foreign",
            foreign: 16.0 / 3.0,
            ..enterprise_of(8)
        },
        Scenario {
            name: "enterprise, steps of a second, 8 processes",
            limits: Limits::none().global(Bucket::per_second(50, 16).windowed()),
            allowance: Allowance { burst: 50.0, per_second: 16.0, step: 1.0 },
            target: STEPPED,
            ..enterprise_of(8)
        },
        Scenario {
            name: "steps of a minute, 8 processes",
            limits: Limits::none().delete(Bucket::per_minute(200, 200).windowed()),
            allowance: Allowance { burst: 200.0, per_second: 200.0 / 60.0, step: 60.0 },
            seconds: 290,
            target: STEPPED,
            ..enterprise_of(8)
        },
        Scenario {
            name: "50 and 160 per second, 2 processes",
            target: Target { share: 0.95, ..TARGET },
            ..fast()
        },
        Scenario { name: "50 and 160 per second, 64 processes", processes: 64, callers: 4, ..fast() },
        Scenario {
            name: "no limits, 8 processes",
            limits: Limits::none(),
            seconds: 5,
            target: NONE,
            ..enterprise_of(8)
        },
    ]
}

/// Processes far from Redis.
pub(super) fn regions() -> Vec<Scenario> {
    let redis_latency = Duration::from_millis(75);
    vec![
        Scenario { name: "enterprise, 8 distant processes", redis_latency, ..enterprise_of(8) },
        Scenario {
            name: "enterprise, 64 distant processes",
            redis_latency,
            processes: 64,
            callers: 4,
            seconds: 120,
            ..enterprise()
        },
    ]
}

/// More processes than requests per second.
pub(super) fn thousands() -> Vec<Scenario> {
    let many = |name, processes| Scenario {
        name,
        callers: 1,
        seconds: 120,
        target: UNEQUAL,
        ..enterprise_of(processes)
    };
    vec![many("enterprise, 1000 processes", 1000), many("enterprise, 4000 processes", 4000)]
}

/// Processes that end, and failures of Redis.
pub(super) fn failures() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "enterprise, 200 processes of 2 s",
            callers: 2,
            life: Some(seconds(2)),
            target: UNEQUAL,
            ..enterprise_of(200)
        },
        Scenario {
            name: "enterprise, 8 processes, one killed each second",
            first_life: Some(seconds(1)),
            target: UNEQUAL,
            ..enterprise_of(8)
        },
        Scenario {
            // More than the 2 per second that a pacer assumes at first.
            name: "enterprise, 3 processes, Redis down for 10 s",
            outages: vec![seconds(20)..seconds(30)],
            ..enterprise_of(3)
        },
        Scenario { name: "enterprise, 8 processes, flushed", flushed: Some(seconds(20)), ..enterprise_of(8) },
    ]
}
