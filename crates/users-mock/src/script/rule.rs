//! An expectation as the mock keeps it.

use crate::script::captured::Captured;
use crate::script::differences::differences;
use crate::script::matcher::Matcher;
use crate::script::response::ScriptedResponse;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use users_core::model::json;

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

    /// Whether it is the other rule, or has to wait for it.
    pub(crate) fn comes_after(&self, other: &Self) -> bool {
        let mut rule = Some(self.clone());
        while let Some(current) = rule {
            if Arc::ptr_eq(&current.0, &other.0) {
                return true;
            }
            rule = current.with(|rule| rule.after.clone());
        }
        false
    }
}

/// When a request is answered.
#[derive(Clone, Copy)]
pub(crate) enum Delay {
    Of(Duration),
    Forever,
}

/// The conditions of an expectation, and its response.
pub(crate) struct Rule {
    matcher: Matcher,
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    /// The fewest requests that are expected.
    pub(crate) at_least: u32,
    /// The most requests that are expected; `None` for any number.
    pub(crate) at_most: Option<u32>,
    received: u32,
    /// The expectation that must be met before this one receives a request.
    pub(crate) after: Option<SharedRule>,
    pub(crate) delay: Delay,
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
            at_least: 1,
            at_most: Some(1),
            received: 0,
            after: None,
            delay: Delay::Of(Duration::ZERO),
            response: ScriptedResponse::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.matcher.name
    }

    pub(crate) fn is_met(&self) -> bool {
        self.received >= self.at_least
    }

    pub(crate) fn check_path_parameter(&self, name: &str) -> Result<(), String> {
        self.matcher.check_path_parameter(name)
    }

    pub(crate) fn describe(&self) -> String {
        let times = |count: u32| if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let expected = match self.at_most {
            Some(most) if most == self.at_least => times(most),
            Some(most) => format!("{} to {most} times", self.at_least),
            None => format!("at least {}", times(self.at_least)),
        };
        format!("{} {expected}, received {}", self.name(), times(self.received))
    }

    /// The response if the request meets the conditions, or else the reason why it does not.
    pub(crate) fn take(&mut self, request: &Captured) -> Result<(ScriptedResponse, Delay), String> {
        let parameters = self.matcher.parameters(request)?;
        for (name, expected) in &self.path {
            let actual = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            compare(&format!("path parameter {name}"), expected, actual)?;
        }
        for (name, expected) in &self.query {
            let hint = |reason| match self.matcher.check_query_parameter(name) {
                Ok(()) => reason,
                Err(hint) => format!("{reason} ({hint})"),
            };
            compare(&format!("query parameter {name}"), expected, request.query(name).as_deref())
                .map_err(hint)?;
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
            if actual.is_empty() || !json::equal(expected, actual) {
                return Err(differences(expected, actual));
            }
        }
        if let Some(earlier) = &self.after {
            // The earlier rule is another one, so that it is not locked by this request.
            let unmet = earlier.with(|earlier| (!earlier.is_met()).then(|| earlier.describe()));
            if let Some(unmet) = unmet {
                return Err(format!("it is expected after {unmet}"));
            }
        }
        if self.at_most.is_some_and(|most| self.received >= most) {
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
