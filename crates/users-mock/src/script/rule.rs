//! An expectation as the mock keeps it.

use crate::script::captured::Captured;
use crate::script::matcher::Matcher;
use crate::script::response::ScriptedResponse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use users_core::model::{JsonObject, json};

/// A rule that is shared by the mock and the expectation, which may still refine it.
#[derive(Clone)]
pub(crate) struct SharedRule(Arc<Mutex<Rule>>);

impl SharedRule {
    pub(crate) fn new(rule: Rule) -> Self {
        Self(Arc::new(Mutex::new(rule)))
    }

    pub(crate) fn with<T>(&self, access: impl FnOnce(&mut Rule) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The conditions of an expectation, and its response.
pub(crate) struct Rule {
    matcher: Matcher,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    /// The number of requests that are expected; `None` for any number.
    pub(crate) times: Option<u32>,
    received: u32,
    pub(crate) delay: Duration,
    pub(crate) response: ScriptedResponse,
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
            received: 0,
            delay: Duration::ZERO,
            response: ScriptedResponse::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.matcher.name
    }

    pub(crate) fn is_met(&self) -> bool {
        self.times.is_none_or(|times| self.received == times)
    }

    pub(crate) fn describe(&self) -> String {
        let times = |count: u32| if count == 1 { "once".to_owned() } else { format!("{count} times") };
        format!(
            "{} {}, received {}",
            self.name(),
            self.times.map_or_else(String::new, times),
            times(self.received)
        )
    }

    /// The response if the request meets the conditions, or else the reason why it does not.
    pub(crate) fn take(&mut self, request: &Captured) -> Result<(ScriptedResponse, Duration), String> {
        let parameters = self.matcher.parameters(request)?;
        for (name, expected) in &self.path {
            let actual = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            compare(&format!("path parameter {name}"), expected, actual)?;
        }
        for (name, expected) in &self.query {
            compare(&format!("query parameter {name}"), expected, request.query(name).as_deref())?;
        }
        for (name, expected) in &self.headers {
            let actual = request.headers().get(name);
            let shown = actual
                .map(|value| if value.is_sensitive() { "[redacted]" } else { value.to_str().unwrap_or("?") });
            if actual.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
                return Err(format!("header {name} is {}", shown.unwrap_or("absent")));
            }
        }
        if let Some(expected) = &self.body {
            let actual = std::str::from_utf8(request.body()).unwrap_or("not UTF-8");
            if !json::equal(expected, actual) {
                return Err(differences(expected, actual));
            }
        }
        if self.times.is_some_and(|times| self.received >= times) {
            return Err(format!(
                "it was already received {}",
                if self.received == 1 { "once" } else { "as often as expected" }
            ));
        }
        self.received += 1;
        Ok((self.response.clone(), self.delay))
    }
}

fn compare(what: &str, expected: &str, actual: Option<&str>) -> Result<(), String> {
    match actual {
        Some(actual) if actual == expected => Ok(()),
        Some(actual) => Err(format!("{what} is {actual:?}, not {expected:?}")),
        None => Err(format!("{what} is absent, not {expected:?}")),
    }
}

/// The keys in which two JSON objects differ. Values are not shown, because a body may contain a password.
fn differences(expected: &str, actual: &str) -> String {
    let (Ok(expected), Ok(actual)) = (JsonObject::from_json(expected), JsonObject::from_json(actual)) else {
        return "the body differs".to_owned();
    };
    // Each object is read once: a lookup in it would read it from the start.
    let expected: BTreeMap<&str, &str> = expected.iter().collect();
    let mut unexpected: BTreeMap<&str, &str> = actual.iter().collect();
    let (mut missing, mut different) = (Vec::new(), Vec::new());
    for (key, expected) in expected {
        match unexpected.remove(key) {
            None => missing.push(key),
            Some(actual) if !json::equal(expected, actual) => different.push(key),
            Some(_) => {}
        }
    }
    let unexpected: Vec<&str> = unexpected.into_keys().collect();
    let mut text = "the body differs".to_owned();
    for (title, keys) in [("missing", missing), ("unexpected", unexpected), ("different", different)] {
        if !keys.is_empty() {
            for part in ["; ", title, ": ", &keys.join(", ")] {
                text.push_str(part);
            }
        }
    }
    text
}
