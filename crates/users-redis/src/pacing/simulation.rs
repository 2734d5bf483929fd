//! Processes that share a pace, on a virtual clock: the worker and the script are the real ones, and the script runs in a real
//! Redis server, which is given the virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)] // counts are small

use super::acquire::acquire;
use super::shared::Shared;
use super::worker::Worker;
use super::{SCRIPT, new_shared};
use crate::script::Script;
use crate::store::{Evaluate, Unavailable};
use crate::when::WhenUnavailable;
use async_trait::async_trait;
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};
use redis::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::{
    Clock as _, HttpTransport as _, ManagementClient, PaceError, PaceRequest, Pacer, Permit, Retry, Unpaced,
    transport_fn,
};
use users_mock::{Bucket, FaultyTransport, Limits, Tenant, VirtualClock};
use users_tests_redis::RedisServer;

/// A connection to a Redis server whose time is that of a virtual clock.
struct SimulatedStore {
    connection: Arc<Mutex<redis::Connection>>,
    script: redis::Script,
    clock: VirtualClock,
    outages: Vec<(Duration, Duration)>,
    exchanges: Arc<Mutex<usize>>,
}

#[async_trait]
impl Evaluate for SimulatedStore {
    async fn evaluate(
        &self,
        _script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<Value, Unavailable> {
        self.clock.sleep(Duration::from_micros(500)).await;
        let now = self.clock.elapsed();
        if self.outages.iter().any(|(from, to)| *from <= now && now < *to) {
            return Err(Unavailable::new(std::io::Error::other("an outage of the simulation")));
        }
        *self.exchanges.lock().unwrap() += 1;
        let is_traced = std::env::var_os("USERS_TRACE").is_some();
        if is_traced {
            println!("{:.3} > {}", now.as_secs_f64(), String::from_utf8_lossy(arguments[0]));
        }
        let mut invocation = self.script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        invocation.arg(arguments[0]).arg(1e6 + now.as_secs_f64() * 1000.0);
        let answer = invocation.invoke(&mut *self.connection.lock().unwrap());
        if is_traced {
            println!("{:.3} < {answer:?}", now.as_secs_f64());
        }
        let answer = answer.map_err(|error: redis::RedisError| panic!("{error}"));
        self.clock.sleep(Duration::from_micros(500)).await;
        answer
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore").finish_non_exhaustive()
    }
}

/// The pacer of a simulated process. Dropping it without a farewell is its death.
#[derive(Debug)]
struct SimulatedPacer(Arc<Shared>);

#[async_trait]
impl Pacer for SimulatedPacer {
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
        acquire(&self.0, request, WhenUnavailable::Alone).await
    }

    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap) {
        self.0.observe(permit, status, headers);
    }
}

#[derive(Clone)]
enum Pacing {
    Shared,
    /// Each process learns alone.
    Adaptive,
}

#[derive(Clone)]
struct Scenario {
    name: &'static str,
    limits: Limits,
    burst: f64,
    per_second: f64,
    /// The seconds between two refills; zero if they are continuous.
    step: f64,
    processes: usize,
    callers: usize,
    seconds: u64,
    pacing: Pacing,
    /// The rate of another program that sends requests at random.
    foreign: f64,
    /// Each process is replaced after this time.
    life: Option<Duration>,
    /// A process is killed and replaced at this interval.
    killed: Option<Duration>,
    outages: Vec<(Duration, Duration)>,
    flushed: Option<Duration>,
    mixed: bool,
    /// The least part of the allowance, the most percent of 429, and the least part of a share.
    target: (f64, f64, f64),
}

#[derive(Debug)]
struct Row {
    used: f64,
    limited: f64,
    share: f64,
    exchanges: f64,
    worst_second: usize,
    failed: usize,
}

#[derive(Debug)]
struct Counted {
    at: f64,
    process: usize,
    is_limited: bool,
}

const FOREIGN: usize = usize::MAX;

