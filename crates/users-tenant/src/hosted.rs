//! One of the tenants of a server, with all that is its own.

use crate::body::whole_body;
use crate::name::TenantName;
use crate::traffic::{Entry, Recorded, Traffic};
use bytes::Bytes;
use http::{Request, Response};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use users_core::model::{Secret, Timestamp};
use users_core::{Body, Clock as _, HttpTransport as _, Instant, SystemClock, TransportError};
use users_mock::{FaultSpec, FaultyTransport, Snapshot, Template, Tenant, TokenSpec};

/// The number of events that a slow reader may be behind.
const MOST_EVENTS: usize = 256;

/// The number of snapshots that a tenant keeps.
const MOST_SNAPSHOTS: usize = 100;

/// The time for which a management token is shown again instead of a new one.
const TOKEN_KEPT: Duration = Duration::from_secs(60);

/// One of the tenants of a server, with its faults, its log, its events and its snapshots.
#[derive(Debug)]
pub(crate) struct Hosted {
    name: TenantName,
    tenant: Tenant,
    faults: FaultyTransport,
    traffic: Mutex<Traffic>,
    /// Made for the first reader.
    events: OnceLock<broadcast::Sender<Event>>,
    snapshots: Mutex<Snapshots>,
    token: Mutex<Option<ShownToken>>,
    /// A number that grows with each use of any tenant.
    last_use: AtomicU64,
    clock: SystemClock,
}

#[derive(Debug, Default)]
struct Snapshots {
    kept: BTreeMap<u64, Snapshot>,
    last: u64,
}

/// A management token, and when and for which base URL it was issued.
#[derive(Debug)]
struct ShownToken {
    issued: Timestamp,
    base_url: String,
    token: Secret,
}

/// What happens in a tenant.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A request was answered.
    Request(Arc<Entry>),
    /// The control API changed something: the name of what.
    Changed(&'static str),
}

impl Hosted {
    pub(crate) fn new(name: TenantName, tenant: Tenant, latency: Option<RangeInclusive<Duration>>) -> Self {
        let clock = SystemClock::new();
        let mut faults = FaultyTransport::new(tenant.clone(), clock);
        if let Some(latency) = latency {
            faults = faults.latency(latency);
        }
        Self {
            name,
            tenant,
            faults,
            traffic: Mutex::default(),
            events: OnceLock::new(),
            snapshots: Mutex::default(),
            token: Mutex::default(),
            last_use: AtomicU64::new(0),
            clock,
        }
    }

    pub(crate) fn name(&self) -> &TenantName {
        &self.name
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(crate) fn faults(&self) -> &FaultyTransport {
        &self.faults
    }

    pub(crate) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        lock(&self.traffic)
    }

    /// The number of its last use.
    pub(crate) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    pub(crate) fn set_last_use(&self, number: u64) {
        self.last_use.store(number, Ordering::Relaxed);
    }

    /// Answers a request, and logs it. If the future is dropped before, it is logged without a response.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let mut recording = Recording {
            hosted: self,
            started: self.clock.now(),
            time: self.tenant.now(),
            request: Some(logged(&request)),
        };
        let (parts, body) = self.faults.send(request, None).await?.into_parts();
        let whole = whole_body(body);
        recording.finish(Some(Response::from_parts(parts.clone(), whole.as_ref().ok().cloned())));
        let body = match whole {
            Ok(whole) => Body::from(whole),
            Err(streamed) => streamed,
        };
        Ok(Response::from_parts(parts, body))
    }

    /// A receiver of the events from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.get_or_init(|| broadcast::channel(MOST_EVENTS).0).subscribe()
    }

    /// Reports that the control API changed something.
    pub(crate) fn changed(&self, what: &'static str) {
        self.publish(Event::Changed(what));
    }

    fn publish(&self, event: Event) {
        if let Some(events) = self.events.get() {
            // Nobody may be listening.
            let _ = events.send(event);
        }
    }

    /// A Management API token that is valid for some time, as one that was issued at this URL.
    pub(crate) fn management_token(&self, base_url: &str) -> Secret {
        if let Some(fixed) = self.tenant.fixed_token() {
            return fixed;
        }
        let (now, mut kept) = (self.tenant.now(), lock(&self.token));
        if let Some(shown) = kept.as_ref().filter(|shown| shown.base_url == base_url) {
            let age = now.unix_millis().saturating_sub(shown.issued.unix_millis());
            if u64::try_from(age).is_ok_and(|age| Duration::from_millis(age) < TOKEN_KEPT) {
                return shown.token.clone();
            }
        }
        let spec = TokenSpec::management().base_url(base_url);
        let token = self.tenant.issue(&spec).map_or_else(|_| self.tenant.management_token(), |it| it.token);
        *kept = Some(ShownToken { issued: now, base_url: base_url.to_owned(), token: token.clone() });
        token
    }

    /// Returns everything to its beginning.
    pub(crate) fn reset(&self, template: &Template, faults: &[FaultSpec]) {
        let mut token = lock(&self.token);
        self.tenant.reset(template);
        *token = None;
        drop(token);
        lock(&self.snapshots).kept.clear();
        self.set_faults(faults);
        self.traffic().clear();
        self.changed("reset");
    }

    /// Replaces the faults.
    pub(crate) fn set_faults(&self, faults: &[FaultSpec]) {
        self.faults.remove_all();
        for fault in faults {
            self.faults.inject_spec(fault);
        }
    }

    /// Keeps the data as it is now; returns the id, or `None` if there are too many snapshots.
    pub(crate) fn keep_snapshot(&self) -> Option<u64> {
        let mut snapshots = lock(&self.snapshots);
        if snapshots.kept.len() >= MOST_SNAPSHOTS {
            return None;
        }
        snapshots.last += 1;
        let id = snapshots.last;
        snapshots.kept.insert(id, self.tenant.snapshot());
        Some(id)
    }

    pub(crate) fn snapshot_ids(&self) -> Vec<u64> {
        lock(&self.snapshots).kept.keys().copied().collect()
    }

    /// Restores the data of a snapshot; `false` if there is none with this id.
    pub(crate) fn restore(&self, id: u64) -> bool {
        let snapshot = lock(&self.snapshots).kept.get(&id).cloned();
        let Some(snapshot) = snapshot else { return false };
        self.tenant.restore(&snapshot);
        self.changed("restore");
        true
    }

    pub(crate) fn remove_snapshot(&self, id: u64) {
        lock(&self.snapshots).kept.remove(&id);
    }
}

/// A request that is being answered.
struct Recording<'a> {
    hosted: &'a Hosted,
    started: Instant,
    time: Timestamp,
    /// Taken when it is logged.
    request: Option<Request<Bytes>>,
}

impl Recording<'_> {
    fn finish(&mut self, response: Option<Response<Option<Bytes>>>) {
        let Some(request) = self.request.take() else { return };
        let duration = self.hosted.clock.now().saturating_since(self.started);
        let recorded = Recorded { time: self.time.clone(), duration, request, response };
        let entry = self.hosted.traffic().push(recorded);
        self.hosted.publish(Event::Request(entry));
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        self.finish(None);
    }
}

/// The request as it is logged: with the path and query alone, and without extensions.
fn logged(request: &Request<Bytes>) -> Request<Bytes> {
    let mut logged = Request::new(request.body().clone());
    *logged.method_mut() = request.method().clone();
    *logged.headers_mut() = request.headers().clone();
    if let Some(target) = request.uri().path_and_query() {
        *logged.uri_mut() = target.clone().into();
    }
    logged
}

pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
