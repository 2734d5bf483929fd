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
use futures_util::future::{Either, select};
use std::collections::{HashMap, VecDeque};
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
    by_target: HashMap<Target, Host>,
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
    /// Whether the server's last connection uses HTTP/2, so that one connection is opened for all requests.
    is_http2: bool,
    /// Whether a connection is being opened for all requests.
    is_opening: bool,
    /// Requests that take the next connection that becomes free, in order.
    waiting: VecDeque<oneshot::Sender<Connection>>,
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

    /// Returns a new connection, or one that another request returns or opens before it is there. Returns also whether
    /// the connection was used before.
    ///
    /// A connection that is being opened when this future is dropped, or returns another one, is abandoned.
    pub(crate) async fn open(
        self: &Arc<Self>,
        target: &Target,
        time: Option<Duration>,
    ) -> Result<(Connection, bool), ConnectError> {
        // Lets a connection that is being returned get here first.
        tokio::task::yield_now().await;
        loop {
            let (opening, free) = {
                let mut hosts = self.lock();
                let host = hosts.by_target.entry(target.clone()).or_default();
                if let Some(connection) = host.take(self.settings.idle_timeout) {
                    return Ok((connection, true));
                }
                let is_http2 = host.is_http2 || self.settings.connector.is_http2_only();
                let is_for_all = is_http2 && self.settings.max_idle_per_host > 0;
                let opening = (!is_for_all || !host.is_opening).then(|| {
                    host.is_opening |= is_for_all;
                    Opening { pool: self, target, is_for_all }
                });
                let (connection, free) = oneshot::channel();
                host.waiting.push_back(connection);
                (opening, free)
            };
            let Some(opening) = opening else {
                match free.await {
                    Ok(connection) => return Ok((connection, true)),
                    // The request that was opening it has failed or was dropped.
                    Err(_) => continue,
                }
            };
            let connecting = Box::pin(self.settings.connector.connect(target, time, &self.runtime));
            let opened = match select(free, connecting).await {
                Either::Left((Ok(connection), _)) => return Ok((connection, true)),
                Either::Left((Err(_), connecting)) => connecting.await?,
                Either::Right((opened, _)) => opened?,
            };
            self.opened(target, &opened);
            drop(opening);
            return Ok((opened, false));
        }
    }

    /// Records which version a server uses, and shares its connection with other requests if that allows it.
    fn opened(self: &Arc<Self>, target: &Target, connection: &Connection) {
        let mut hosts = self.lock();
        let host = hosts.by_target.entry(target.clone()).or_default();
        match connection {
            Connection::Http1(_) => host.is_http2 = false,
            #[cfg(feature = "http2")]
            Connection::Http2(connection) => {
                host.is_http2 = true;
                if self.settings.max_idle_per_host > 0 {
                    for waiting in host.waiting.drain(..) {
                        let _ = waiting.send(Connection::Http2(connection.clone()));
                    }
                    host.shared = Some(Shared { connection: connection.clone(), last_used: Instant::now() });
                    self.close_idle_later(&mut hosts);
                }
            }
        }
    }

    /// Passes a connection that is not in use any more to a request that waits, or keeps it.
    fn put_back(self: &Arc<Self>, target: &Target, mut connection: Http1) {
        if connection.is_ready() {
            self.keep(target, connection);
        } else if !connection.is_closed() {
            // hyper's task is about to see the end of the response, or still sends the request.
            let (pool, target) = (Arc::downgrade(self), target.clone());
            self.runtime.spawn(async move {
                if connection.ready().await {
                    if let Some(pool) = pool.upgrade() {
                        pool.keep(&target, connection);
                    }
                }
            });
        }
    }

    fn keep(self: &Arc<Self>, target: &Target, connection: Http1) {
        if self.settings.max_idle_per_host == 0 {
            return;
        }
        let mut hosts = self.lock();
        let host = hosts.by_target.entry(target.clone()).or_default();
        let mut connection = Connection::Http1(connection);
        while let Some(waiting) = host.waiting.pop_front() {
            match waiting.send(connection) {
                Ok(()) => return,
                Err(returned) => connection = returned,
            }
        }
        match connection {
            Connection::Http1(connection) if host.idle.len() < self.settings.max_idle_per_host => {
                host.idle.push(Idle { connection, since: Instant::now() });
                self.close_idle_later(&mut hosts);
            }
            Connection::Http1(_) => {}
            #[cfg(feature = "http2")]
            Connection::Http2(_) => {}
        }
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
        hosts.by_target.retain(|_, host| host.has_idle() || !host.waiting.is_empty());
        if !hosts.by_target.values().any(Host::has_idle) {
            hosts.closing = None;
            return;
        }
    }
}

/// A connection that is being opened.
struct Opening<'a> {
    pool: &'a Pool,
    target: &'a Target,
    /// Whether requests wait for it that open none of their own.
    is_for_all: bool,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        let mut hosts = self.pool.lock();
        let Some(host) = hosts.by_target.get_mut(self.target) else { return };
        if self.is_for_all {
            // Those that still wait were not served: the next one of them opens a connection.
            host.is_opening = false;
            host.waiting.clear();
        } else {
            host.waiting.retain(|waiting| !waiting.is_closed());
        }
        if host.waiting.is_empty() && !host.has_idle() {
            hosts.by_target.remove(self.target);
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