fn run(scenario: &Scenario, server: &RedisServer, seed: u64) -> Row {
    let clock = VirtualClock::with_seed(seed);
    let tenant = Tenant::builder().users(2).limits(scenario.limits.clone()).clock(clock.clone()).build();
    let log: Arc<Mutex<Vec<Counted>>> = Arc::default();
    let mut connection = server.connection();
    redis::cmd("FLUSHALL").query::<()>(&mut connection).unwrap();
    let connection = Arc::new(Mutex::new(connection));
    let exchanges = Arc::default();
    let source = SCRIPT.replace("local time = redis.call('TIME')\n", "");
    let source = source.replace("time[1] * 1000 + time[2] / 1000", "tonumber(ARGV[2])");
    assert!(!source.contains("time["), "the script reads the time elsewhere");
    let start = |process: usize, life: Option<Duration>| {
        let shared = Arc::new(new_shared(Arc::new(clock.clone())));
        let store = SimulatedStore {
            connection: Arc::clone(&connection),
            script: redis::Script::new(&source),
            clock: clock.clone(),
            outages: scenario.outages.clone(),
            exchanges: Arc::clone(&exchanges),
        };
        let keys = ["s", "c", "r", "w", "d"].map(|key| format!("{{simulation}}:{key}")).to_vec();
        let worker =
            Worker { shared: Arc::clone(&shared), store: Arc::new(store), script: Script::new(""), keys };
        let worker = clock.spawn(worker.run());
        let (inner, counting, log) = (tenant.clone(), clock.clone(), Arc::clone(&log));
        let counted = transport_fn(move |request: http::Request<bytes::Bytes>, deadline| {
            let (inner, clock, log) = (inner.clone(), counting.clone(), Arc::clone(&log));
            async move {
                let at = clock.elapsed().as_secs_f64();
                let answer = inner.send(request, deadline).await?;
                let is_limited = answer.status() == StatusCode::TOO_MANY_REQUESTS;
                log.lock().unwrap().push(Counted { at, process, is_limited });
                Ok(answer)
            }
        });
        let latency = Duration::from_millis(20)..=Duration::from_millis(40);
        let builder =
            ManagementClient::builder(FaultyTransport::new(counted, clock.clone()).latency(latency))
                .domain(tenant.domain())
                .clock(clock.clone())
                .token(tenant.management_token());
        let client = match scenario.pacing {
            Pacing::Shared => builder.pacer(SimulatedPacer(shared)),
            Pacing::Adaptive => builder,
        };
        let users = client.build().unwrap().users();
        let end = Duration::from_secs(scenario.seconds);
        let end = life.map_or(end, |life| end.min(clock.elapsed() + life));
        let mixed = scenario.mixed;
        let callers: Vec<_> = (0..scenario.callers)
            .map(|caller| {
                let (users, clock) = (users.clone(), clock.clone());
                clock.clone().spawn(async move {
                    let mut failed = 0;
                    let mut number = caller;
                    while clock.elapsed() < end {
                        number += 1;
                        let id = format!("auth0|{process}-{caller}-{number}");
                        let done = if mixed && number % 2 == 0 {
                            users.get(&id).optional().await.map(drop)
                        } else {
                            users.delete(&id).await
                        };
                        failed += usize::from(done.is_err());
                    }
                    failed
                })
            })
            .collect();
        (worker, callers)
    };
    let failed = clock.block_on(async {
        let processes = (0..scenario.processes).map(|process| {
            let (clock, start) = (clock.clone(), &start);
            async move {
                let mut failed = 0;
                let count = scenario.processes as f64;
                let end = Duration::from_secs(scenario.seconds);
                if let Some(life) = scenario.life {
                    clock.sleep(life.mul_f64(process as f64 / count)).await;
                    while clock.elapsed() < end {
                        let (_worker, callers) = start(process, None);
                        clock.sleep(life).await;
                        drop(callers); // the process ends with its calls
                    }
                    return 0;
                }
                if let Some(killed) = scenario.killed.filter(|_| process == 0) {
                    while clock.elapsed() < end {
                        let (_worker, callers) = start(process, None);
                        clock.sleep(killed).await;
                        drop(callers);
                    }
                    return 0;
                }
                let (_worker, callers) = start(process, None);
                for outcome in join_all(callers).await {
                    failed += outcome;
                }
                failed
            }
        });
        let foreign = async {
            if scenario.foreign > 0.0 {
                let users = ManagementClient::builder(tenant.clone())
                    .domain(tenant.domain())
                    .clock(clock.clone())
                    .token(tenant.management_token())
                    .pacer(Unpaced::new())
                    .retry(Retry::never())
                    .build()
                    .unwrap()
                    .users();
                while clock.elapsed().as_secs() < scenario.seconds {
                    let random = (clock.random() % 1_000_000) as f64 / 1e6;
                    let pause = -(1.0 - random).ln() / scenario.foreign;
                    clock.sleep(Duration::from_secs_f64(pause)).await;
                    let done = users.delete("auth0|foreign").await;
                    let counted = Counted {
                        at: clock.elapsed().as_secs_f64(),
                        process: FOREIGN,
                        is_limited: done.is_err(),
                    };
                    log.lock().unwrap().push(counted);
                }
            }
        };
        let flush = async {
            if let Some(after) = scenario.flushed {
                clock.sleep(after).await;
                let connection = &mut *connection.lock().unwrap();
                redis::cmd("FLUSHALL").query::<()>(connection).unwrap();
                redis::cmd("SCRIPT").arg("FLUSH").query::<()>(connection).unwrap();
            }
        };
        let (failed, (), ()) = futures_util::future::join3(join_all(processes), foreign, flush).await;
        failed.iter().sum()
    });
    let mut log = log.lock().unwrap();
    // The calls that were made before the end.
    log.retain(|counted| counted.at < scenario.seconds as f64);
    sum_up(scenario, &log, failed, *exchanges.lock().unwrap())
}

