//! The connections of one runtime: idle ones, those that are being opened, and requests that wait for one.
//!
//! hyper has no pool of its own, and hyper-util's costs as much as sending the request: it clones its settings for each request,
//! starts to connect while a connection is being returned, and does not report which connection a request uses.

#[cfg(feature = "http2")]
use crate::connection::Http2;
use crate::connection::{Connection, Http1};
use crate::connector::Connector;
use crate::error::ConnectError;
use crate::target::Target;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

/// The minimum time between two searches for idle connections that are to be closed.
const MIN_PERIOD: Duration = Duration::from_millis(100);

/// The settings of a pool.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connector: Connector,
    pub(crate) idle_timeout: Duration,
    /// With 0, each request has a connection of its own.
    pub(crate) max_idle_per_host: usize,
    pub(crate) max_connections: usize,
}

/// The connections of one runtime.
pub(crate) struct Pool {
    settings: Settings,
    runtime: Handle,
    /// One permit for each connection that may be in use.
    pub(crate) in_use: Arc<Semaphore>,
    hosts: Mutex<Hosts>,
}

#[derive(Default)]
struct Hosts {
    by_target: BTreeMap<Target, Host>,
    next_id: u64,
    /// Held while a task closes idle connections. Dropping it ends the task.
    closing: Option<oneshot::Sender<Infallible>>,
}

/// The connections to one server.
#[derive(Default)]
struct Host {
    /// Those that became idle first come first.
    idle: Vec<Idle>,
    #[cfg(feature = "http2")]
    shared: Option<Shared>,
    /// Whether the server's last connection uses HTTP/2, so that one is opened for all requests.
    is_http2: bool,
    /// The number of connections that are being opened.
    opening: usize,
    /// Requests in the order in which they take connections. Their ids ascend. Some may have ended.
    waiting: VecDeque<Waiting>,
    /// The number of requests that still wait.
    live: usize,
}

struct Idle {
    connection: Http1,
    since: Instant,
}

#[cfg(feature = "http2")]
struct Shared {
    connection: Http2,
    last_used: Instant,
}

/// A connection, and whether it was used before.
type Served = Result<(Connection, bool), ConnectError>;

struct Waiting {
    id: u64,
    /// The request's time limit of connecting.
    time: Option<Duration>,
    served: oneshot::Sender<Served>,
}

impl Host {
    /// An idle or shared connection that is open, the last used one first.
    fn take(&mut self, idle_timeout: Duration) -> Option<Connection> {
        #[cfg(feature = "http2")]
        if let Some(shared) = &mut self.shared {
            if shared.is_usable(idle_timeout) {
                shared.last_used = Instant::now();
                return Some(Connection::Http2(shared.connection.clone()));
            }
            self.shared = None;
        }
        while let Some(idle) = self.idle.pop() {
            if idle.since.elapsed() >= idle_timeout {
                // The others have been idle for longer.
                self.idle.clear();
            } else if !idle.connection.is_closed() {
                return Some(Connection::Http1(idle.connection));
            }
        }
        None
    }

    /// Passes a connection to the first request that waits, or returns it.
    fn serve(&mut self, connection: Connection, is_reused: bool) -> Option<Connection> {
        let mut served = Ok((connection, is_reused));
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting.served.send(served) {
                Ok(()) => {
                    self.live -= 1;
                    return None;
                }
                Err(returned) => served = returned,
            }
        }
        served.ok().map(|(connection, _)| connection)
    }

    /// Passes an error to the request for which a connection was being opened, if it still waits.
    fn fail(&mut self, id: u64, error: ConnectError) {
        let Ok(at) = self.waiting.binary_search_by_key(&id, |waiting| waiting.id) else { return };
        if self.waiting.remove(at).is_some_and(|waiting| waiting.served.send(Err(error)).is_ok()) {
            self.live -= 1;
        }
    }

    fn close_expired(&mut self, idle_timeout: Duration) {
        self.idle.retain(|idle| idle.since.elapsed() < idle_timeout && !idle.connection.is_closed());
        #[cfg(feature = "http2")]
        self.shared.take_if(|shared| !shared.is_usable(idle_timeout));
    }

    fn has_idle(&self) -> bool {
        #[cfg(feature = "http2")]
        let has_shared = self.shared.is_some();
        #[cfg(not(feature = "http2"))]
        let has_shared = false;
        has_shared || !self.idle.is_empty()
    }

    fn is_unused(&self) -> bool {
        self.live == 0 && self.opening == 0 && !self.has_idle()
    }
}

