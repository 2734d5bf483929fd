//! What a mock expects, and what it answers.

use crate::captured::{Captured, decode};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use users_core::model::json;
use users_core::{Descriptor, Sent, TransportError, TransportErrorKind};

/// Which requests an expectation is about: an operation, or a method and a path template.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Method,
    template: String,
    name: String,
}

impl From<&Descriptor> for Matcher {
    fn from(descriptor: &Descriptor) -> Self {
        Self {
            method: descriptor.method.clone(),
            template: descriptor.path.to_string(),
            name: format!("{} ({descriptor})", descriptor.name),
        }
    }
}

impl From<(Method, &str)> for Matcher {
    fn from((method, template): (Method, &str)) -> Self {
        Self { name: format!("{method} {template}"), method, template: template.to_owned() }
    }
}

impl Matcher {
    /// Whether the request is of this kind.
    pub(crate) fn fits(&self, request: &Captured) -> bool {
        self.parameters(request).is_ok()
    }

    /// The template's parameters as the request fills them, or why it does not fit.
    fn parameters(&self, request: &Captured) -> Result<Vec<(String, String)>, String> {
        if *request.method() != self.method {
            return Err(format!("the method is {}", request.method()));
        }
        let path = request.uri().path();
        let below_api = path.strip_prefix("/api/v2").filter(|rest| rest.starts_with('/'));
        fill(&self.template, path)
            .or_else(|| fill(&self.template, below_api?))
            .ok_or_else(|| "the path is another".to_owned())
    }
}

fn fill(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut parameters = Vec::new();
    for (expected, segment) in template.into_iter().zip(path) {
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => parameters.push((name.to_owned(), decode(segment))),
            _ if expected == segment => {}
            _ => return None,
        }
    }
    Some(parameters)
}

/// A rule that its expectation may still refine while the mock holds it.
#[derive(Clone)]
pub(crate) struct SharedRule(Arc<Mutex<Rule>>);

impl SharedRule {
    pub(crate) fn new(rule: Rule) -> Self {
        Self(Arc::new(Mutex::new(rule)))
    }

    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&mut Rule) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One expectation and its answer.
pub(crate) struct Rule {
    matcher: Matcher,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    times: Option<u32>,
    came: u32,
    delay: Duration,
    answer: Answer,
}

impl Rule {
    pub(crate) fn new(matcher: Matcher) -> Self {
        Self {
            matcher,
            path: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            times: Some(1),
            came: 0,
            delay: Duration::ZERO,
            answer: Answer::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.matcher.name
    }

    pub(crate) fn is_met(&self) -> bool {
        self.times.is_none_or(|times| self.came == times)
    }

    pub(crate) fn describe(&self) -> String {
        let times = |count: u32| if count == 1 { "once".to_owned() } else { format!("{count} times") };
        format!("{} {}, came {}", self.name(), self.times.map_or_else(String::new, times), times(self.came))
    }

    /// The answer, if this rule is for the request; otherwise why it is not.
    pub(crate) fn take(&mut self, request: &Captured) -> Result<(Answer, Duration), String> {
        let parameters = self.matcher.parameters(request)?;
        for (name, expected) in &self.path {
            let given = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            compare(&format!("path parameter {name}"), expected, given)?;
        }
        for (name, expected) in &self.query {
            compare(&format!("query parameter {name}"), expected, request.query(name).as_deref())?;
        }
        for (name, expected) in &self.headers {
            let given = request.headers().get(name);
            let shown = given
                .map(|value| if value.is_sensitive() { "[redacted]" } else { value.to_str().unwrap_or("?") });
            if given.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
                return Err(format!("header {name} is {}", shown.unwrap_or("absent")));
            }
        }
        if let Some(expected) = &self.body {
            let given = std::str::from_utf8(request.body()).unwrap_or("no UTF-8");
            if !json::equal(expected, given) {
                return Err(differences(expected, given));
            }
        }
        if self.times.is_some_and(|times| self.came >= times) {
            return Err(format!(
                "it has come {} already",
                if self.came == 1 { "once" } else { "as often as expected" }
            ));
        }
        self.came += 1;
        Ok((self.answer.clone(), self.delay))
    }
}

fn compare(what: &str, expected: &str, given: Option<&str>) -> Result<(), String> {
    match given {
        Some(given) if given == expected => Ok(()),
        Some(given) => Err(format!("{what} is {given:?}, not {expected:?}")),
        None => Err(format!("{what} is absent, not {expected:?}")),
    }
}

/// Which keys of two JSON objects differ. Values are not shown: a body may hold a password.
fn differences(expected: &str, given: &str) -> String {
    use users_core::model::JsonObject;
    let (Ok(expected), Ok(given)) = (JsonObject::from_json(expected), JsonObject::from_json(given)) else {
        return "the body is another".to_owned();
    };
    let differs = |key: &&str| match (expected.raw(key), given.raw(key)) {
        (Some(expected), Some(given)) => !json::equal(expected, given),
        _ => false,
    };
    let list = |title: &str, keys: Vec<&str>| {
        if keys.is_empty() { String::new() } else { format!("; {title} {}", keys.join(", ")) }
    };
    format!(
        "the body is another{}{}{}",
        list("missing:", expected.keys().filter(|key| !given.contains_key(key)).collect()),
        list("too much:", given.keys().filter(|key| !expected.contains_key(key)).collect()),
        list("different:", expected.keys().filter(differs).collect()),
    )
}