fn sum_up(scenario: &Scenario, log: &[Counted], failed: usize, exchanges: usize) -> Row {
    let own = || log.iter().filter(|counted| counted.process != FOREIGN);
    let accepted = log.iter().filter(|counted| !counted.is_limited).count() as f64;
    let limited = own().filter(|counted| counted.is_limited).count() as f64;
    let sent = own().count() as f64;
    let end = log.iter().map(|counted| counted.at).fold(0.0, f64::max);
    let refilled = if scenario.step > 0.0 { end - end % scenario.step } else { end };
    let mut shares: BTreeMap<usize, f64> = (0..scenario.processes).map(|process| (process, 0.0)).collect();
    for counted in own().filter(|counted| !counted.is_limited) {
        *shares.get_mut(&counted.process).unwrap() += 1.0;
    }
    if std::env::var_os("USERS_SHARES").is_some() {
        println!("{shares:?}");
        let mut course: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for counted in log {
            let entry = course.entry(counted.at as usize / 5).or_default();
            *(if counted.is_limited { &mut entry.1 } else { &mut entry.0 }) += 1;
        }
        println!("{:?}", course.values().collect::<Vec<_>>());
    }
    let mean = shares.values().sum::<f64>() / shares.len() as f64;
    let least = shares.values().copied().fold(f64::INFINITY, f64::min);
    let mut times: Vec<f64> =
        log.iter().filter(|counted| !counted.is_limited).map(|counted| counted.at).collect();
    times.sort_by(f64::total_cmp);
    let within = |from: usize| times[from..].iter().take_while(|at| **at < times[from] + 1.0).count();
    Row {
        used: accepted / (scenario.burst + scenario.per_second * refilled),
        limited: 100.0 * limited / sent.max(1.0),
        share: least / mean,
        exchanges: exchanges as f64 / sent.max(1.0),
        worst_second: (0..times.len()).map(within).max().unwrap_or(0),
        failed,
    }
}

