//! The connections of one runtime, by server, and the tasks that open and close them.
//!
//! hyper has no pool of its own, and hyper-util's costs as much as sending the request: it clones its settings for each request,
//! starts to connect while a connection is being returned, and does not report which connection a request uses.

use crate::connection::{Connection, Http1};
use crate::connector::Connector;
use crate::error::ConnectError;
use crate::host::{Host, Served, ToOpen};
use crate::target::Target;
use futures_util::future::{Either, select};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The minimum time between two searches for idle connections that are to be closed.
const MIN_PERIOD: Duration = Duration::from_millis(100);

/// How long a request that is still being sent at the end of its response may keep its connection.
const DRAIN: Duration = Duration::from_secs(1);

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

    /// Removes the connections to this server that were closed.
    #[cfg(feature = "http2")]
    pub(crate) fn remove_closed(&self, target: &Target) {
        if let Some(host) = self.lock().by_target.get_mut(target) {
            host.close_expired(self.settings.idle_timeout);
        }
    }

    /// Waits for the next connection that is opened or returned. `time` is the request's time limit of connecting. Returns also
    /// whether the connection was used before.
    ///
    /// The connection that is being opened for a request which ends meanwhile is kept for the next one.
    pub(crate) async fn wait(self: &Arc<Self>, target: &Target, time: Option<Duration>) -> Served {
        let mut waiter = {
            let mut hosts = self.lock();
            let id = hosts.next_id;
            hosts.next_id += 1;
            let host = hosts.by_target.entry(target.clone()).or_default();
            if let Some(connection) = host.take(self.settings.idle_timeout) {
                return Ok((connection, true));
            }
            let connection = host.wait(id, time);
            let to_open = host.begin_opening(self.is_shared(host));
            drop(hosts);
            let waiter = Waiter { pool: self, target, id, connection, is_served: false };
            self.open(target, to_open);
            waiter
        };
        let served = (&mut waiter.connection).await;
        waiter.is_served = true;
        served.unwrap_or_else(|_| Err(ConnectError::task_ended(target)))
    }

    /// Whether all requests to this server are likely to share one connection.
    fn is_shared(&self, host: &Host) -> bool {
        (host.is_http2 || self.settings.connector.is_http2_only()) && self.keeps_connections()
    }

    /// Whether a connection serves more than one request.
    pub(crate) fn keeps_connections(&self) -> bool {
        self.settings.max_idle_per_host > 0
    }

    /// Opens connections in tasks, which do not end with the requests. Must be called without the lock: a runtime that is shut down
    /// drops tasks at once.
    fn open(self: &Arc<Self>, target: &Target, to_open: Vec<ToOpen>) {
        for ToOpen { id, time, unwanted } in to_open {
            let mut opener = Opener { pool: Arc::downgrade(self), target: target.clone(), id };
            let (connector, runtime) = (self.settings.connector.clone(), self.runtime.clone());
            self.runtime.spawn(async move {
                let opening = pin!(connector.connect(&opener.target, time, &runtime));
                let result = match select(opening, unwanted).await {
                    Either::Left((result, _)) => Some(result),
                    Either::Right(_) => None,
                };
                // It has not been dropped: another one may be begun for the same request.
                let pool = mem::take(&mut opener.pool).upgrade();
                if let (Some(pool), Some(result)) = (pool, result) {
                    pool.opened(&opener.target, id, result);
                }
            });
        }
    }

    /// Passes a connection, or the error of opening it, to the requests that wait.
    fn opened(self: &Arc<Self>, target: &Target, id: u64, opened: Result<Connection, ConnectError>) {
        self.change(target, |host| match opened {
            Ok(connection) => {
                host.opened(id);
                #[cfg(feature = "http2")]
                {
                    host.is_http2 = matches!(connection, Connection::Http2(_));
                }
                host.keep(connection, false, self.settings.max_idle_per_host);
            }
            Err(error) => host.failed(id, error),
        });
    }

    /// Changes the state of a server, and opens the connections that its requests then need.
    fn change(self: &Arc<Self>, target: &Target, change: impl FnOnce(&mut Host)) {
        let mut hosts = self.lock();
        let host = hosts.by_target.entry(target.clone()).or_default();
        change(host);
        let to_open = host.begin_opening(self.is_shared(host));
        if host.has_idle() {
            self.close_idle_later(&mut hosts);
        } else if host.is_unused() {
            hosts.by_target.remove(target);
        }
        drop(hosts);
        self.open(target, to_open);
    }

    /// Passes a connection that is not in use any more to a request that waits, or keeps it.
    fn put_back(self: &Arc<Self>, target: &Target, mut connection: Http1) {
        if connection.is_ready() {
            self.returned(target, Connection::Http1(connection));
        } else if !connection.is_closed() {
            // hyper's task is about to see the end of the response, or still sends the request.
            let (pool, target) = (Arc::downgrade(self), target.clone());
            self.runtime.spawn(async move {
                if tokio::time::timeout(DRAIN, connection.ready()).await == Ok(true) {
                    if let Some(pool) = pool.upgrade() {
                        pool.returned(&target, Connection::Http1(connection));
                    }
                }
            });
        }
    }

    fn returned(self: &Arc<Self>, target: &Target, connection: Connection) {
        self.change(target, |host| host.keep(connection, true, self.settings.max_idle_per_host));
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

/// The task that opens a connection.
struct Opener {
    /// Empty when the task has ended.
    pool: Weak<Pool>,
    target: Target,
    id: u64,
}

impl Drop for Opener {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            // The runtime has dropped the task, or the task has panicked.
            let error = || ConnectError::task_ended(&self.target);
            pool.change(&self.target, |host| host.stopped(self.id, error));
        }
    }
}

/// A request that waits for a connection.
struct Waiter<'a> {
    pool: &'a Arc<Pool>,
    target: &'a Target,
    id: u64,
    connection: oneshot::Receiver<Served>,
    is_served: bool,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.is_served {
            return;
        }
        self.connection.close();
        match self.connection.try_recv() {
            // It was served, but has not noticed.
            Ok(Ok((connection, _))) => self.pool.returned(self.target, connection),
            Ok(Err(_)) => {}
            Err(_) => self.pool.change(self.target, |host| host.leave(self.id)),
        }
    }
}

/// An HTTP/1.1 connection that one request uses. Dropping it closes the connection.
pub(crate) struct Lease {
    /// `None` if it was closed when the request was sent.
    pub(crate) connection: Option<Http1>,
    pub(crate) pool: Arc<Pool>,
    /// Returned last, so that the request that waits for it finds the connection.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Returns the connection to the pool at the end of a response.
    pub(crate) fn end(self, target: &Target) {
        if let Some(connection) = self.connection {
            self.pool.put_back(target, connection);
        }
        drop(self.permit);
    }
}
