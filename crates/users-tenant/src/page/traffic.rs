//! The requests to a tenant and their responses.

use crate::context::Application;
use crate::page::frame::{Frame, missing, rendered};
use crate::page::live::{follow, since};
use crate::traffic::{Filter, Message, Shown, View};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response, sse};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write as _;

/// The number of requests that are shown.
const MOST_ROWS: usize = 100;

/// What can be chosen.
const METHODS: &[&str] = &["", "GET", "POST", "PATCH", "PUT", "DELETE"];
const STATUSES: &[&str] = &["", "2xx", "3xx", "4xx", "429", "5xx", "none"];

#[derive(Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    method: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    status: String,
    since: Option<u64>,
}

impl Parameters {
    fn is_filter(&self) -> bool {
        [&self.method, &self.text, &self.status].iter().any(|value| !value.is_empty())
    }

    fn filter(&self, since: Option<u64>) -> Filter {
        let given = |value: &String| Some(value.clone()).filter(|value| !value.is_empty());
        Filter {
            method: given(&self.method),
            status: given(&self.status),
            text: given(&self.text),
            since,
            ..Filter::default()
        }
    }
}

#[derive(Template)]
#[template(path = "page/traffic.html")]
struct Traffic<'a> {
    frame: &'a Frame,
    active: &'static str,
    methods: &'static [&'static str],
    statuses: &'static [&'static str],
    parameters: &'a Parameters,
    view: &'a View,
    rows: String,
}

#[derive(Template)]
#[template(path = "page/row.html")]
struct Row<'a> {
    mount: &'a str,
    row: Shown,
}

#[derive(Template)]
#[template(path = "page/entry.html")]
struct One<'a> {
    frame: &'a Frame,
    active: &'static str,
    entry: Shown,
    request: String,
    response: Option<String>,
}

/// The latest requests, the newest first.
pub(super) async fn show(frame: Frame, Query(parameters): Query<Parameters>) -> Response {
    let view = frame.hosted.traffic().view(&parameters.filter(None), MOST_ROWS);
    let page = Traffic {
        frame: &frame,
        active: "traffic",
        methods: METHODS,
        statuses: STATUSES,
        parameters: &parameters,
        rows: rows(&frame.mount, &view).concat(),
        view: &view,
    };
    rendered(StatusCode::OK, &page)
}

/// Streams the requests that the page does not show yet.
pub(super) async fn events(
    frame: Frame,
    State(application): State<Application>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> impl IntoResponse {
    let (mut last, mount) = (since(&headers, parameters.since), frame.mount);
    let mut count = None;
    follow(&frame.hosted, application.tenants.closing(), move |hosted| {
        let view = hosted.traffic().view(&parameters.filter(Some(last)), MOST_ROWS);
        if view.last == last && count == Some(view.count) {
            return None;
        }
        (last, count) = (view.last, Some(view.count));
        let data = json!({"last": last, "count": view.count, "rows": rows(&mount, &view)});
        Some(sse::Event::default().event("rows").id(last.to_string()).data(data.to_string()))
    })
}

/// The rows of the table, each as HTML.
fn rows(mount: &str, view: &View) -> Vec<String> {
    view.entries.iter().filter_map(|entry| Row { mount, row: entry.shown() }.render().ok()).collect()
}

/// One request with its response.
pub(super) async fn show_entry(frame: Frame, Path(number): Path<String>) -> Response {
    let entry = number.parse().ok().and_then(|number| frame.hosted.traffic().find(number));
    let Some(entry) = entry else {
        let message = "This request is not in the log any more, which has the last 1000. Pause the traffic before you open one.";
        return missing(&frame, "traffic", message);
    };
    let entry = entry.shown();
    let (request, response) = (message(&entry.request), entry.response.as_ref().map(message));
    rendered(StatusCode::OK, &One { frame: &frame, active: "traffic", entry, request, response })
}

/// A message as a person reads it, with JSON on several lines.
fn message(message: &Message) -> String {
    let mut text = String::new();
    for (name, value) in &message.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    match (&message.body, message.body_bytes) {
        (Some(body), _) if !body.is_empty() => {
            let json = serde_json::from_str::<serde_json::Value>(body).ok();
            let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
            let _ = write!(text, "\n{}", pretty.as_ref().unwrap_or(body));
        }
        (None, Some(bytes)) if bytes > 0 => {
            let _ = write!(text, "\n({bytes} bytes, which are not shown)");
        }
        (None, None) => text.push_str("\n(streamed)"),
        _ => {}
    }
    text
}