/// What an expectation answers.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Bytes,
    error: Option<(TransportErrorKind, Sent, String)>,
    by: Option<Arc<AnswerFn>>,
}

type AnswerFn = dyn Fn(&Captured) -> http::Response<Bytes> + Send + Sync;

impl Answer {
    pub(crate) fn give(self, request: &Captured) -> Result<http::Response<Bytes>, TransportError> {
        if let Some((kind, sent, message)) = self.error {
            return Err(TransportError::new(kind, sent, message));
        }
        if let Some(by) = self.by {
            return Ok(by(request));
        }
        let default = if self.body.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status.unwrap_or(default);
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

/// An expectation of a [`MockTransport`](crate::MockTransport). It counts as soon as it is made; the methods refine it.
///
/// Unless told otherwise it is expected once and answered with an empty 204.
pub struct Expectation {
    rule: SharedRule,
}

impl Expectation {
    pub(crate) fn new(rule: SharedRule) -> Self {
        Self { rule }
    }

    fn with(self, change: impl FnOnce(&mut Rule)) -> Self {
        self.rule.with(change);
        self
    }

    /// Only if this path parameter has this value, not encoded.
    pub fn path(self, name: &str, value: &str) -> Self {
        self.with(|rule| rule.path.push((name.to_owned(), value.to_owned())))
    }

    /// Only if this query parameter has this value, not encoded.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.with(|rule| rule.query.push((name.to_owned(), value.to_owned())))
    }

    /// Only if this header has this value.
    pub fn with_header(self, name: &str, value: &str) -> Self {
        self.with(|rule| rule.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Only if the body is this JSON: a model, `serde_json::json!({…})`, anything that serialises. The order of keys does not count.
    pub fn with_body(self, body: impl Serialize) -> Self {
        self.with(|rule| rule.body = Some(serde_json::to_string(&body).unwrap_or_default()))
    }

    /// Expects it once; this is so unless told otherwise.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Expects it exactly this often.
    pub fn times(self, times: u32) -> Self {
        self.with(|rule| rule.times = Some(times))
    }

    /// Answers it however often it comes, never included.
    pub fn always(self) -> Self {
        self.with(|rule| rule.times = None)
    }

    /// Answers with this status; 200 otherwise, or 204 where there is no body.
    ///
    /// # Panics
    ///
    /// If it is no HTTP status.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn status(self, status: u16) -> Self {
        let Ok(status) = StatusCode::from_u16(status) else { panic!("{status} is no HTTP status") };
        self.with(|rule| rule.answer.status = Some(status))
    }

    /// Answers with this header.
    ///
    /// # Panics
    ///
    /// If it is no valid header.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn header(self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.with(|rule| {
                rule.answer.headers.append(name, value);
            }),
            _ => panic!("{name}: {value} is no valid header"),
        }
    }

    /// Answers with this JSON text.
    pub fn json(self, json: impl Into<String>) -> Self {
        self.with(|rule| {
            rule.answer
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
            rule.answer.body = json.into().into();
        })
    }

    /// Answers with a model, or anything else that serialises, as JSON.
    ///
    /// # Panics
    ///
    /// If it has no JSON form.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn model(self, model: impl Serialize) -> Self {
        match serde_json::to_string(&model) {
            Ok(json) => self.json(json),
            Err(error) => panic!("the answer has no JSON form: {error}"),
        }
    }

    /// Answers with an error of the Management API: `{statusCode, error, message, errorCode}`.
    pub fn error(self, status: u16, code: &str, message: &str) -> Self {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        self.status(status).model(serde_json::json!({
            "statusCode": status, "error": reason, "message": message, "errorCode": code,
        }))
    }

    /// Answers with these bytes, whatever they are.
    pub fn bytes(self, body: impl Into<Bytes>) -> Self {
        self.with(|rule| rule.answer.body = body.into())
    }

    /// Fails as a transport does.
    pub fn transport_error(self, kind: TransportErrorKind, sent: Sent) -> Self {
        self.with(|rule| {
            rule.answer.error = Some((kind, sent, format!("the mock was told to fail: {kind:?}")));
        })
    }

    /// Answers with whatever the closure makes of the request.
    pub fn answer(self, by: impl Fn(&Captured) -> http::Response<Bytes> + Send + Sync + 'static) -> Self {
        self.with(|rule| rule.answer.by = Some(Arc::new(by)))
    }

    /// Answers only after this time, by the mock's clock.
    pub fn delay(self, delay: Duration) -> Self {
        self.with(|rule| rule.delay = delay)
    }
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expectation").field(&self.rule.with(|rule| rule.describe())).finish()
    }
}
