//! Answering from a recording.

use crate::cassette::har::{self, Entry, Har, PostData};
use crate::cassette::scrub::{Scrub, Scrubber};
use crate::client::build;
use crate::clock::VirtualClock;
use crate::script::differences;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::model::json;
use users_core::{
    ApiClient, AuthenticationClient, Body, ClientBuilder, Clock, HttpTransport, ManagementClient, Sent,
    TransportError, TransportErrorKind,
};

/// The number of recorded exchanges that an error names.
const MOST_NAMED: usize = 5;

/// A transport that answers requests from a recording of a [`Recorder`](crate::Recorder), or of any program that writes HAR 1.2. It uses
/// no network.
///
/// A request is answered by the first exchange that has the same method, path, query and body, and that was not used yet. Scheme and
/// host are ignored, and so are headers. A request that matches none fails with an error that states what differs.
///
/// Clones share the same recording.
#[derive(Clone)]
pub struct Replay {
    shared: Arc<Shared>,
}

struct Shared {
    clock: VirtualClock,
    state: Mutex<State>,
}

struct State {
    scrubber: Scrubber,
    entries: Vec<Entry>,
    used: Vec<bool>,
    unmatched: Vec<String>,
}

/// The error for a file that is not a recording.
#[derive(Debug)]
pub struct CassetteError(String);

impl fmt::Display for CassetteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CassetteError {}

impl Replay {
    /// Reads a HAR file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not in this format.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, CassetteError> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file)
            .map_err(|error| CassetteError(format!("{}: {error}", file.display())))?;
        Self::from_har(&text).map_err(|error| CassetteError(format!("{}: {error}", file.display())))
    }

    /// Parses the text of a HAR file.
    ///
    /// # Errors
    ///
    /// If it is not in this format.
    pub fn from_har(text: &str) -> Result<Self, CassetteError> {
        let har: Har = serde_json::from_str(text)
            .map_err(|error| CassetteError(format!("it is not an HTTP archive (HAR 1.2): {error}")))?;
        let mut entries = har.log.entries;
        // What was recorded with personal data removed is compared in the same way.
        let is_scrubbed = text.contains("person-");
        let scrub = if is_scrubbed { Scrub::SecretsAndPersonalData } else { Scrub::Secrets };
        Scrubber::new(scrub).scrub_all(&mut entries);
        let used = vec![false; entries.len()];
        let state = State { scrubber: Scrubber::new(scrub), entries, used, unmatched: Vec::new() };
        Ok(Self { shared: Arc::new(Shared { clock: VirtualClock::default(), state: Mutex::new(state) }) })
    }

    /// Builds a Management API client on this recording, with a token and a virtual clock. A recording of a client that fetched its token
    /// is replayed with `ManagementClient::builder(replay.clone()).domain(replay.domain()).client_credentials(…)`.
    #[allow(clippy::missing_panics_doc)]
    pub fn management(&self) -> ManagementClient {
        build(self.with_defaults(ManagementClient::builder(self.clone())).token("replayed-token"))
    }

    /// Builds an Authentication API client on this recording, with a virtual clock.
    #[allow(clippy::missing_panics_doc)]
    pub fn authentication(&self) -> AuthenticationClient {
        build(self.with_defaults(AuthenticationClient::builder(self.clone())))
    }

    fn with_defaults<T: ApiClient>(&self, builder: ClientBuilder<T>) -> ClientBuilder<T> {
        builder.domain(self.domain()).clock(self.clock())
    }

    /// The clock of the clients that it builds.
    pub fn clock(&self) -> VirtualClock {
        self.shared.clock.clone()
    }

    /// The tenant of the recording, as [`ClientBuilder::domain`] takes it: scheme, host and port of the first exchange.
    pub fn domain(&self) -> String {
        let state = self.state();
        let url = state.entries.first().map_or("", |entry| entry.request.url.as_str());
        let length = url.find("://").map_or(0, |scheme| scheme + 3);
        let host = url.get(length..).unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
        match url.get(..length + host.len()) {
            Some(origin) if !host.is_empty() => origin.to_owned(),
            _ => "tenant.example.com".to_owned(),
        }
    }

    /// The number of exchanges that were not used yet.
    pub fn remaining(&self) -> usize {
        self.state().used.iter().filter(|used| !**used).count()
    }

    /// Checks that every exchange was used, and that every request matched one.
    ///
    /// # Panics
    ///
    /// At the line of the caller, with a list of the exchanges that were not used and of the requests that matched none.
    #[track_caller]
    pub fn verify(&self) {
        let state = self.state();
        let mut report = String::new();
        for (entry, _) in state.entries.iter().zip(&state.used).filter(|(_, used)| !**used) {
            let _ = writeln!(report, "  not used: {}", name(entry));
        }
        for unmatched in &state.unmatched {
            let _ = writeln!(report, "  not recorded: {unmatched}");
        }
        drop(state);
        assert!(report.is_empty(), "the recording was not replayed as a whole:\n{report}");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The exchange that answers a request, or why there is none.
    fn find(&mut self, request: &http::Request<Bytes>) -> Result<har::Response, String> {
        let wanted = self.scrubbed(request);
        let mut reasons = Vec::new();
        for (entry, used) in self.entries.iter().zip(&mut self.used) {
            match mismatch(&wanted, entry) {
                None if !*used => {
                    *used = true;
                    return Ok(entry.response.clone());
                }
                None => reasons.push((0, format!("{} was used already", name(entry)))),
                Some((rank, reason)) if !*used => reasons.push((rank, format!("{}: {reason}", name(entry)))),
                Some(_) => {}
            }
        }
        // The most similar ones first.
        reasons.sort_by_key(|(rank, _)| *rank);
        let mut report = name(&wanted);
        for (_, reason) in reasons.iter().take(MOST_NAMED) {
            let _ = write!(report, "\n- {reason}");
        }
        self.unmatched.push(report.clone());
        Err(report)
    }

    /// The request in the form of a recorded one.
    fn scrubbed(&mut self, request: &http::Request<Bytes>) -> Entry {
        let mut entry = Entry::new(request);
        for _ in 0..2 {
            self.scrubber.scrub(&mut entry);
        }
        entry
    }
}

