//! The events of a tenant, as server-sent events.

use crate::context::{Application, Selected};
use crate::control::route::Route;
use crate::hosted::Event;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{self, KeepAlive};
use axum::routing::get;
use futures_util::{Stream, stream};
use serde_json::json;
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("GET", "/_tenant/events", get(events))]
}

/// Streams the events until the server is shut down or the tenant is removed.
async fn events(
    State(application): State<Application>,
    Selected(hosted): Selected,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    // Only the receiver is kept, so that a removed tenant ends the stream.
    let (queue, closing) = (hosted.subscribe(), application.tenants.closing());
    drop(hosted);
    let events = stream::unfold((queue, closing), async |(mut queue, mut closing)| {
        let next = tokio::select! {
            next = queue.recv() => next,
            _ = closing.wait_for(|closing| *closing) => return None,
        };
        let event = match next {
            Ok(event) => shown(&event),
            Err(RecvError::Lagged(missed)) => named("missed", &json!({"events": missed}).to_string()),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (queue, closing)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn shown(event: &Event) -> sse::Event {
    match event {
        Event::Request(entry) => {
            // A text of strings and numbers has a JSON form.
            let data = serde_json::to_string(&entry.shown()).unwrap_or_default();
            named("request", &data).id(entry.number.to_string())
        }
        Event::Changed(what) => named("changed", &json!({"what": what}).to_string()),
    }
}

fn named(name: &str, data: &str) -> sse::Event {
    sse::Event::default().event(name).data(data)
}