fn scenarios() -> Vec<Scenario> {
    let enterprise = Scenario {
        name: "enterprise, 2 processes",
        limits: Limits::enterprise(),
        burst: 50.0,
        per_second: 16.0,
        step: 0.0,
        processes: 2,
        callers: 16,
        seconds: 60,
        pacing: Pacing::Shared,
        foreign: 0.0,
        life: None,
        killed: None,
        outages: Vec::new(),
        flushed: None,
        mixed: false,
        target: (0.97, 0.5, 0.8),
    };
    let essentials = Scenario {
        name: "essentials, 2 processes",
        limits: Limits::essentials(),
        burst: 20.0,
        per_second: 200.0 / 60.0,
        seconds: 300,
        ..enterprise.clone()
    };
    let seconds = Duration::from_secs;
    vec![
        enterprise.clone(),
        Scenario { name: "enterprise, 8 processes", processes: 8, callers: 8, ..enterprise.clone() },
        Scenario {
            name: "enterprise, 64 processes",
            processes: 64,
            callers: 4,
            seconds: 120,
            ..enterprise.clone()
        },
        essentials.clone(),
        Scenario { name: "essentials, 8 processes", processes: 8, callers: 8, ..essentials.clone() },
        Scenario {
            name: "essentials, 64 processes",
            processes: 64,
            callers: 4,
            seconds: 600,
            ..essentials.clone()
        },
        Scenario {
            name: "enterprise, 8 processes, a third is foreign",
            processes: 8,
            foreign: 16.0 / 3.0,
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, steps of a second, 8 processes",
            limits: Limits::none().global(Bucket::per_second(50, 16).windowed()),
            step: 1.0,
            processes: 8,
            target: (0.97, 1.5, 0.8),
            ..enterprise.clone()
        },
        Scenario {
            name: "essentials, steps of a minute, 8 processes",
            limits: Limits::none().delete(Bucket::per_minute(200, 200).windowed()),
            burst: 200.0,
            per_second: 200.0 / 60.0,
            step: 60.0,
            seconds: 290,
            processes: 8,
            target: (0.97, 1.5, 0.8),
            ..essentials.clone()
        },
        Scenario {
            name: "enterprise, 200 processes of 2 s",
            processes: 200,
            callers: 2,
            life: Some(seconds(2)),
            target: (0.97, 0.5, 0.0),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, 8 processes, one killed each second",
            processes: 8,
            killed: Some(seconds(1)),
            target: (0.97, 0.5, 0.0),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, 8 processes, Redis down for 10 s",
            processes: 8,
            outages: vec![(seconds(20), seconds(30))],
            target: (0.94, 0.5, 0.8),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, 8 processes, flushed",
            processes: 8,
            flushed: Some(seconds(20)),
            ..enterprise.clone()
        },
        Scenario {
            name: "essentials, reads and deletes, 8 processes",
            processes: 8,
            mixed: true,
            target: (0.0, 0.5, 0.8),
            ..essentials.clone()
        },
        Scenario {
            name: "free, 4 processes",
            limits: Limits::free(),
            burst: 2.0,
            per_second: 2.0,
            processes: 4,
            target: (0.9, 1.0, 0.8),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, 8 processes without sharing",
            processes: 8,
            pacing: Pacing::Adaptive,
            target: (0.0, 100.0, 0.0),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise, 64 processes without sharing",
            processes: 64,
            callers: 4,
            pacing: Pacing::Adaptive,
            target: (0.0, 100.0, 0.0),
            ..enterprise
        },
    ]
}

#[test]
fn processes_share_the_allowance_evenly_and_do_not_exceed_it() {
    let Some(server) = RedisServer::start() else { return };
    let only = std::env::var("USERS_SCENARIO").unwrap_or_default();
    let mut missed = Vec::new();
    for scenario in scenarios().iter().filter(|scenario| scenario.name.contains(&only)) {
        let seed = std::env::var("USERS_SEED").map_or(1, |seed| seed.parse().unwrap());
        let row = run(scenario, &server, seed);
        println!(
            "{:<48} used {:.3}  429 {:>5.2} %  share {:.2}  exchanges {:>5.2}  worst second {:>3}  failed {}",
            scenario.name, row.used, row.limited, row.share, row.exchanges, row.worst_second, row.failed
        );
        let (used, limited, share) = scenario.target;
        if row.used < used || row.limited > limited || row.share < share || row.failed > 0 {
            missed.push(scenario.name);
        }
    }
    assert_eq!(missed, [""; 0]);
}