/// How a request differs from a recorded one, the most similar with the lowest rank; `None` if it does not.
fn mismatch(wanted: &Entry, entry: &Entry) -> Option<(u8, String)> {
    let (wanted, recorded) = (&wanted.request, &entry.request);
    if wanted.method != recorded.method {
        return Some((3, "the method differs".to_owned()));
    }
    let (path, query) = target(&wanted.url);
    let (recorded_path, recorded_query) = target(&recorded.url);
    if path != recorded_path {
        return Some((2, "the path differs".to_owned()));
    }
    if query != recorded_query {
        return Some((1, format!("the query is {query:?}, recorded was {recorded_query:?}")));
    }
    let text = |body: &Option<PostData>| body.as_ref().map_or(String::new(), |body| body.text.clone());
    let (body, recorded_body) = (text(&wanted.post_data), text(&recorded.post_data));
    if body == recorded_body || (!body.is_empty() && json::equal(&body, &recorded_body)) {
        return None;
    }
    Some((0, differences(&recorded_body, &body)))
}

/// The path and the query of a URL.
fn target(url: &str) -> (&str, &str) {
    let below_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = below_scheme.find('/').and_then(|slash| below_scheme.get(slash..)).unwrap_or("/");
    target.split_once('?').unwrap_or((target, ""))
}

fn name(entry: &Entry) -> String {
    let (path, query) = target(&entry.request.url);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {path}{mark}{query}", entry.request.method)
}

/// The response as it was recorded, without headers that describe how it was transferred.
fn respond(recorded: &har::Response) -> Result<http::Response<Body>, TransportError> {
    let failure = recorded.error.as_ref().map(TransportError::from);
    if let (0, Some(failure)) = (recorded.status, failure) {
        return Err(failure);
    }
    let invalid =
        |message: &str| TransportError::new(TransportErrorKind::Invalid, Sent::No, message.to_owned());
    let body = har::decode(&recorded.content.text, recorded.content.encoding.as_deref())
        .ok_or_else(|| invalid("the recorded body is not base64"))?;
    let body = match &recorded.error {
        None => Body::from(body),
        Some(failure) => Body::from_stream(stream::iter([Ok(body), Err(TransportError::from(failure))])),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::from_u16(recorded.status)
        .map_err(|_| invalid("the recorded status is not an HTTP status"))?;
    for header in &recorded.headers {
        let name = HeaderName::try_from(header.name.as_str());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(header.value.as_str())) {
            if !matches!(
                name.as_str(),
                "content-length" | "transfer-encoding" | "content-encoding" | "connection"
            ) {
                response.headers_mut().append(name, value);
            }
        }
    }
    Ok(response)
}

#[async_trait]
impl HttpTransport for Replay {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let found = self.state().find(&request);
        match found {
            Ok(recorded) => respond(&recorded),
            Err(report) => Err(TransportError::new(
                TransportErrorKind::Invalid,
                Sent::No,
                format!("the recording has no {}", report.replace('\n', " ")),
            )),
        }
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::new(self.shared.clock.clone()))
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}
