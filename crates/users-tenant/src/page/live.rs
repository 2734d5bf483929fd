//! What the page follows, as server-sent events.

use crate::hosted::{Event, Hosted};
use axum::response::Sse;
use axum::response::sse::{self, KeepAlive};
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderName};
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// The least time between two events, so that a busy tenant stops neither the browser nor the server.
const PACE: Duration = Duration::from_millis(500);

/// The number of the last event that a browser has seen: the one that it connects again after, or the one that its page began with.
pub(super) fn since(headers: &HeaderMap, page: Option<u64>) -> u64 {
    let last = headers.get(HeaderName::from_static("last-event-id"));
    last.and_then(|last| last.to_str().ok()?.parse().ok()).or(page).unwrap_or_default()
}

/// A stream that is to be followed, until the server is shut down or the tenant is removed.
struct Followed<L> {
    /// Not an `Arc`, so that a removed tenant ends the stream.
    hosted: Weak<Hosted>,
    events: Receiver<Event>,
    closing: watch::Receiver<bool>,
    pace: Interval,
    look: L,
    is_first: bool,
}

/// Calls a function at once, and then whenever something has happened in a tenant, and sends the event that it returns.
pub(super) fn follow<L>(
    hosted: &Arc<Hosted>,
    closing: watch::Receiver<bool>,
    look: L,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>> + use<L>>
where
    L: FnMut(&Hosted) -> Option<sse::Event> + Send + 'static,
{
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let followed = Followed {
        hosted: Arc::downgrade(hosted),
        events: hosted.subscribe(),
        closing,
        pace,
        look,
        is_first: true,
    };
    let events = stream::unfold(followed, async |mut followed| {
        let event = followed.next().await?;
        Some((Ok(event), followed))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl<L: FnMut(&Hosted) -> Option<sse::Event>> Followed<L> {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            tokio::select! {
                () = Self::happened(&mut self.events, &mut self.pace, &mut self.is_first) => {}
                _ = self.closing.wait_for(|closing| *closing) => return None,
            }
            // What happened until now is looked at once.
            self.events = self.events.resubscribe();
            let hosted = self.hosted.upgrade()?;
            if let Some(event) = (self.look)(&hosted) {
                return Some(event);
            }
        }
    }

    /// Waits until something has happened, and then for the pace. A tenant that is removed is noticed by who looks.
    async fn happened(events: &mut Receiver<Event>, pace: &mut Interval, is_first: &mut bool) {
        if !std::mem::take(is_first) {
            let (Ok(_) | Err(RecvError::Lagged(_) | RecvError::Closed)) = events.recv().await;
        }
        pace.tick().await;
    }
}
