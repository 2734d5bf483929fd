//! The log of a tenant's requests and responses.

use crate::near::why_not;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use users_core::model::Timestamp;
use users_mock::{Logged, Page, Scrub};

/// The number of entries that a tenant keeps.
const MOST_ENTRIES: usize = 1000;

/// The number of entries that a tenant keeps for the page: those of the last seconds of a busy one.
const MOST_VIEWED: usize = 2000;

/// The number of bytes of targets, headers and bodies that a tenant keeps.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The number of bytes of a body that is kept; a larger one is left out.
const MOST_BODY: usize = 64 * 1024;

/// The last requests to a tenant and their responses.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    log: Kept,
    /// What the page has shown, which a person may want to open when it is not in the log any more.
    viewed: Kept,
    /// The number of the last entry.
    last: u64,
}

/// Entries of which the oldest are removed if there are too many.
#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
}

/// What the page shows of the log.
#[derive(Debug)]
pub(crate) struct View {
    /// The newest first.
    pub(crate) entries: Vec<Arc<Entry>>,
    /// The number of entries that the filter selects, of which there may be more than are shown.
    pub(crate) count: usize,
    /// The number of the last entry of the log, whether it is selected or not.
    pub(crate) last: u64,
}

/// A request and its response, with their secrets: only [`Entry::shown`] is shown.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    time: Timestamp,
    duration: Duration,
    request: Request<Bytes>,
    request_bytes: usize,
    /// `None` if there was none.
    response: Option<Response<Bytes>>,
    /// `None` for a body that was streamed.
    response_bytes: Option<usize>,
    operation: Option<&'static str>,
}

/// What is added to the log.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The time of the tenant.
    pub(crate) time: Timestamp,
    pub(crate) duration: Duration,
    /// Its URI is the path and query that the tenant received.
    pub(crate) request: Request<Bytes>,
    /// `None` if there was none; the body is `None` if it was streamed.
    pub(crate) response: Option<Response<Option<Bytes>>>,
}

impl Traffic {
    /// Adds a request and its response.
    pub(crate) fn push(&mut self, recorded: Recorded) -> Arc<Entry> {
        self.last += 1;
        let entry = Arc::new(Entry::new(self.last, recorded));
        self.log.push(Arc::clone(&entry), MOST_ENTRIES);
        entry
    }

    /// The entries that a filter selects, the oldest first.
    pub(crate) fn select(&self, filter: &Filter) -> Vec<Arc<Entry>> {
        self.log.entries.iter().filter(|entry| filter.selects(entry)).cloned().collect()
    }

    /// The newest entries that a filter selects, which can be [found](Self::find) as long as no others are viewed.
    pub(crate) fn view(&mut self, filter: &Filter, most: usize) -> View {
        let since = filter.since.unwrap_or_default();
        let all = Filter { since: None, ..filter.clone() };
        let selected = self.select(&all);
        let fresh = selected.iter().rev().take_while(|entry| entry.number > since);
        let entries: Vec<Arc<Entry>> = fresh.take(most).cloned().collect();
        for entry in entries.iter().rev() {
            if self.viewed.find(entry.number).is_none() {
                self.viewed.push(Arc::clone(entry), MOST_VIEWED);
            }
        }
        View { entries, count: selected.len(), last: self.last }
    }

    /// The entry with this number, if it is in the log or was viewed lately.
    pub(crate) fn find(&self, number: u64) -> Option<Arc<Entry>> {
        self.log.find(number).or_else(|| self.viewed.find(number)).cloned()
    }

    /// The number of the last entry.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Removes all entries. Numbers go on.
    pub(crate) fn clear(&mut self) {
        self.log = Kept::default();
        self.viewed = Kept::default();
    }
}

impl Kept {
    fn push(&mut self, entry: Arc<Entry>, most: usize) {
        self.bytes += entry.kept_bytes();
        self.entries.push_back(entry);
        while self.entries.len() > most || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.kept_bytes();
        }
    }

    fn find(&self, number: u64) -> Option<&Arc<Entry>> {
        self.entries.iter().rev().find(|entry| entry.number == number)
    }
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

