//! The processes of a scenario, and their figures.

use super::scenario::Scenario;
use super::store::SimulatedStore;
use crate::pacing::acquire::acquire;
use crate::pacing::new_shared;
use crate::pacing::shared::Shared;
use crate::pacing::worker::Worker;
use crate::script::Script;
use crate::when::WhenUnavailable;
use async_trait::async_trait;
use futures_util::future::{RemoteHandle, join_all, join3};
use http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::management::UsersManager;
use users_core::{
    Clock as _, HttpTransport as _, ManagementClient, PaceError, PaceRequest, Pacer, Permit, Retry, Unpaced,
    transport_fn,
};
use users_mock::{FaultyTransport, Tenant, VirtualClock};
use users_tests_redis::RedisServer;

/// The figures of a scenario.
#[derive(Debug)]
pub(super) struct Row {
    /// The part of the allowance that was used.
    pub(super) used: f64,
    /// The percentage of responses with 429.
    pub(super) limited: f64,
    /// The least number of successes of a process, divided by the average.
    pub(super) share: f64,
    /// The number of exchanges with Redis for each request.
    pub(super) exchanges: f64,
    /// The number of calls that failed.
    pub(super) failed: usize,
}

/// The pacer of a process.
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

/// A request as the tenant counted it; without a process, one of another program.
struct Counted {
    at: f64,
    process: Option<usize>,
    is_limited: bool,
}

#[derive(Clone)]
struct World {
    scenario: Scenario,
    clock: VirtualClock,
    tenant: Tenant,
    store: SimulatedStore,
    log: Arc<Mutex<Vec<Counted>>>,
}

/// Runs a scenario with this seed.
pub(super) fn run(scenario: &Scenario, server: &RedisServer, seed: u64) -> Row {
    let clock = VirtualClock::with_seed(seed);
    let store = SimulatedStore::new(server.connection(), clock.clone(), scenario);
    store.flush();
    let tenant = Tenant::builder().users(2).limits(scenario.limits.clone()).clock(clock.clone()).build();
    let world =
        World { scenario: scenario.clone(), clock: clock.clone(), tenant, store, log: Arc::default() };
    let failed = clock.block_on(async {
        let processes = join_all((0..scenario.processes).map(|process| world.live(process)));
        let (failed, (), ()) = join3(processes, world.send_foreign(), world.flush()).await;
        failed.iter().sum()
    });
    world.sum_up(failed)
}

/// A process: its worker and its callers. Dropping it kills it.
struct Process {
    _worker: RemoteHandle<()>,
    callers: Vec<RemoteHandle<usize>>,
}

impl World {
    /// Runs a process and those that replace it; returns the number of calls that failed.
    async fn live(&self, process: usize) -> usize {
        let Scenario { life, first_life, processes, .. } = self.scenario;
        let Some(life) = life.or(first_life.filter(|_| process == 0)) else {
            return join_all(self.start(process).callers).await.iter().sum();
        };
        #[allow(clippy::cast_precision_loss)]
        self.clock.sleep(life.mul_f64(process as f64 / processes as f64)).await;
        while self.clock.elapsed() < self.end() {
            let _running = self.start(process);
            self.clock.sleep(life).await;
        }
        0
    }

    fn end(&self) -> Duration {
        Duration::from_secs(self.scenario.seconds)
    }

    fn start(&self, process: usize) -> Process {
        let shared = Arc::new(new_shared(Arc::new(self.clock.clone())));
        let keys = ["s", "c", "r", "w", "d"].map(|key| format!("{{simulation}}:{key}")).to_vec();
        let store = Arc::new(self.store.clone());
        let worker = Worker { shared: Arc::clone(&shared), store, script: Script::new(""), keys };
        let users = self.users(process, shared);
        let caller = |caller| self.clock.spawn(call(self.clone(), users.clone(), process, caller));
        Process {
            _worker: self.clock.spawn(worker.run()),
            callers: (0..self.scenario.callers).map(caller).collect(),
        }
    }

