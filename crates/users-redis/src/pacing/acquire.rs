//! How a request is granted a permit: by Redis, or by this process alone while Redis is unavailable.

use crate::pacing::fallback::Fallback;
use crate::pacing::flow::Outcome;
use crate::pacing::shared::Shared;
use crate::pacing::state::{Mode, Requested};
use crate::store::Unavailable;
use crate::when::WhenUnavailable;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot::{self, error::TryRecvError};
use users_core::{Access, Instant, PaceError, PaceRequest, Pacer as _, Permit};

/// A request waits for an answer of Redis for a third of its time, and for this at least. The time limit of the store may be longer
/// than the request has.
const LEAST_PATIENCE: Duration = Duration::from_millis(20);

/// Waits for a permit.
pub(crate) async fn acquire(
    shared: &Arc<Shared>,
    request: &PaceRequest<'_>,
    when_unavailable: WhenUnavailable,
) -> Result<Permit, PaceError> {
    let deadline = request.time_left.map(|time| shared.clock.now() + time);
    loop {
        let now = shared.clock.now();
        let time_left = deadline.map(|deadline| deadline.saturating_since(now));
        match plan(shared, request, time_left, now) {
            Plan::Alone(cause, ..) if when_unavailable == WhenUnavailable::Fail => {
                return Err(PaceError::unavailable(cause));
            }
            Plan::Alone(_, fallback, _entered) => {
                let requested = shared.state().requested(request.access, now);
                if requested > request.max_server_delay.min(time_left.unwrap_or(Duration::MAX)) {
                    return Err(PaceError::wait_too_long(requested));
                }
                if !requested.is_zero() {
                    select(shared.clock.sleep(requested), pin!(shared.resumed())).await;
                    continue;
                }
                let request = request.time_left(time_left);
                let resumed = pin!(shared.resumed());
                if let Either::Left((outcome, _)) = select(fallback.pacer.acquire(&request), resumed).await {
                    return outcome;
                }
            }
            Plan::Shared(Requested::Granted(number)) => return Ok(shared.permit(request.access, number)),
            Plan::Shared(Requested::TooLong(wait)) => return Err(PaceError::wait_too_long(wait)),
            Plan::Shared(Requested::Waits(receiver)) => {
                let place = Place { shared, group: request.access, receiver };
                match place.outcome(deadline).await? {
                    Waited::Until(Outcome::Granted(number)) => {
                        return Ok(shared.permit(request.access, number));
                    }
                    Waited::Until(Outcome::TooLong(wait)) => return Err(PaceError::wait_too_long(wait)),
                    Waited::Until(Outcome::Moved) => {}
                    Waited::InVain(patience, _) if when_unavailable == WhenUnavailable::Fail => {
                        return Err(PaceError::unavailable(Unavailable::timed_out("answer", patience)));
                    }
                    Waited::InVain(_, fallback) => {
                        let now = shared.clock.now();
                        let time_left = deadline.map(|deadline| deadline.saturating_since(now));
                        return fallback.pacer.acquire(&request.time_left(time_left)).await;
                    }
                }
            }
        }
    }
}

/// How a request is to be paced at present.
enum Plan<'a> {
    /// By Redis.
    Shared(Requested),
    /// By this process, for this reason.
    Alone(Unavailable, Arc<Fallback>, Entered<'a>),
}

/// A request that the fallback paces: while there is one, Redis is tried again.
struct Entered<'a>(&'a Shared);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.state().leave_alone();
    }
}

fn plan<'a>(
    shared: &'a Shared,
    request: &PaceRequest<'_>,
    time_left: Option<Duration>,
    now: Instant,
) -> Plan<'a> {
    let mut state = shared.state();
    let plan = match state.mode().clone() {
        Mode::Alone { cause, fallback } => {
            state.enter_alone();
            Plan::Alone(cause, fallback, Entered(shared))
        }
        Mode::Shared => Plan::Shared(state.request(request.access, time_left, request.max_server_delay, now)),
    };
    drop(state);
    shared.changed.notify_one();
    plan
}

/// The place of a request in the queue. Dropping it leaves the queue.
struct Place<'a> {
    shared: &'a Arc<Shared>,
    group: Access,
    receiver: oneshot::Receiver<Outcome>,
}

/// How a request has waited.
enum Waited {
    Until(Outcome),
    /// Redis has not answered for so long, and the request has no time to wait until it counts as unavailable.
    InVain(Duration, Arc<Fallback>),
}

impl Place<'_> {
    async fn outcome(mut self, deadline: Option<Instant>) -> Result<Waited, PaceError> {
        let shared = Arc::clone(self.shared);
        let Some(deadline) = deadline else {
            return Ok(Waited::Until((&mut self.receiver).await.unwrap_or(Outcome::Moved)));
        };
        let time_left = deadline.saturating_since(shared.clock.now());
        let patience = (time_left / 3).max(LEAST_PATIENCE);
        loop {
            let now = shared.clock.now();
            let time_left = deadline.saturating_since(now);
            if time_left.is_zero() {
                let wait = shared.state().wait(self.group, now);
                return Err(PaceError::wait_too_long(wait.max(Duration::from_millis(1))));
            }
            let sleep = shared.clock.sleep(time_left.min(patience));
            if let Either::Left((outcome, _)) = select(&mut self.receiver, sleep).await {
                return Ok(Waited::Until(outcome.unwrap_or(Outcome::Moved)));
            }
            if let Some(fallback) = shared.unanswered(self.group, patience) {
                return Ok(Waited::InVain(patience, fallback));
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Under the lock, so that the worker does not send an outcome meanwhile.
        let mut state = self.shared.state();
        let number = match self.receiver.try_recv() {
            Ok(Outcome::Granted(number)) => number,
            Ok(_) | Err(TryRecvError::Closed) => return,
            Err(TryRecvError::Empty) => {
                self.receiver.close();
                state.cancelled(self.group);
                return;
            }
        };
        let now = self.shared.clock.now();
        state.return_permit(self.group, number, now);
        drop(state);
        self.shared.changed.notify_one();
    }
}
