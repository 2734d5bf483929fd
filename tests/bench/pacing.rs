//! Clients of a tenant with rate limits: how much of the allowance they use, and how many requests are rate limited.
//!
//! The clock is virtual. Every request takes 20 to 80 ms each way, and each client has 64 callers, started over the first two
//! seconds, each with one call in flight.

use futures_util::future::{join, join_all};
use http::{Method, StatusCode};
use serde::Serialize;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::model::UserUpdate;
use users_core::{Clock as _, Error, HttpTransport as _, ManagementClient, Retry, Unpaced, transport_fn};
use users_mock::{Bucket, FaultyTransport, Limits, Tenant, VirtualClock};

const CALLERS: u32 = 64;
const STARTED_OVER: Duration = Duration::from_secs(2);

/// A tenant, its clients, and their target figures.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    limits: Limits,
    /// The bucket that limits the clients, and the method that draws from it; `None` for all.
    binding: Allowance,
    method: Option<Method>,
    /// The time of a change of limits, the new limits, and the new rate of the binding bucket.
    change: Option<(Duration, Limits, f64)>,
    clients: usize,
    /// The delay between the starts of two clients.
    apart: Duration,
    calls: Calls,
    latency: RangeInclusive<Duration>,
    naive: bool,
    pub target: Option<Target>,
}

/// The smallest efficiency and the largest percentage of 429 that are accepted.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub efficiency: f64,
    pub answered_429_pct: f64,
}

/// The allowance of a bucket.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    burst: f64,
    per_second: f64,
    windowed: bool,
}

/// The calls of each client.
#[derive(Clone, Copy, Debug)]
enum Calls {
    Deletes(usize),
    /// This number of each: reads, updates, deletes.
    Mixed(usize),
    /// Reads of users that do not exist; the error responses report no limit.
    Missing(usize),
}

/// The results of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub scenario: &'static str,
    /// The number of successful responses, divided by the allowance from the first request to the last.
    pub efficiency: f64,
    /// The percentage of requests that were answered with 429.
    pub answered_429_pct: f64,
    /// The number of calls that failed.
    pub failed: usize,
    pub requests: usize,
    /// Of several clients, the smallest fraction of its share that one received, from the tenth second until the first has finished.
    pub min_share: Option<f64>,
    /// The rate of successful requests 5 to 10 s after a change of limits, as a fraction of the new rate.
    #[serde(skip)]
    pub settled: Option<f64>,
}

