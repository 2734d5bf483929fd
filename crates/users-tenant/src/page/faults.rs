//! The faults of a tenant, as switches.

use crate::page::frame::{Frame, rendered};
use askama::Template;
use axum::response::Response;
use http::StatusCode;

/// Faults to switch on with one click, and what they do.
const EXAMPLES: &[(&str, &str)] = &[
    ("503@users.get_all,times=1", "The next search answers 503"),
    ("429,times=1,header=retry-after:2", "The next request is rate limited, for two seconds"),
    ("500,chance=0.1", "Every tenth request answers 500"),
    ("reset-after@users.create,times=1", "The next user is created, and the connection breaks"),
    ("hang@users.get,times=1", "The next read of a user is never answered"),
    ("truncated,times=1", "The next answer ends in the middle"),
    (
        "503@oauth.authorization_code_grant,times=1",
        "The next login in a browser fails when its code is exchanged",
    ),
];

#[derive(Template)]
#[template(path = "page/faults.html")]
struct Part<'a> {
    frame: &'a Frame,
    active: &'static str,
    faults: Vec<Fault>,
    examples: Vec<Example>,
}

struct Fault {
    text: String,
    /// The body that leaves out this one.
    others: String,
}

/// A switch: what a click on it sends.
struct Example {
    meaning: &'static str,
    text: &'static str,
    is_on: bool,
    method: &'static str,
    body: String,
}

pub(super) async fn show(frame: Frame) -> Response {
    let all: Vec<String> = frame.hosted.faults().faults().iter().map(ToString::to_string).collect();
    let without = |index: usize| {
        let others: Vec<&String> =
            all.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, fault)| fault).collect();
        serde_json::json!({"faults": others}).to_string()
    };
    let faults = all
        .iter()
        .enumerate()
        .map(|(index, text)| Fault { text: text.clone(), others: without(index) })
        .collect();
    let examples = EXAMPLES.iter().map(|(text, meaning)| {
        let on = all.iter().position(|fault| fault == text);
        let (method, body) = match on {
            Some(index) => ("PUT", without(index)),
            None => ("POST", serde_json::json!({"fault": text}).to_string()),
        };
        Example { meaning, text, is_on: on.is_some(), method, body }
    });
    let page = Part { frame: &frame, active: "faults", faults, examples: examples.collect() };
    rendered(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use super::EXAMPLES;
    use users_mock::FaultSpec;

    #[test]
    fn an_example_is_recognised_when_it_is_on() {
        for (text, _) in EXAMPLES {
            assert_eq!(text.parse::<FaultSpec>().unwrap().to_string(), *text);
        }
    }
}
