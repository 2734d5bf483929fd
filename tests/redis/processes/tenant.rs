//! A tenant over HTTP that counts the requests of each process.

use super::figures::{Counted, FOREIGN};
use http::StatusCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;
use users_core::{Clock as _, HttpTransport as _, Retry, SystemClock, Unpaced, transport_fn};
use users_mock::{Limits, Tenant};
use users_tenant::TenantServer;

pub(super) struct CountingTenant {
    runtime: Runtime,
    server: TenantServer,
    token: String,
    log: Arc<Mutex<Vec<Counted>>>,
    started: Instant,
    unix: Duration,
}

impl CountingTenant {
    #[allow(clippy::disallowed_methods)] // the time of the test
    pub(super) fn start(limits: Limits) -> Self {
        let started = Instant::now();
        let unix = SystemClock::new().unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let tenant = Tenant::builder().users(2).limits(limits).system_clock().build();
        let token = tenant.management_token().expose().to_owned();
        let log: Arc<Mutex<Vec<Counted>>> = Arc::default();
        let entries = Arc::clone(&log);
        let counting = transport_fn(move |request, deadline| {
            let (tenant, entries) = (tenant.clone(), Arc::clone(&entries));
            let process = sender(request.uri().path());
            async move {
                let at = started.elapsed().as_secs_f64();
                let answer = tenant.send(request, deadline).await?;
                let is_limited = answer.status() == StatusCode::TOO_MANY_REQUESTS;
                entries.lock().unwrap().push(Counted { at, process, is_limited });
                Ok(answer)
            }
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(TenantServer::bind(counting, ([127, 0, 0, 1], 0).into())).unwrap();
        Self { runtime, server, token, log, started, unix }
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The seconds since the start.
    pub(super) fn now(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The Unix time of the start, in seconds.
    pub(super) fn unix(&self) -> f64 {
        self.unix.as_secs_f64()
    }

    /// Waits until this many seconds after the start.
    #[allow(clippy::disallowed_methods)] // the time of the test
    pub(super) fn sleep_until(&self, seconds: f64) {
        std::thread::sleep(Duration::from_secs_f64((seconds - self.now()).max(0.0)));
    }

    /// The requests so far, in order.
    pub(super) fn log(&self) -> Vec<Counted> {
        let mut log = self.log.lock().unwrap().clone();
        log.sort_by(|one, other| one.at.total_cmp(&other.at));
        log
    }

    /// Begins to send requests of another program, which does not pace itself, at random times.
    pub(super) fn begin_foreign_traffic(&self, per_second: f64) {
        let users = users_hyper::management(self.url())
            .token(self.token())
            .pacer(Unpaced::new())
            .retry(Retry::never())
            .build()
            .unwrap()
            .users();
        self.runtime.spawn(async move {
            loop {
                let pause = -(1.0 - fastrand::f64()).ln() / per_second;
                SystemClock::new().sleep(Duration::from_secs_f64(pause)).await;
                let users = users.clone();
                // A 429 is counted by the server.
                tokio::spawn(async move { users.delete("auth0|foreign").await.ok() });
            }
        });
    }
}

/// The number of the process that deletes `auth0|p12-…`.
fn sender(path: &str) -> usize {
    let number = path.split_once("%7Cp").and_then(|(_, rest)| rest.split('-').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(FOREIGN)
}
