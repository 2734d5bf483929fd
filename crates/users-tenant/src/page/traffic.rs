//! The requests to a tenant and their responses.

use crate::page::frame::{Frame, rendered};
use crate::problem::Problem;
use crate::traffic::{Filter, Message, Shown};
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

/// The number of requests that are shown.
const MOST_ROWS: usize = 200;

#[derive(Deserialize)]
pub(super) struct Parameters {
    method: Option<String>,
    path: Option<String>,
    status: Option<String>,
}

#[derive(Template)]
#[template(path = "page/traffic.html")]
struct Traffic<'a> {
    frame: &'a Frame,
    active: &'static str,
    method: &'a str,
    path: &'a str,
    status: &'a str,
    count: usize,
    rows: Vec<Shown>,
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
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let (method, path, status) = (given(parameters.method), given(parameters.path), given(parameters.status));
    let filter = Filter {
        method: method.clone(),
        path: path.clone(),
        status: status.clone(),
        operation: None,
        since: None,
    };
    let found = frame.hosted.traffic().select(&filter);
    let rows = found.iter().rev().take(MOST_ROWS).map(|entry| entry.shown()).collect();
    let page = Traffic {
        frame: &frame,
        active: "traffic",
        method: method.as_deref().unwrap_or_default(),
        path: path.as_deref().unwrap_or_default(),
        status: status.as_deref().unwrap_or_default(),
        count: found.len(),
        rows,
    };
    rendered(StatusCode::OK, &page)
}

/// One request with its response.
pub(super) async fn show_entry(frame: Frame, Path(number): Path<u64>) -> Result<Response, Problem> {
    let filter =
        Filter { method: None, path: None, status: None, operation: None, since: number.checked_sub(1) };
    let found = frame.hosted.traffic().select(&filter);
    let entry = found.first().filter(|entry| entry.number == number);
    let entry =
        entry.ok_or_else(|| Problem::not_found("The request is not in the log any more.".to_owned()))?;
    let entry = entry.shown();
    let (request, response) = (message(&entry.request), entry.response.as_ref().map(message));
    Ok(rendered(StatusCode::OK, &One { frame: &frame, active: "traffic", entry, request, response }))
}

/// A message as a person reads it, with JSON on several lines.
fn message(message: &Message) -> String {
    let mut lines: Vec<String> =
        message.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    match (&message.body, message.body_bytes) {
        (Some(body), _) if !body.is_empty() => {
            let json = serde_json::from_str::<serde_json::Value>(body).ok();
            lines.push(String::new());
            lines.push(
                json.and_then(|json| serde_json::to_string_pretty(&json).ok())
                    .unwrap_or_else(|| body.clone()),
            );
        }
        (None, Some(bytes)) if bytes > 0 => lines.push(format!("\n({bytes} bytes, which are not shown)")),
        (None, None) => lines.push("\n(streamed)".to_owned()),
        _ => {}
    }
    lines.join("\n")
}