impl Row {
    /// The figures that miss their target.
    pub fn misses(&self, target: Target) -> Vec<String> {
        let mut misses = Vec::new();
        if self.efficiency < target.efficiency {
            misses.push(format!("efficiency {:.3} is below {}", self.efficiency, target.efficiency));
        }
        if self.answered_429_pct > target.answered_429_pct {
            misses.push(format!(
                "{:.2} % of the requests were answered with 429, more than {} %",
                self.answered_429_pct, target.answered_429_pct
            ));
        }
        if self.failed > 0 {
            misses.push(format!("{} calls failed", self.failed));
        }
        if let Some(share) = self.min_share.filter(|share| *share < 0.6) {
            misses.push(format!("a client received only {:.0} % of its share", share * 100.0));
        }
        if let Some(settled) = self.settled.filter(|settled| (settled - 1.0).abs() > 0.1) {
            misses.push(format!("5 s after the change the rate is {:.0} % of the new rate", settled * 100.0));
        }
        misses
    }
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn target(efficiency: f64, answered_429_pct: f64) -> Option<Target> {
    Some(Target { efficiency, answered_429_pct })
}

/// The scenarios, in the order of the report.
pub fn scenarios() -> Vec<Scenario> {
    let all = Allowance { burst: 50.0, per_second: 16.0, windowed: false };
    let deletes = Allowance { burst: 20.0, per_second: 200.0 / 60.0, windowed: false };
    let enterprise = Scenario {
        name: "enterprise-one",
        limits: Limits::enterprise(),
        binding: all,
        method: None,
        change: None,
        clients: 1,
        apart: Duration::ZERO,
        calls: Calls::Deletes(10_000),
        latency: millis(20)..=millis(80),
        naive: false,
        target: target(0.98, 0.5),
    };
    let essentials = Scenario {
        name: "essentials-one",
        limits: Limits::essentials(),
        binding: deletes,
        method: Some(Method::DELETE),
        calls: Calls::Deletes(3_000),
        ..enterprise.clone()
    };
    let several = |name, clients, calls, of: &Scenario| Scenario {
        name,
        clients,
        calls: Calls::Deletes(calls),
        target: target(0.95, 2.0),
        ..of.clone()
    };
    let changed = |name, per_second: u32| Scenario {
        name,
        change: Some((
            Duration::from_secs(150),
            Limits::none().global(Bucket::per_second(50, per_second)),
            per_second.into(),
        )),
        calls: Calls::Deletes(4_000),
        target: target(0.95, 2.0),
        ..enterprise.clone()
    };
    vec![
        enterprise.clone(),
        essentials.clone(),
        Scenario {
            name: "free-one",
            limits: Limits::free(),
            binding: Allowance { burst: 2.0, per_second: 2.0, windowed: false },
            calls: Calls::Deletes(1_000),
            target: target(0.97, 1.0),
            ..enterprise.clone()
        },
        Scenario {
            name: "enterprise-mixed",
            calls: Calls::Mixed(3_000),
            target: target(0.97, 1.0),
            ..enterprise.clone()
        },
        Scenario {
            name: "essentials-mixed",
            calls: Calls::Mixed(2_000),
            target: target(0.97, 1.0),
            ..essentials.clone()
        },
        several("enterprise-two", 2, 5_000, &enterprise),
        several("enterprise-four", 4, 2_500, &enterprise),
        several("essentials-two", 2, 1_500, &essentials),
        changed("enterprise-halved", 8),
        changed("enterprise-doubled", 32),
        Scenario {
            name: "fixed-window",
            limits: Limits::none().global(Bucket::per_second(50, 16).windowed()),
            binding: Allowance { windowed: true, ..all },
            target: target(0.95, 2.0),
            ..enterprise.clone()
        },
        Scenario { name: "naive-enterprise", naive: true, target: None, ..enterprise },
    ]
}

/// Further scenarios: other tiers, many clients, slow networks, unusual limits.
pub fn further() -> Vec<Scenario> {
    let of = |name| scenarios().into_iter().find(|scenario| scenario.name == name).expect("a scenario");
    let global = |size, per_second| Allowance { burst: size, per_second, windowed: false };
    vec![
        Scenario {
            name: "development-one",
            limits: Limits::enterprise_development(),
            binding: global(10.0, 2.0),
            calls: Calls::Deletes(2_000),
            ..of("enterprise-one")
        },
        Scenario {
            name: "private-cloud-one",
            limits: Limits::private_cloud(),
            binding: global(50.0, 50.0),
            ..of("enterprise-one")
        },
        Scenario { name: "free-mixed", calls: Calls::Mixed(400), ..of("free-one") },
        Scenario {
            name: "free-two",
            clients: 2,
            calls: Calls::Deletes(500),
            target: target(0.9, 8.0),
            ..of("free-one")
        },
        Scenario {
            name: "enterprise-missing",
            calls: Calls::Missing(4_000),
            target: target(0.85, 5.0),
            ..of("enterprise-one")
        },
        Scenario { name: "enterprise-far", latency: millis(200)..=millis(400), ..of("enterprise-one") },
        Scenario {
            name: "free-far",
            latency: millis(200)..=millis(400),
            target: target(0.75, 1.0),
            ..of("free-one")
        },
        Scenario {
            name: "enterprise-sixteen",
            clients: 16,
            calls: Calls::Deletes(600),
            ..of("enterprise-four")
        },
        Scenario {
            name: "enterprise-later",
            clients: 2,
            apart: Duration::from_secs(30),
            ..of("enterprise-two")
        },
        Scenario {
            name: "free-window",
            limits: Limits::none().global(Bucket::per_second(2, 2).windowed()),
            binding: Allowance { windowed: true, ..global(2.0, 2.0) },
            target: target(0.95, 15.0),
            ..of("free-one")
        },
        Scenario {
            name: "small-and-fast",
            limits: Limits::none().global(Bucket::per_second(10, 100)),
            binding: global(10.0, 100.0),
            target: target(0.3, 1.0),
            ..of("enterprise-one")
        },
        Scenario {
            name: "global-and-own",
            limits: Limits::enterprise().delete(Bucket::per_minute(20, 200)),
            binding: global(20.0, 200.0 / 60.0),
            calls: Calls::Mixed(1_500),
            ..of("essentials-mixed")
        },
    ]
}

/// A request as the tenant counted it.
#[derive(Debug)]
struct Counted {
    at: f64,
    client: usize,
    method: Method,
    status: StatusCode,
}

type Log = Arc<Mutex<Vec<Counted>>>;

/// Runs the clients of a scenario until their calls are done.
pub fn run(scenario: &Scenario, seed: u64) -> Row {
    let (log, failed, ended) = log_of(scenario, seed);
    sum_up(scenario, &log, failed, ended)
}

/// Counts the responses of each second of a scenario (requests that were carried out, and 429), and the calls that failed.
pub fn per_second(scenario: &Scenario, seed: u64) -> (Vec<(u32, u32)>, usize) {
    let (log, failed, _) = log_of(scenario, seed);
    let mut seconds = Vec::new();
    for counted in log {
        let second = counted.at as usize;
        if seconds.len() <= second {
            seconds.resize(second + 1, (0, 0));
        }
        let (carried_out, rate_limited) = &mut seconds[second];
        *(if counted.status == StatusCode::TOO_MANY_REQUESTS { rate_limited } else { carried_out }) += 1;
    }
    (seconds, failed)
}

/// Runs a scenario; returns its requests, the number of failed calls, and when the first client ended.
fn log_of(scenario: &Scenario, seed: u64) -> (Vec<Counted>, usize, f64) {
    let clock = VirtualClock::with_seed(seed);
    let tenant = Tenant::builder().users(2).limits(scenario.limits.clone()).clock(clock.clone()).build();
    let log = Log::default();
    let (failed, ended) = clock.block_on(async {
        let clients = (0..scenario.clients).map(|client| work(scenario, client, &tenant, &log));
        let change = async {
            if let Some((after, limits, _)) = &scenario.change {
                clock.sleep(*after).await;
                tenant.set_limits(limits.clone());
            }
        };
        let (done, ()) = join(join_all(clients), change).await;
        let first_end = done.iter().map(|(_, ended)| *ended).fold(f64::INFINITY, f64::min);
        (done.iter().map(|(failed, _)| failed).sum(), first_end)
    });
    let log = std::mem::take(&mut *log.lock().expect("no caller panics"));
    (log, failed, ended)
}

/// Runs one client and its callers; returns the number of failed calls, and when the last call ended.
async fn work(scenario: &Scenario, client: usize, tenant: &Tenant, log: &Log) -> (usize, f64) {
    let clock = tenant.clock();
    let users = client_of(scenario, client, tenant, log).users();
    let ids = tenant.user_ids();
    clock.sleep(scenario.apart * u32::try_from(client).expect("few clients")).await;
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let total = match scenario.calls {
        Calls::Deletes(calls) | Calls::Missing(calls) => calls,
        Calls::Mixed(each) => 3 * each,
    };
    let caller = async |number: u32| {
        clock.sleep(STARTED_OVER * number / CALLERS).await;
        loop {
            let call = next.fetch_add(1, Ordering::Relaxed);
            if call >= total {
                return;
            }
            let gone = format!("auth0|{client}-{call}");
            let delete = async || {
                retried_like_the_node_sdk(scenario, &clock, async || users.delete(&gone).await).await
            };
            let done = match (scenario.calls, call % 3) {
                (Calls::Missing(_), _) => users.get(&gone).optional().await.map(drop),
                (Calls::Mixed(_), 0) => users.get(&ids[0]).await.map(drop),
                (Calls::Mixed(_), 1) => {
                    users.update(&ids[1], UserUpdate::new().nickname("Ada")).await.map(drop)
                }
                _ => delete().await,
            };
            failed.fetch_add(done.is_err().into(), Ordering::Relaxed);
        }
    };
    join_all((0..CALLERS).map(caller)).await;
    (failed.into_inner(), clock.elapsed().as_secs_f64())
}

/// A separate client with its own pacer and simulated latency.
fn client_of(scenario: &Scenario, client: usize, tenant: &Tenant, log: &Log) -> ManagementClient {
    let (inner, clock, log) = (tenant.clone(), tenant.clock(), Arc::clone(log));
    let counting = transport_fn(move |request: http::Request<bytes::Bytes>, deadline| {
        let (inner, clock, log) = (inner.clone(), clock.clone(), Arc::clone(&log));
        async move {
            let (at, method) = (clock.elapsed().as_secs_f64(), request.method().clone());
            let answer = inner.send(request, deadline).await?;
            let counted = Counted { at, client, method, status: answer.status() };
            log.lock().expect("no caller panics").push(counted);
            Ok(answer)
        }
    });
    let builder = ManagementClient::builder(
        FaultyTransport::new(counting, tenant.clock()).latency(scenario.latency.clone()),
    )
    .domain(tenant.domain())
    .clock(tenant.clock())
    .token(tenant.management_token());
    let builder = if scenario.naive { builder.pacer(Unpaced::new()).retry(Retry::never()) } else { builder };
    builder.build().expect("a client")
}

/// Makes a call. In a naive scenario it repeats a 429 like Auth0's Node SDK 7.1: twice, after the time that the server states, or
/// after 1 s and 2 s.
async fn retried_like_the_node_sdk(
    scenario: &Scenario,
    clock: &VirtualClock,
    call: impl AsyncFn() -> Result<(), Error>,
) -> Result<(), Error> {
    let mut attempt = 0;
    loop {
        let error = match call().await {
            Err(error) if scenario.naive && error.is_rate_limited() && attempt < 2 => error,
            done => return done,
        };
        let jitter = Duration::from_millis(clock.random() % 200);
        let named = error.rate_limit().and_then(|limit| limit.reset?.duration_since(clock.unix_now()).ok());
        let pause = named.filter(|named| !named.is_zero()).unwrap_or(Duration::from_secs(1 << attempt));
        clock.sleep(pause.min(Duration::from_secs(60)).mul_f64(1.0 + jitter.as_secs_f64())).await;
        attempt += 1;
    }
}

fn sum_up(scenario: &Scenario, log: &[Counted], failed: usize, first_end: f64) -> Row {
    let refused = log.iter().filter(|counted| counted.status == StatusCode::TOO_MANY_REQUESTS).count();
    let drawn: Vec<&Counted> = log
        .iter()
        .filter(|counted| counted.status != StatusCode::TOO_MANY_REQUESTS)
        .filter(|counted| scenario.method.as_ref().is_none_or(|method| counted.method == *method))
        .collect();
    let (first, last) =
        (log.first().map_or(0.0, |counted| counted.at), log.last().map_or(0.0, |counted| counted.at));
    let between =
        |from: f64, to: f64| drawn.iter().filter(move |counted| from <= counted.at && counted.at < to);
    let share = || {
        let of = |client| between(10.0, first_end).filter(|counted| counted.client == client).count() as f64;
        let least = (0..scenario.clients).map(of).fold(f64::INFINITY, f64::min);
        least / (scenario.added(10.0, first_end) / scenario.clients as f64)
    };
    let settled = scenario.change.as_ref().map(|(after, _, rate)| {
        let from = after.as_secs_f64() + 5.0;
        between(from, from + 5.0).count() as f64 / (5.0 * rate)
    });
    Row {
        scenario: scenario.name,
        efficiency: drawn.len() as f64 / (scenario.binding.burst + scenario.added(first, last)),
        answered_429_pct: 100.0 * refused as f64 / log.len() as f64,
        failed,
        requests: log.len(),
        min_share: (scenario.clients > 1).then(share),
        settled,
    }
}

impl Scenario {
    /// The number of tokens added to the binding bucket between two times.
    fn added(&self, from: f64, to: f64) -> f64 {
        let Allowance { per_second, windowed, .. } = self.binding;
        if windowed {
            return (to.floor() - from.floor()) * per_second;
        }
        let Some((after, _, later)) = &self.change else { return (to - from) * per_second };
        let change = after.as_secs_f64().clamp(from, to);
        (change - from) * per_second + (to - change) * later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of these scenarios that miss their targets.
    fn missed(scenarios: &[Scenario]) -> Vec<String> {
        let missed = scenarios.iter().flat_map(|scenario| {
            let row = run(scenario, 1);
            let misses = scenario.target.map_or_else(Vec::new, |target| row.misses(target));
            misses.into_iter().map(move |miss| format!("{}: {miss}", row.scenario))
        });
        missed.collect()
    }

    #[test]
    fn the_allowance_is_used_and_not_exceeded() {
        assert_eq!(missed(&scenarios()), [""; 0]);
    }

    #[test]
    fn other_tiers_high_latencies_and_many_clients_meet_their_targets() {
        assert_eq!(missed(&further()), [""; 0]);
    }

    #[test]
    fn the_same_seed_gives_the_same_results() {
        let free = scenarios().into_iter().find(|scenario| scenario.name == "free-one").unwrap();
        let course = |seed| serde_json::to_string(&run(&free, seed)).unwrap();
        assert_eq!(course(3), course(3));
    }
}
