//! One fetch for many calls: one call polls it, the others wait for it, and one of them takes it over if need be.

use super::AccessToken;
use crate::clock::{Clock, Instant};
use crate::error::Error;
use crate::queue::Queue;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub(super) type Outcome = Result<AccessToken, Arc<Error>>;

/// The result of a fetch; `None` if it panicked.
pub(super) type Fetched = Option<Result<AccessToken, Error>>;

/// A fetch that has started.
pub(super) struct Fetching {
    pub(super) began: Instant,
    pub(super) future: Pin<Box<dyn Future<Output = Fetched> + Send>>,
}

/// The fetch in progress, if any: polled by the call that leads it, or handed over by a call that was dropped.
#[derive(Clone, Default)]
pub(super) struct Flight(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    leader: Option<Leader>,
    handed_over: Option<Fetching>,
    waiters: Queue<Waiter>,
    next: u64,
}

struct Leader {
    number: u64,
    waker: Option<Waker>,
    /// When a waiter woke the leader, unless it was polled since.
    woken_at: Option<Instant>,
}

#[derive(Default)]
struct Waiter {
    waker: Option<Waker>,
    outcome: Option<Outcome>,
    /// The leader no longer exists, so the waiter plans again.
    is_released: bool,
}

impl Flight {
    /// Makes the caller the leader. `None` if there is one already.
    pub(super) fn lead(&self) -> Option<(u64, Option<Fetching>)> {
        let mut state = self.state();
        if state.leader.is_some() { None } else { Some(state.lead()) }
    }

    /// Makes the caller the leader, or a waiter if there is one already. Both under one lock, so that no fetch ends unnoticed in
    /// between.
    pub(super) fn lead_or_wait(&self) -> Result<(u64, Option<Fetching>), Waiting> {
        let mut state = self.state();
        if state.leader.is_none() {
            return Ok(state.lead());
        }
        state.next += 1;
        let place = state.next;
        state.waiters.push(place, Waiter::default());
        Err(Waiting { flight: self.clone(), place })
    }

    /// Returns the leader's handle of a fetch. Dropping it hands the fetch over.
    pub(super) fn leading(&self, number: u64, fetching: Fetching) -> Leading {
        Leading { flight: self.clone(), number, fetching: Some(fetching) }
    }

    /// Passes the outcome to all waiters, unless the leader of this number was replaced.
    pub(super) fn end(&self, number: u64, outcome: &Outcome) {
        let mut state = self.state();
        if state.leader.as_ref().is_some_and(|leader| leader.number != number) {
            return;
        }
        state.leader = None;
        let waiting = state.waiters.iter_mut().filter(|waiter| !waiter.is_released);
        let woken = waiting.filter_map(|waiter| {
            waiter.outcome = Some(outcome.clone());
            waiter.waker.take()
        });
        wake(woken.collect(), state);
    }

    /// Removes the leader of this number. The waiters plan again, and one of them becomes the leader.
    fn leave(&self, number: u64, fetching: Option<Fetching>) {
        let mut state = self.state();
        if state.leader.as_ref().is_some_and(|leader| leader.number == number) {
            state.leader = None;
            state.handed_over = fetching;
            wake(state.release(), state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Registers a new leader; returns its number and the fetch that was handed over.
    fn lead(&mut self) -> (u64, Option<Fetching>) {
        self.next += 1;
        self.leader = Some(Leader { number: self.next, waker: None, woken_at: None });
        (self.next, self.handed_over.take())
    }

    fn release(&mut self) -> Vec<Waker> {
        let release = |waiter: &mut Waiter| {
            waiter.is_released = true;
            waiter.waker.take()
        };
        self.waiters.iter_mut().filter_map(release).collect()
    }
}

/// Wakes after the lock is released.
fn wake(woken: Vec<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    woken.into_iter().for_each(Waker::wake);
}

/// Polls a fetch on behalf of all waiters.
pub(super) struct Leading {
    flight: Flight,
    number: u64,
    fetching: Option<Fetching>,
}

impl Leading {
    /// Polls the fetch to its end.
    pub(super) fn outcome(&mut self) -> impl Future<Output = Fetched> + Unpin {
        poll_fn(|context| self.poll(context))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Fetched> {
        let mut state = self.flight.state();
        if let Some(leader) = state.leader.as_mut().filter(|leader| leader.number == self.number) {
            leader.woken_at = None;
            leader.waker = Some(context.waker().clone());
        }
        drop(state);
        match &mut self.fetching {
            Some(fetching) => fetching.future.as_mut().poll(context),
            None => Poll::Ready(None),
        }
    }

    /// Marks the fetch as ended. The caller passes its outcome to [`Flight::end`].
    pub(super) fn finish(mut self) {
        self.fetching = None;
        self.number = 0;
    }

    /// Drops the fetch instead of handing it over.
    pub(super) fn abandon(mut self) {
        self.fetching = None;
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        self.flight.leave(self.number, self.fetching.take());
    }
}

/// Waits for the fetch of another call.
pub(super) struct Waiting {
    flight: Flight,
    place: u64,
}

impl Waiting {
    /// Waits for the outcome; `None` if the fetch lost its leader. A leader that is not polled within `unpolled` after it was
    /// woken is replaced: its runtime may be idle.
    pub(super) async fn outcome(self, clock: &dyn Clock, unpolled: Duration) -> Option<Outcome> {
        let mut sleep = clock.sleep(unpolled);
        self.wake_leader(clock);
        poll_fn(|context| {
            loop {
                let mut state = self.flight.state();
                let Some(waiter) = state.waiters.get_mut(self.place) else { return Poll::Ready(None) };
                if waiter.outcome.is_some() || waiter.is_released {
                    return Poll::Ready(waiter.outcome.take());
                }
                waiter.waker = Some(context.waker().clone());
                drop(state);
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                sleep = clock.sleep(unpolled);
                self.replace_unpolled(clock, unpolled);
                self.wake_leader(clock);
            }
        })
        .await
    }

    /// Wakes the leader, unless it was woken already and has not been polled since.
    fn wake_leader(&self, clock: &dyn Clock) {
        let now = clock.now();
        let mut state = self.flight.state();
        let Some(leader) = state.leader.as_mut().filter(|leader| leader.woken_at.is_none()) else { return };
        let Some(waker) = leader.waker.clone() else { return };
        leader.woken_at = Some(now);
        wake(vec![waker], state);
    }

    fn replace_unpolled(&self, clock: &dyn Clock, unpolled: Duration) {
        let now = clock.now();
        let mut state = self.flight.state();
        let woken_at = state.leader.as_ref().and_then(|leader| leader.woken_at);
        if woken_at.is_some_and(|woken_at| now.saturating_since(woken_at) >= unpolled) {
            state.leader = None;
            wake(state.release(), state);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.flight.state().waiters.remove(self.place);
    }
}