#[cfg(feature = "http2")]
impl Shared {
    fn is_usable(&self, idle_timeout: Duration) -> bool {
        self.last_used.elapsed() < idle_timeout && !self.connection.is_closed()
    }
}

impl Pool {
    pub(crate) fn new(settings: Settings, runtime: Handle) -> Self {
        let in_use = Arc::new(Semaphore::new(settings.max_connections));
        Self { settings, runtime, in_use, hosts: Mutex::default() }
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.settings.max_connections
    }

    /// Returns an idle connection, or the shared one.
    pub(crate) fn take(&self, target: &Target) -> Option<Connection> {
        self.lock().by_target.get_mut(target)?.take(self.settings.idle_timeout)
    }

    /// Waits for the next connection that is opened or returned. `time` is the request's time limit of connecting. Returns also
    /// whether the connection was used before.
    ///
    /// A connection that is opened for a request which has ended is kept for the next one.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        target: &Target,
        time: Option<Duration>,
    ) -> Result<(Connection, bool), ConnectError> {
        let (served, connection) = oneshot::channel();
        {
            let mut hosts = self.lock();
            let id = hosts.next_id;
            hosts.next_id += 1;
            let host = hosts.by_target.entry(target.clone()).or_default();
            if let Some(connection) = host.take(self.settings.idle_timeout) {
                return Ok((connection, true));
            }
            host.live += 1;
            host.waiting.push_back(Waiting { id, time, served });
            self.open_connections(target, host);
        }
        let mut waiter = Waiter { pool: self, target, connection: Some(connection) };
        match &mut waiter.connection {
            Some(connection) => {
                let served = connection.await;
                waiter.connection = None;
                served.unwrap_or_else(|_| Err(ConnectError::runtime_ended(target)))
            }
            None => Err(ConnectError::runtime_ended(target)),
        }
    }

    /// Opens a connection for each request that waits, or one for all if they can share it. The tasks that open them do not end
    /// with the requests.
    fn open_connections(self: &Arc<Self>, target: &Target, host: &mut Host) {
        let is_http2 = host.is_http2 || self.settings.connector.is_http2_only();
        let wanted = if is_http2 && self.keeps_connections() { host.live.min(1) } else { host.live };
        while host.opening < wanted {
            let live = host.waiting.iter().rev().find(|waiting| !waiting.served.is_closed());
            let Some(&Waiting { id, time, .. }) = live else { return };
            host.opening += 1;
            let (pool, target) = (Arc::downgrade(self), target.clone());
            let (connector, runtime) = (self.settings.connector.clone(), self.runtime.clone());
            self.runtime.spawn(async move {
                let opened = connector.connect(&target, time, &runtime).await;
                if let Some(pool) = pool.upgrade() {
                    pool.opened(&target, id, opened);
                }
            });
        }
    }

    /// Passes a connection, or the error of opening it, to the requests that wait.
    fn opened(self: &Arc<Self>, target: &Target, id: u64, opened: Result<Connection, ConnectError>) {
        let mut hosts = self.lock();
        let host = hosts.by_target.entry(target.clone()).or_default();
        host.opening = host.opening.saturating_sub(1);
        match opened {
            Ok(connection) => {
                #[cfg(feature = "http2")]
                {
                    host.is_http2 = matches!(connection, Connection::Http2(_));
                }
                self.keep(host, connection, false);
            }
            Err(error) => host.fail(id, error),
        }
        self.open_connections(target, host);
        if host.is_unused() {
            hosts.by_target.remove(target);
        }
        self.close_idle_later(&mut hosts);
    }

    /// Passes a connection that is not in use any more to a request that waits, or keeps it.
    fn put_back(self: &Arc<Self>, target: &Target, mut connection: Http1) {
        if connection.is_ready() {
            self.returned(target, Connection::Http1(connection));
        } else if !connection.is_closed() {
            // hyper's task is about to see the end of the response, or still sends the request.
            let (pool, target) = (Arc::downgrade(self), target.clone());
            self.runtime.spawn(async move {
                if connection.ready().await {
                    if let Some(pool) = pool.upgrade() {
                        pool.returned(&target, Connection::Http1(connection));
                    }
                }
            });
        }
    }

    fn returned(self: &Arc<Self>, target: &Target, connection: Connection) {
        let mut hosts = self.lock();
        let host = hosts.by_target.entry(target.clone()).or_default();
        self.keep(host, connection, true);
        self.close_idle_later(&mut hosts);
    }

    /// Passes a connection to the requests that wait, and keeps it if it is idle or shared.
    fn keep(&self, host: &mut Host, connection: Connection, is_reused: bool) {
        if !self.keeps_connections() {
            if !is_reused {
                drop(host.serve(connection, is_reused));
            }
            return;
        }
        match connection {
            Connection::Http1(_) => {
                if let Some(Connection::Http1(connection)) = host.serve(connection, is_reused) {
                    if host.idle.len() < self.settings.max_idle_per_host {
                        host.idle.push(Idle { connection, since: Instant::now() });
                    }
                }
            }
            #[cfg(feature = "http2")]
            Connection::Http2(connection) => {
                while host.serve(Connection::Http2(connection.clone()), is_reused).is_none() {}
                host.shared = Some(Shared { connection, last_used: Instant::now() });
            }
        }
    }

    fn keeps_connections(&self) -> bool {
        self.settings.max_idle_per_host > 0
    }

    /// Starts the task that closes idle connections, unless it runs.
    fn close_idle_later(self: &Arc<Self>, hosts: &mut Hosts) {
        if hosts.closing.is_none() {
            let (closing, pool_dropped) = oneshot::channel();
            hosts.closing = Some(closing);
            let period = self.settings.idle_timeout.max(MIN_PERIOD);
            self.runtime.spawn(close_idle(Arc::downgrade(self), pool_dropped, period));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connections that have been idle for too long, until none is left.
async fn close_idle(pool: Weak<Pool>, mut pool_dropped: oneshot::Receiver<Infallible>, period: Duration) {
    while tokio::time::timeout(period, &mut pool_dropped).await.is_err() {
        let Some(pool) = pool.upgrade() else { return };
        let mut hosts = pool.lock();
        for host in hosts.by_target.values_mut() {
            host.close_expired(pool.settings.idle_timeout);
        }
        hosts.by_target.retain(|_, host| !host.is_unused());
        if !hosts.by_target.values().any(Host::has_idle) {
            hosts.closing = None;
            return;
        }
    }
}

/// A request that waits for a connection.
struct Waiter<'a> {
    pool: &'a Arc<Pool>,
    target: &'a Target,
    /// `None` once it is served.
    connection: Option<oneshot::Receiver<Served>>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        connection.close();
        match connection.try_recv() {
            // It was served, but has not noticed.
            Ok(served) => {
                if let Ok((connection, _)) = served {
                    self.pool.returned(self.target, connection);
                }
            }
            Err(_) => {
                if let Some(host) = self.pool.lock().by_target.get_mut(self.target) {
                    host.live -= 1;
                }
            }
        }
    }
}

/// An HTTP/1.1 connection that one request uses. Dropping it closes the connection.
pub(crate) struct Lease {
    pub(crate) connection: Http1,
    pub(crate) pool: Arc<Pool>,
    /// Returned last, so that the request that waits for it finds the connection.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Returns the connection to the pool at the end of a response.
    pub(crate) fn end(self, target: &Target) {
        self.pool.put_back(target, self.connection);
        drop(self.permit);
    }
}
