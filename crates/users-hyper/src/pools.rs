//! One pool of connections for each tokio runtime.
//!
//! A connection is driven by tasks of the runtime on which it was opened, so a call must not get one of another runtime,
//! which may be idle or gone.

use crate::connector::Connector;
use crate::gate::Outgoing;
use hyper_util::client::legacy::{Builder, Client};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::runtime::{Handle, Id};
use tokio::sync::{Semaphore, oneshot};

/// The pools of this many runtimes are kept; beyond that, the one that was not used for longest is given up.
const MOST_RUNTIMES: usize = 64;

/// What makes a pool.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) client: Builder,
    pub(crate) connector: Connector,
    pub(crate) max_connections: usize,
}

/// The connections of one runtime.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) client: Client<Connector, Outgoing>,
    /// One permit for each connection that may be in use.
    pub(crate) in_use: Arc<Semaphore>,
}

/// The pools of all runtimes.
pub(crate) struct Pools {
    settings: Settings,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// The one that was used last comes last.
    pools: Vec<Entry>,
    next_serial: u64,
}

struct Entry {
    /// Unlike a runtime's id, it is never used again.
    serial: u64,
    runtime: Id,
    pool: Pool,
    /// Ends the task that notices the runtime's end.
    _wanted: oneshot::Sender<Infallible>,
}

impl Pools {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, kept: Arc::default() }
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.settings.max_connections
    }

    /// The pool of this runtime.
    pub(crate) fn of(&self, runtime: &Handle) -> Pool {
        let id = runtime.id();
        let mut kept = lock(&self.kept);
        if let Some(at) = kept.pools.iter().position(|entry| entry.runtime == id) {
            let entry = kept.pools.remove(at);
            let pool = entry.pool.clone();
            kept.pools.push(entry);
            return pool;
        }
        let pool = Pool {
            client: self.settings.client.build(self.settings.connector.clone()),
            in_use: Arc::new(Semaphore::new(self.settings.max_connections)),
        };
        let serial = kept.next_serial;
        kept.next_serial += 1;
        let (wanted, unwanted) = oneshot::channel();
        kept.pools.push(Entry { serial, runtime: id, pool: pool.clone(), _wanted: wanted });
        let oldest = (kept.pools.len() > MOST_RUNTIMES).then(|| kept.pools.remove(0));
        // Whatever is dropped may drop tasks, which lock this again.
        drop(kept);
        drop(oldest);
        let forget = Forget { kept: Arc::downgrade(&self.kept), serial };
        runtime.spawn(async move {
            let _forget = forget;
            let _ = unwanted.await;
        });
        pool
    }
}

/// Gives up a pool when it is dropped, with the runtime whose task holds it.
struct Forget {
    kept: Weak<Mutex<Kept>>,
    serial: u64,
}

impl Drop for Forget {
    fn drop(&mut self) {
        let Some(kept) = self.kept.upgrade() else { return };
        let mut kept = lock(&kept);
        let at = kept.pools.iter().position(|entry| entry.serial == self.serial);
        let entry = at.map(|at| kept.pools.remove(at));
        drop(kept);
        drop(entry);
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolver::Resolver;
    use crate::tls::Tls;
    use hyper_util::rt::TokioExecutor;
    use std::time::Duration;
    use tokio::runtime::{self, Runtime};

    fn pools() -> Pools {
        let tls = Tls::new(Vec::new()).unwrap();
        let connector = Connector::new(&tls, &[], None, Duration::from_secs(1), Resolver::system(), false);
        Pools::new(Settings { client: Client::builder(TokioExecutor::new()), connector, max_connections: 1 })
    }

    fn runtime() -> Runtime {
        runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn each_runtime_has_one_pool_until_it_is_dropped() {
        let pools = pools();
        let (one, two) = (runtime(), runtime());
        let first = pools.of(one.handle());
        assert!(Arc::ptr_eq(&first.in_use, &pools.of(one.handle()).in_use));
        assert!(!Arc::ptr_eq(&first.in_use, &pools.of(two.handle()).in_use));
        assert_eq!(lock(&pools.kept).pools.len(), 2);
        drop(one);
        assert_eq!(lock(&pools.kept).pools.len(), 1);
        drop(two);
        assert_eq!(lock(&pools.kept).pools.len(), 0);
    }

    #[test]
    fn no_more_than_so_many_pools_are_kept() {
        let pools = pools();
        let runtimes: Vec<_> = (0..=MOST_RUNTIMES).map(|_| runtime()).collect();
        for runtime in &runtimes {
            pools.of(runtime.handle());
        }
        assert_eq!(lock(&pools.kept).pools.len(), MOST_RUNTIMES);
        // The task of the pool that was given up ends without harm to its successor.
        let again = pools.of(runtimes[0].handle());
        runtimes[0].block_on(async { tokio::task::yield_now().await });
        assert!(Arc::ptr_eq(&again.in_use, &pools.of(runtimes[0].handle()).in_use));
    }

    #[test]
    fn a_transport_that_is_dropped_leaves_no_task_behind() {
        let (pools, runtime) = (pools(), runtime());
        pools.of(runtime.handle());
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
        drop(pools);
        runtime.block_on(async { tokio::task::yield_now().await });
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}