impl Entry {
    fn new(number: u64, recorded: Recorded) -> Self {
        let Recorded { time, duration, request, response } = recorded;
        let status = response.as_ref().map_or(StatusCode::OK, Response::status);
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let operation =
            Logged::new(request.method().clone(), target, request.body().clone(), status).operation();
        let request_bytes = request.body().len();
        let response_bytes = response.as_ref().and_then(|response| response.body().as_ref().map(Bytes::len));
        let kept = |body: Bytes| if body.len() > MOST_BODY { Bytes::new() } else { body };
        // A page has codes and links that log a user in, at places that are not known by their names.
        let is_page = |response: &Response<Option<Bytes>>| response.extensions().get::<Page>().is_some();
        let response = response.map(|response| {
            let is_page = is_page(&response);
            response.map(|body| kept(body.filter(|_| !is_page).unwrap_or_default()))
        });
        let request = request.map(kept);
        Self { number, time, duration, request, request_bytes, response, response_bytes, operation }
    }

    fn kept_bytes(&self) -> usize {
        let request = &self.request;
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let of_request = target + header_bytes(request.headers()) + request.body().len();
        let of_response =
            |response: &Response<Bytes>| header_bytes(response.headers()) + response.body().len();
        of_request + self.response.as_ref().map_or(0, of_response)
    }

    /// The status of the response; `None` if there was none.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().map(Response::status)
    }

    /// The entry without secrets.
    pub(crate) fn shown(&self) -> Shown {
        let none = Response::new(Bytes::new());
        let response = self.response.as_ref().unwrap_or(&none);
        let scrubbed = Scrub::Secrets.exchange(&self.request, response);
        let body = |text: Option<String>, kept: &Bytes, bytes: Option<usize>| {
            text.filter(|_| bytes.is_some_and(|bytes| bytes == kept.len()))
        };
        Shown {
            sequence: self.number,
            time: self.time.as_str().to_owned(),
            method: self.request.method().to_string(),
            target: scrubbed.target,
            operation: self.operation,
            status: self.status().map(|status| status.as_u16()),
            duration_ms: (self.duration.as_secs_f64() * 1e6).round() / 1e3,
            rate_limit: RateLimit::of(response.headers()),
            why: self.why(),
            request: Message {
                headers: collected(scrubbed.request_headers),
                body: body(scrubbed.request_body, self.request.body(), Some(self.request_bytes)),
                body_bytes: Some(self.request_bytes),
            },
            response: self.response.is_some().then(|| Message {
                headers: collected(scrubbed.response_headers),
                body: body(scrubbed.response_body, response.body(), self.response_bytes),
                body_bytes: self.response_bytes,
            }),
        }
    }

    /// Why the request failed, if the body of its response does not say it.
    fn why(&self) -> Option<String> {
        let Some(status) = self.status() else {
            return Some(
                "There was no response: the connection was closed by a fault or by the client.".to_owned(),
            );
        };
        if status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED {
            return None;
        }
        why_not(self.request.method(), self.request.uri().path())
    }
}

/// Headers of the same name are joined.
fn collected(headers: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut collected = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        match collected.get_mut(&name) {
            Some(values) => {
                values.push_str(", ");
                values.push_str(&value);
            }
            None => drop(collected.insert(name, value)),
        }
    }
    collected
}

/// An entry without secrets, as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) sequence: u64,
    pub(crate) time: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) operation: Option<&'static str>,
    pub(crate) status: Option<u16>,
    pub(crate) duration_ms: f64,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) why: Option<String>,
    pub(crate) request: Message,
    pub(crate) response: Option<Message>,
}

impl Shown {
    /// The time of day.
    pub(crate) fn clock(&self) -> &str {
        self.time.get(11..23).unwrap_or(&self.time)
    }
}