    fn users(&self, process: usize, shared: Arc<Shared>) -> UsersManager {
        let world = self.clone();
        let counting = transport_fn(move |request: http::Request<bytes::Bytes>, deadline| {
            let world = world.clone();
            async move {
                let answer = world.tenant.send(request, deadline).await?;
                world.count(Some(process), answer.status() == StatusCode::TOO_MANY_REQUESTS);
                Ok(answer)
            }
        });
        let latency = Duration::from_millis(20)..=Duration::from_millis(40);
        let builder =
            ManagementClient::builder(FaultyTransport::new(counting, self.clock.clone()).latency(latency))
                .domain(self.tenant.domain())
                .clock(self.clock.clone())
                .token(self.tenant.management_token());
        let builder = if self.scenario.shares { builder.pacer(SimulatedPacer(shared)) } else { builder };
        builder.build().unwrap().users()
    }

    fn count(&self, process: Option<usize>, is_limited: bool) {
        let at = self.clock.elapsed().as_secs_f64();
        self.log.lock().unwrap().push(Counted { at, process, is_limited });
    }

    async fn send_foreign(&self) {
        if self.scenario.foreign <= 0.0 {
            return;
        }
        let client = ManagementClient::builder(self.tenant.clone())
            .domain(self.tenant.domain())
            .clock(self.clock.clone())
            .token(self.tenant.management_token())
            .pacer(Unpaced::new())
            .retry(Retry::never());
        let users = client.build().unwrap().users();
        while self.clock.elapsed() < self.end() {
            let random = f64::from(u32::try_from(self.clock.random() % 1_000_000).unwrap()) / 1e6;
            self.clock.sleep(Duration::from_secs_f64(-(1.0 - random).ln() / self.scenario.foreign)).await;
            self.count(None, users.delete("auth0|foreign").await.is_err());
        }
    }

    async fn flush(&self) {
        if let Some(after) = self.scenario.flushed {
            self.clock.sleep(after).await;
            self.store.flush();
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn sum_up(&self, failed: usize) -> Row {
        let Scenario { allowance, processes, seconds, .. } = self.scenario;
        let log = self.log.lock().unwrap();
        // The calls that were made before the end.
        let log: Vec<&Counted> = log.iter().filter(|counted| counted.at < seconds as f64).collect();
        let end = log.iter().map(|counted| counted.at).fold(0.0, f64::max);
        let refilled = if allowance.step > 0.0 { end - end % allowance.step } else { end };
        let accepted = log.iter().filter(|counted| !counted.is_limited);
        let mut shares = vec![0.0; processes];
        for counted in accepted.clone() {
            if let Some(process) = counted.process {
                shares[process] += 1.0;
            }
        }
        let own = log.iter().filter(|counted| counted.process.is_some());
        let sent = own.clone().count() as f64;
        let average = shares.iter().sum::<f64>() / processes as f64;
        Row {
            used: accepted.count() as f64 / (allowance.burst + allowance.per_second * refilled),
            limited: 100.0 * own.filter(|counted| counted.is_limited).count() as f64 / sent,
            share: shares.iter().copied().fold(f64::INFINITY, f64::min) / average,
            exchanges: self.store.exchanges() as f64 / sent,
            failed,
        }
    }
}

/// Makes one call after another; returns the number of those that failed.
async fn call(world: World, users: UsersManager, process: usize, caller: usize) -> usize {
    let mut failed = 0;
    let mut number = caller;
    while world.clock.elapsed() < world.end() {
        number += 1;
        let id = format!("auth0|{process}-{caller}-{number}");
        let done = if world.scenario.reads && number.is_multiple_of(2) {
            users.get(&id).optional().await.map(drop)
        } else {
            users.delete(&id).await
        };
        failed += usize::from(done.is_err());
    }
    failed
}
