//! Connection pools, one for each tokio runtime.
//!
//! A connection is driven by tasks of the runtime on which it was opened, so a call must not use a connection of another runtime,
//! which may be idle or shut down.

use crate::pool::{Pool, Settings};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

/// The maximum number of pools. Beyond it, the least recently used one is dropped.
const MAX_RUNTIMES: usize = 64;

/// The pools of all runtimes.
pub(crate) struct Pools {
    settings: Settings,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// In the order of last use, the most recent one at the end.
    pools: Vec<Entry>,
    next_serial: u64,
}

struct Entry {
    /// Unlike the id of a runtime, it is never reused.
    serial: u64,
    runtime: Id,
    pool: Arc<Pool>,
    /// Dropping it ends the task that detects the runtime's shutdown.
    _alive: oneshot::Sender<Infallible>,
}

impl Pools {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, kept: Arc::default() }
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.settings.max_connections
    }

    /// Returns the pool of this runtime.
    pub(crate) fn get(&self, runtime: &Handle) -> Arc<Pool> {
        let id = runtime.id();
        let mut kept = lock(&self.kept);
        if let Some(at) = kept.pools.iter().position(|entry| entry.runtime == id) {
            // Moves it to the end.
            kept.pools.get_mut(at..).unwrap_or_default().rotate_left(1);
            if let Some(entry) = kept.pools.last() {
                return Arc::clone(&entry.pool);
            }
        }
        let pool = Arc::new(Pool::new(self.settings.clone(), runtime.clone()));
        let serial = kept.next_serial;
        kept.next_serial += 1;
        let (alive, dropped) = oneshot::channel();
        kept.pools.push(Entry { serial, runtime: id, pool: Arc::clone(&pool), _alive: alive });
        let oldest = (kept.pools.len() > MAX_RUNTIMES).then(|| kept.pools.remove(0));
        // Dropping a pool may drop tasks, which take this lock.
        drop(kept);
        drop(oldest);
        let remove = RemoveOnDrop { kept: Arc::downgrade(&self.kept), serial };
        runtime.spawn(async move {
            let _remove = remove;
            let _ = dropped.await;
        });
        pool
    }
}

/// Removes a pool when it is dropped, together with the task of the runtime that owns it.
struct RemoveOnDrop {
    kept: Weak<Mutex<Kept>>,
    serial: u64,
}

impl Drop for RemoveOnDrop {
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
    use crate::connector::Connector;
    use crate::resolver::Resolver;
    use crate::tls::Tls;
    use std::time::Duration;
    use tokio::runtime::{self, Runtime};

    fn pools() -> Pools {
        let tls = Tls::new(Vec::new(), None).unwrap();
        let connector = Connector::new(&tls, &[], None, Duration::from_secs(1), Resolver::system());
        let idle_timeout = Duration::from_secs(1);
        Pools::new(Settings { connector, idle_timeout, max_idle_per_host: 1, max_connections: 1 })
    }

    fn runtime() -> Runtime {
        runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn each_runtime_has_one_pool_until_it_is_dropped() {
        let pools = pools();
        let (one, two) = (runtime(), runtime());
        let first = pools.get(one.handle());
        assert!(Arc::ptr_eq(&first.in_use, &pools.get(one.handle()).in_use));
        assert!(!Arc::ptr_eq(&first.in_use, &pools.get(two.handle()).in_use));
        assert_eq!(lock(&pools.kept).pools.len(), 2);
        drop(one);
        assert_eq!(lock(&pools.kept).pools.len(), 1);
        drop(two);
        assert_eq!(lock(&pools.kept).pools.len(), 0);
    }

    #[test]
    fn the_least_recently_used_pool_is_dropped_beyond_the_maximum() {
        let pools = pools();
        let runtimes: Vec<_> = (0..=MAX_RUNTIMES).map(|_| runtime()).collect();
        for runtime in &runtimes {
            pools.get(runtime.handle());
        }
        assert_eq!(lock(&pools.kept).pools.len(), MAX_RUNTIMES);
        // The end of the dropped pool's task does not remove its successor.
        let again = pools.get(runtimes[0].handle());
        runtimes[0].block_on(async { tokio::task::yield_now().await });
        assert!(Arc::ptr_eq(&again.in_use, &pools.get(runtimes[0].handle()).in_use));
    }

    #[test]
    fn a_transport_that_is_dropped_leaves_no_task_behind() {
        let (pools, runtime) = (pools(), runtime());
        pools.get(runtime.handle());
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
        drop(pools);
        runtime.block_on(async { tokio::task::yield_now().await });
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}