/// The headers and the body of a request or a response.
#[derive(Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) headers: BTreeMap<String, String>,
    /// `None` if it is not text, is too large or was streamed.
    pub(crate) body: Option<String>,
    pub(crate) body_bytes: Option<usize>,
}

/// The level of a rate limit after a response.
#[derive(Debug, Serialize)]
pub(crate) struct RateLimit {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Seconds since 1970.
    pub(crate) reset: u64,
}

impl RateLimit {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            reset: number("x-ratelimit-reset")?,
        })
    }
}

/// Which entries are selected; what is `None` selects all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// In any case.
    pub(crate) method: Option<String>,
    /// The path, or its beginning before a `*`.
    pub(crate) path: Option<String>,
    /// As `404`, or `4xx`.
    pub(crate) status: Option<String>,
    pub(crate) operation: Option<String>,
    /// A part of the path, in any case.
    pub(crate) text: Option<String>,
    /// The number of an entry; those after it are selected.
    pub(crate) since: Option<u64>,
}

impl Filter {
    fn selects(&self, entry: &Entry) -> bool {
        let Self { method, path, status, operation, text, since } = self;
        let is_path = |wanted: &String| {
            let path = entry.request.uri().path();
            match wanted.strip_suffix('*') {
                Some(beginning) => path.starts_with(beginning),
                None => path == wanted,
            }
        };
        let is_text = |wanted: &String| {
            entry.request.uri().path().to_ascii_lowercase().contains(&wanted.to_ascii_lowercase())
        };
        let is_status = |wanted: &String| {
            let status =
                entry.status().map_or_else(|| "none".to_owned(), |status| status.as_str().to_owned());
            match wanted.strip_suffix("xx") {
                Some(class) => status.starts_with(class),
                None => status == *wanted,
            }
        };
        since.is_none_or(|since| entry.number > since)
            && method
                .as_ref()
                .is_none_or(|method| entry.request.method().as_str().eq_ignore_ascii_case(method))
            && path.as_ref().is_none_or(is_path)
            && status.as_ref().is_none_or(is_status)
            && text.as_ref().is_none_or(is_text)
            && operation.as_ref().is_none_or(|wanted| entry.operation == Some(wanted.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(target: &str, body: &str, status: u16, answer: &str) -> Recorded {
        let request = Request::post(target)
            .header("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.c2VjcmV0")
            .header("content-type", "application/json")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let mut response = Response::new(Some(Bytes::copy_from_slice(answer.as_bytes())));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let time = "2026-01-01T00:00:00.000Z".parse().unwrap();
        Recorded { time, duration: Duration::from_micros(1500), request, response: Some(response) }
    }

    #[test]
    fn entries_are_shown_without_secrets() {
        let mut traffic = Traffic::default();
        let body = r#"{"grant_type":"password","username":"ada","password":"Correct horse 1"}"#;
        let answer = r#"{"access_token":"abc123456","message":"Correct horse 1"}"#;
        let entry = traffic.push(recorded("/oauth/token?code=xyz987&state=1", body, 200, answer));
        let shown = serde_json::to_string(&entry.shown()).unwrap();
        for secret in ["Correct horse", "abc123456", "xyz987", "c2VjcmV0"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
        let page = r#"{"page":"form_post","action":"http://localhost:3000/","fields":{"code":"xyz987","state":"1"}}"#;
        let mut posted = recorded("/authorize/resume?state=1", "", 200, page);
        let message = Page::Message { title: String::new(), text: String::new() };
        posted.response.as_mut().unwrap().extensions_mut().insert(message);
        let entry = traffic.push(posted);
        assert!(!serde_json::to_string(&entry.shown()).unwrap().contains("xyz987"));
        for kept in ["ada", "state=1", r#""duration_ms":1.5"#, "[redacted]"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn the_log_is_bounded_by_entries_and_by_bytes() {
        let mut traffic = Traffic::default();
        for _ in 0..MOST_ENTRIES + 5 {
            traffic.push(recorded("/x", "", 200, ""));
        }
        let long = recorded(&format!("/x?{}", "y".repeat(1000)), "", 200, "");
        assert!(Entry::new(1, long).kept_bytes() > 1000, "the target counts too");
        let all = |traffic: &Traffic| traffic.select(&Filter::default());
        assert_eq!((all(&traffic).len(), all(&traffic)[0].number), (MOST_ENTRIES, 6));
        traffic.clear();
        let body = "x".repeat(MOST_BODY);
        for _ in 0..100 {
            traffic.push(recorded("/x", &body, 200, ""));
        }
        // The targets and headers count too.
        assert_eq!(all(&traffic).len(), MOST_BYTES / MOST_BODY - 1);
        let large = traffic.push(recorded("/x", &"x".repeat(MOST_BODY + 1), 200, "")).shown();
        assert_eq!((large.request.body, large.request.body_bytes), (None, Some(MOST_BODY + 1)));
    }

    #[test]
    fn what_was_viewed_is_found_after_it_has_left_the_log() {
        let mut traffic = Traffic::default();
        traffic.push(recorded("/viewed", "", 200, ""));
        let every = Filter::default();
        let seen = |view: View| {
            let numbers: Vec<u64> = view.entries.iter().map(|entry| entry.number).collect();
            (numbers, view.count, view.last)
        };
        assert_eq!(seen(traffic.view(&every, 10)), (vec![1], 1, 1));
        for _ in 0..2 * MOST_ENTRIES {
            traffic.push(recorded("/x", "", 200, ""));
        }
        assert_eq!((traffic.find(1).is_some(), traffic.find(2).is_some()), (true, false));
        let last = 1 + 2 * u64::try_from(MOST_ENTRIES).unwrap();
        let since = Filter { since: Some(last - 2), ..Filter::default() };
        assert_eq!(seen(traffic.view(&since, 10)), (vec![last, last - 1], MOST_ENTRIES, last));
        assert_eq!(seen(traffic.view(&every, 1)), (vec![last], MOST_ENTRIES, last));
        assert_eq!(traffic.viewed.entries.len(), 3, "each once");
        for _ in 0..2 * MOST_ENTRIES {
            traffic.push(recorded("/x", &"x".repeat(MOST_BODY), 200, ""));
            traffic.view(&every, 10);
        }
        assert!(traffic.viewed.bytes <= MOST_BYTES && traffic.find(1).is_none());
        traffic.clear();
        assert!(traffic.find(traffic.last()).is_none());
    }

    #[test]
    fn filters_select_by_method_path_status_operation_text_and_number() {
        let mut traffic = Traffic::default();
        traffic.push(recorded("/api/v2/users", "{}", 201, "{}"));
        traffic.push(recorded("/api/v2/users/x/y/z", "{}", 404, "{}"));
        traffic.push(Recorded { response: None, ..recorded("/api/v2/users?q=a", "{}", 200, "{}") });
        let filter = Filter::default;
        for (filter, expected) in [
            (filter(), vec![1, 2, 3]),
            (Filter { method: Some("post".into()), ..filter() }, vec![1, 2, 3]),
            (Filter { method: Some("GET".into()), ..filter() }, vec![]),
            (Filter { path: Some("/api/v2/users".into()), ..filter() }, vec![1, 3]),
            (Filter { path: Some("/api/v2/users/*".into()), ..filter() }, vec![2]),
            (Filter { status: Some("404".into()), ..filter() }, vec![2]),
            (Filter { status: Some("2xx".into()), ..filter() }, vec![1]),
            (Filter { status: Some("none".into()), ..filter() }, vec![3]),
            (Filter { text: Some("X/Y".into()), ..filter() }, vec![2]),
            (Filter { operation: Some("users.create".into()), ..filter() }, vec![1, 3]),
            (Filter { since: Some(2), ..filter() }, vec![3]),
        ] {
            let found: Vec<u64> = traffic.select(&filter).iter().map(|entry| entry.number).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }
}
