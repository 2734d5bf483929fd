//! Pacing: one pace for all processes that use a tenant.

mod acquire;
mod fallback;
mod flow;
mod group;
mod numbers;
mod pending;
mod shared;
#[cfg(test)]
mod simulation;
mod state;
mod wire;
mod worker;

use crate::script::Script;
use crate::store::{RedisStore, Unavailable};
use crate::when::WhenUnavailable;
use acquire::acquire;
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use shared::Shared;
use state::{Mode, State};
use std::fmt;
use std::sync::{Arc, OnceLock};
use users_core::{Clock, PaceError, PaceRequest, Pacer, Permit, RateLimitState, SystemClock};
use worker::Worker;

/// The script of an exchange.
const SCRIPT: &str = include_str!("pace.lua");

/// Paces all processes that use one tenant together: their requests share its rate limits evenly.
///
/// Permits are granted by a script in Redis, on the clock of Redis. What one process learns from a response, all know: the size of
/// a bucket, how many requests remain, and the delay that a 429 requests. The refill rate is measured. Each process has the same
/// part of the rate for each group of requests (reads, writes, deletes), as long as it has requests that wait. A process asks
/// Redis once for all requests that wait, and in advance where it sends many, so that most permits need no round trip.
///
/// Permits that a process held when it died are available again with the next response, since the response reports what remains.
///
/// While Redis is unavailable, each process paces itself by its last known share of the rate, and tries Redis again in the
/// background, after 0.3 to 2.5 s. No call fails for that reason, unless [`WhenUnavailable::Fail`] is
/// [set](Self::when_unavailable).
///
/// ```
/// use users_core::ManagementClient;
/// use users_redis::{RedisPacer, RedisStore};
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let store = RedisStore::open("redis://127.0.0.1:6379")?;
/// let pacer = RedisPacer::new(&store, "tenant.eu.auth0.com");
/// let client = ManagementClient::builder(my_transport())
///     .domain("tenant.eu.auth0.com")
///     .token("eyJ0eXAi")
///     .pacer(pacer.clone())
///     .build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Clones are the same pacer. It is used from any runtime. When the last clone is dropped, Redis is informed in the background;
/// [`close`](Self::close) waits for it. A process that ends without it counts until two seconds after it would have asked for the next
/// permit.
#[derive(Clone)]
pub struct RedisPacer {
    handle: Arc<Handle>,
    when_unavailable: WhenUnavailable,
}

/// Ends the worker when it is dropped.
struct Handle {
    shared: Arc<Shared>,
    /// Starts the worker at the first request.
    worker: OnceLock<()>,
    store: RedisStore,
    keys: Vec<String>,
}

impl RedisPacer {
    /// Paces the requests to the tenant of this name, its domain for example. Processes that give the same name, in stores with the
    /// same prefix, share a pace. Nothing is sent to Redis until the first request.
    pub fn new(store: &RedisStore, tenant: &str) -> Self {
        let shared = Arc::new(new_shared(Arc::new(SystemClock::new())));
        let handle =
            Handle { shared, worker: OnceLock::new(), store: store.clone(), keys: keys(store, tenant) };
        Self { handle: Arc::new(handle), when_unavailable: WhenUnavailable::default() }
    }

    /// Sets what a request does while Redis is unavailable: by default it is paced by this process alone.
    #[must_use]
    pub fn when_unavailable(mut self, policy: WhenUnavailable) -> Self {
        self.when_unavailable = policy;
        self
    }

    /// Why Redis is not used at present, if it is not: the error of the last exchange.
    pub fn unavailable(&self) -> Option<String> {
        match self.handle.shared.state().mode() {
            Mode::Shared => None,
            Mode::Alone { cause, .. } => Some(cause.to_string()),
        }
    }

    /// Informs Redis that this process ends, so that the others have its share at once, and waits until that is done, at most
    /// for twice the [timeout](RedisStore::timeout) of the store. Other clones count Redis as unavailable from then on.
    pub async fn close(self) {
        if self.handle.worker.get().is_none() {
            return;
        }
        self.handle.shared.close();
        self.handle.shared.ended().await;
    }
}

fn keys(store: &RedisStore, tenant: &str) -> Vec<String> {
    // Another form of the state needs another number, so that old and new processes do not share it.
    let names = ["pace:1", "credits:1", "reads:1", "writes:1", "deletes:1"];
    names.iter().map(|name| store.key(tenant, name)).collect()
}

fn new_shared(clock: Arc<dyn Clock>) -> Shared {
    let random = clock.random();
    let phase = f64::from(u32::try_from(clock.random() % 1000).unwrap_or(0)) / 1000.0;
    let state = State::new(format!("{random:016x}"), phase, clock.now());
    Shared::new(clock, state)
}

impl Handle {
    /// Starts the worker, once.
    fn start(&self) {
        self.worker.get_or_init(|| {
            let worker = Worker {
                shared: Arc::clone(&self.shared),
                store: Arc::new(self.store.clone()),
                script: Script::new(SCRIPT),
                keys: self.keys.clone(),
            };
            if let Err(error) = self.store.background().spawn(worker.run()) {
                self.shared.fail(Unavailable::new(error));
            }
        });
    }
}

#[async_trait]
impl Pacer for RedisPacer {
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
        self.handle.start();
        acquire(&self.handle.shared, request, self.when_unavailable).await
    }

    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap) {
        self.handle.shared.observe(permit, status, headers);
    }

    fn limits(&self) -> Vec<RateLimitState> {
        self.handle.shared.limits()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for RedisPacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPacer")
            .field("limits", &self.limits())
            .field("unavailable", &self.unavailable())
            .finish_non_exhaustive()
    }
}
