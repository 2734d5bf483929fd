//! Everything that a tenant consists of.

use crate::tenant::config::Config;
use crate::tenant::log::Log;
use crate::tenant::logins::Logins;
use crate::tenant::persist::Journal;
use crate::tenant::random::Random;
use crate::tenant::rules::limiter::Limiter;
use crate::tenant::seed::Generator;
use crate::tenant::store::{Lag, Store, Transaction};
use crate::tenant::tokens::Tokens;
use crate::tenant::wall_clock::WallClock;
use crate::tenant::wire::context::WriteContext;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Everything that a tenant consists of, each part with a lock of its own, so that readers do not wait for each other.
///
/// Where several locks are held, they are taken in the order of the fields.
pub(crate) struct State {
    /// The data, which snapshots and other tenants of the same template share until it is changed.
    pub(crate) store: RwLock<Arc<Store>>,
    pub(crate) tokens: RwLock<Tokens>,
    pub(crate) logins: Mutex<Logins>,
    pub(crate) random: Mutex<Random>,
    pub(crate) generator: Mutex<Generator>,
    /// The file that keeps the data, if there is one.
    pub(crate) journal: Mutex<Option<Journal>>,
    /// The time after which searches see a change.
    pub(crate) lag: Mutex<Lag>,
    pub(crate) limiter: Mutex<Limiter>,
    pub(crate) log: Mutex<Log>,
    pub(crate) config: Config,
    pub(crate) clock: WallClock,
    /// The number of requests so far, which determines the order of users with the same value.
    pub(crate) turns: AtomicU64,
    /// The seed of its random numbers.
    pub(crate) seed: u64,
}

impl State {
    /// The data as it is read. Changes that are due are seen by searches.
    pub(crate) fn store(&self) -> RwLockReadGuard<'_, Arc<Store>> {
        let now = self.clock.millis();
        let store = read(&self.store);
        if !store.view().is_due(now) {
            return store;
        }
        drop(store);
        self.store_mut().view_mut().settle(now);
        read(&self.store)
    }

    pub(crate) fn store_mut(&self) -> StoreMut<'_> {
        StoreMut(self.store.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the changes of a transaction to the file, if there is one, and commits them. If the file cannot be written, they are reverted.
    pub(crate) fn commit(&self, transaction: Transaction<'_>, random: &Random) -> io::Result<()> {
        let mut journal = lock(&self.journal);
        if let Some(journal) = &mut *journal {
            if !transaction.changes().is_empty() {
                journal.append(transaction.changes(), random.state())?;
            }
            journal.compact_if_large(transaction.store(), random.state());
        }
        transaction.commit_with(&mut lock(&self.lag), self.clock.millis());
        Ok(())
    }

    pub(crate) fn tokens(&self) -> RwLockReadGuard<'_, Tokens> {
        read(&self.tokens)
    }

    pub(crate) fn tokens_mut(&self) -> RwLockWriteGuard<'_, Tokens> {
        self.tokens.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a function with everything that a handler which writes has access to. Its changes are kept if it [commits](Self::commit) them.
    pub(crate) fn write<T>(&self, work: impl FnOnce(WriteContext<'_>) -> T) -> T {
        let mut store = self.store_mut();
        work(WriteContext {
            transaction: store.transaction(),
            tokens: &mut self.tokens_mut(),
            logins: &mut lock(&self.logins),
            random: &mut lock(&self.random),
            clock: &self.clock,
            config: &self.config,
        })
    }

    /// A number for each request, never 0.
    pub(crate) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
    }
}

/// The data as it is changed. It is copied before the first change if a snapshot or another tenant shares it.
pub(crate) struct StoreMut<'a>(RwLockWriteGuard<'a, Arc<Store>>);

impl StoreMut<'_> {
    /// Replaces the data, and returns the one before, whose memory is best freed after the lock.
    pub(crate) fn replace(&mut self, store: Arc<Store>) -> Arc<Store> {
        std::mem::replace(&mut self.0, store)
    }
}

impl Deref for StoreMut<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl DerefMut for StoreMut<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        Arc::make_mut(&mut self.0)
    }
}

fn read<T>(shared: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
