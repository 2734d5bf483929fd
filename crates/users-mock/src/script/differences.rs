//! What differs between the JSON that was expected and the JSON that was received.

use serde_json::Value;
use std::fmt::Write as _;
use treediff::tools::{ChangeType, Recorder};
use treediff::value::Key;
use users_core::is_sensitive;

/// The number of differences that are listed.
const MOST: usize = 20;

/// The number of characters of a value that are shown.
const LONGEST: usize = 200;

/// Lists what differs, one line for each value, by its path. Secrets are hidden.
pub(crate) fn differences(expected: &str, actual: &str) -> String {
    let (Ok(expected), Ok(actual)) = (serde_json::from_str(expected), serde_json::from_str(actual)) else {
        let state = if actual.is_empty() { "empty" } else { "not JSON that can be compared" };
        return format!("the body is {state}");
    };
    let (expected, actual): (Value, Value) = (expected, actual);
    let mut recorder = Recorder::default();
    treediff::diff(&expected, &actual, &mut recorder);
    let changes = recorder.calls.iter().filter_map(describe);
    let mut lines: Vec<String> = changes.collect();
    let rest = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    if lines.is_empty() {
        // Numbers of many digits, whose values are equal as far as serde_json keeps them.
        lines.push("the digits of a number".to_owned());
    }
    format!("the body differs:\n{}", lines.join("\n"))
}

fn describe(change: &ChangeType<'_, Key, Value>) -> Option<String> {
    Some(match change {
        ChangeType::Unchanged(..) => return None,
        ChangeType::Removed(path, expected) => {
            format!("{}: expected {}, but absent", render_path(path), render(path, expected))
        }
        ChangeType::Added(path, actual) => {
            format!("{}: {} was not expected", render_path(path), render(path, actual))
        }
        ChangeType::Modified(path, expected, actual) => {
            format!("{}: {}, expected {}", render_path(path), render(path, actual), render(path, expected))
        }
    })
}

/// `identities[0].provider`
fn render_path(path: &[Key]) -> String {
    let mut text = String::new();
    for key in path {
        match key {
            Key::Index(index) => drop(write!(text, "[{index}]")),
            Key::String(name) if text.is_empty() => text.push_str(name),
            Key::String(name) => drop(write!(text, ".{name}")),
        }
    }
    if text.is_empty() { "the whole".to_owned() } else { text }
}

fn render(path: &[Key], value: &Value) -> String {
    let is_secret = path.iter().any(|key| matches!(key, Key::String(name) if is_sensitive(name)));
    if is_secret || contains_secret(value) {
        return "[redacted]".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Whether an object has a sensitive key at any depth, which serde_json limits.
fn contains_secret(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.iter().any(|(name, value)| is_sensitive(name) || contains_secret(value))
        }
        Value::Array(list) => list.iter().any(contains_secret),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn what_differs_is_listed_by_path_without_secrets() {
        for (expected, actual, report) in [
            (
                r#"{"nickname":"Ada","user_metadata":{"plan":"gold","seats":[1,2]},"gone":true}"#,
                r#"{"nickname":"Grace","user_metadata":{"plan":"gold","seats":[1,3]},"new":null}"#,
                &[
                    "nickname: \"Grace\", expected \"Ada\"",
                    "user_metadata.seats[1]: 3, expected 2",
                    "gone: expected true, but absent",
                    "new: null was not expected",
                ] as &[&str],
            ),
            (
                r#"{"password":"Correct horse 1","link_with":{"a":1}}"#,
                r#"{"password":"Battery staple 2"}"#,
                &["password: [redacted], expected [redacted]", "link_with: expected [redacted], but absent"],
            ),
            ("[1]", r#"{"a":1}"#, &["a: 1 was not expected", "[0]: expected 1, but absent"]),
            ("{}", "", &["the body is empty"]),
            ("{}", "a=b", &["the body is not JSON"]),
        ] {
            let differences = differences(expected, actual);
            assert!(report.iter().all(|line| differences.contains(line)), "{differences}");
            assert!(!differences.contains("horse") && !differences.contains("staple"), "{differences}");
        }
    }
}
