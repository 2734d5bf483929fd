//! What a pacer, its permits and its worker share.

use crate::pacing::fallback::Fallback;
use crate::pacing::state::{FIRST_NUMBER, Mode, State};
use crate::store::Unavailable;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use users_core::{Access, Clock, Pacer as _, Permit, RateLimitState};

/// The state of a pacer in this process.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Wakes the worker.
    pub(crate) changed: Notify,
    /// Whether the worker has ended.
    ended: watch::Sender<bool>,
    /// Whether Redis is used, for the requests that wait.
    mode: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(clock: Arc<dyn Clock>, state: State) -> Self {
        let (mode, _) = watch::channel(true);
        let (ended, _) = watch::channel(false);
        Self { clock, state: Mutex::new(state), changed: Notify::new(), ended, mode }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // Changes of the state do not panic halfway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Redis cannot be used: requests are paced by this process alone.
    pub(crate) fn fail(&self, cause: Unavailable) {
        let mut state = self.state();
        state.failed(cause, |share| self.new_fallback(share), self.clock.random(), self.clock.now());
        self.enter(state.mode());
    }

    /// The fallback for a request that cannot wait longer, if Redis has not answered for so long.
    pub(crate) fn unanswered(&self, group: Access, patience: Duration) -> Option<Arc<Fallback>> {
        self.state().unanswered(group, patience, |share| self.new_fallback(share), self.clock.now())
    }

    fn new_fallback(&self, share: Option<f64>) -> Fallback {
        Fallback::new(Arc::clone(&self.clock), share)
    }

    /// Informs the requests that wait whether Redis is used.
    pub(crate) fn enter(&self, mode: &Mode) {
        let is_shared = matches!(mode, Mode::Shared);
        self.mode.send_if_modified(|current| std::mem::replace(current, is_shared) != is_shared);
    }

    /// Ends the worker.
    pub(crate) fn close(&self) {
        self.state().close();
        self.changed.notify_one();
    }

    /// The worker has ended: requests that are made from now on, or wait, are paced by this process alone.
    pub(crate) fn end(&self) {
        self.fail(Unavailable::new(std::io::Error::other("the pacer was closed")));
        self.ended.send_replace(true);
    }

    /// Waits until the worker has ended.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Waits until Redis is used.
    pub(crate) async fn resumed(&self) {
        // The sender lives as long as `self`.
        let _ = self.mode.subscribe().wait_for(|is_shared| *is_shared).await;
    }

    /// Learns from a response.
    pub(crate) fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap) {
        let mut state = self.state();
        if permit.number() < FIRST_NUMBER {
            let fallback = state.fallback().map(Arc::clone);
            if status == StatusCode::TOO_MANY_REQUESTS {
                // The delay applies to all processes, and after the return of Redis.
                let (now, unix_now) = (self.clock.now(), self.clock.unix_now());
                state.observe(permit.group(), permit.number(), status, headers, now, unix_now);
            }
            drop(state);
            if let Some(fallback) = fallback {
                fallback.pacer.observe(permit, status, headers);
            }
            return;
        }
        let (now, unix_now) = (self.clock.now(), self.clock.unix_now());
        state.observe(permit.group(), permit.number(), status, headers, now, unix_now);
        drop(state);
        self.changed.notify_one();
    }

    /// The known state of the tenant's rate limits.
    pub(crate) fn limits(&self) -> Vec<RateLimitState> {
        let state = self.state();
        match state.mode() {
            Mode::Shared => state.limits(self.clock.now()),
            Mode::Alone { fallback, .. } => fallback.pacer.limits(),
        }
    }

    /// The permit of this number, which comes back where it is not used.
    pub(crate) fn permit(self: &Arc<Self>, group: Access, number: u64) -> Permit {
        let shared = Arc::clone(self);
        let returned = move || {
            let now = shared.clock.now();
            shared.state().return_permit(group, number, now);
            shared.changed.notify_one();
        };
        Permit::returning(group, returned).numbered(number)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
