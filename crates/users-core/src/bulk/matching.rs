//! Which row of a file Auth0 shows, in time that is linear in the size of the file.

use super::yielding::yield_now;
use serde_json::value::RawValue;
use std::collections::HashMap;
use users_model::JsonObject;

/// What Auth0 shows masked.
const MASKED: &[&str] = &["password_hash", "custom_password_hash", "mfa_factors"];

/// How many bytes are read before other tasks run.
const SLICE: usize = 64 * 1024;

/// How many bytes a row that Auth0 shows may have: each of a file's largest row could be an escape of six.
const LARGEST_ROW: usize = 6 * 512_000;

/// Deeper than this, JSON is compared as it is spelled: each level is read anew.
const DEEPEST: usize = 8;

/// The places of a file's rows by what they say. Each place is taken once.
pub(super) struct Places {
    /// In ascending order.
    places: HashMap<String, Vec<usize>>,
    pause: Pause,
}

impl Places {
    pub(super) async fn of(rows: &[String]) -> Self {
        let mut this = Self { places: HashMap::with_capacity(rows.len()), pause: Pause(0) };
        for (place, row) in rows.iter().enumerate() {
            this.pause.after(row.len()).await;
            if let Ok(row) = JsonObject::from_json(row) {
                this.places.entry(shown(&row)).or_default().push(place);
            }
        }
        this
    }

    /// Takes the last place of a row that Auth0 shows like this.
    pub(super) async fn take_last(&mut self, user: &JsonObject) -> Option<usize> {
        // Larger than any row that was sent, however it is spelled; to write it out would take long.
        if user.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > LARGEST_ROW {
            return None;
        }
        let shown = shown(user);
        self.pause.after(shown.len()).await;
        self.places.get_mut(&shown)?.pop()
    }
}

/// Lets other tasks run from time to time.
struct Pause(usize);

impl Pause {
    async fn after(&mut self, bytes: usize) {
        self.0 += bytes;
        if self.0 >= SLICE {
            self.0 = 0;
            yield_now().await;
        }
    }
}

/// A row as Auth0 shows it, in a spelling that is the same for all rows that say the same.
fn shown(row: &JsonObject) -> String {
    let mut text = String::new();
    write_object(row, &mut text, 0);
    text
}

/// Keys in order, strings in one spelling, numbers and what cannot be read as they are spelled.
fn write(value: &str, text: &mut String, depth: usize) {
    if depth > DEEPEST {
        text.push_str(value);
        return;
    }
    match value.as_bytes().first() {
        Some(b'{') => match JsonObject::from_json(value) {
            Ok(object) => write_object(&object, text, depth),
            Err(_) => text.push_str(value),
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(value) {
            Ok(items) => {
                text.push('[');
                for item in items {
                    write(item.get(), text, depth + 1);
                    text.push(',');
                }
                text.push(']');
            }
            Err(_) => text.push_str(value),
        },
        Some(b'"') => match serde_json::from_str::<String>(value) {
            Ok(string) => write_string(&string, text),
            Err(_) => text.push_str(value),
        },
        _ => text.push_str(value),
    }
}

fn write_object(object: &JsonObject, text: &mut String, depth: usize) {
    let mut entries: Vec<(&str, &str)> = object.iter().collect();
    entries.sort_unstable();
    text.push('{');
    for (key, value) in entries {
        write_string(key, text);
        text.push(':');
        if depth > 0 || !MASKED.contains(&key) {
            write(value, text, depth + 1);
        }
        text.push(',');
    }
    text.push('}');
}

fn write_string(string: &str, text: &mut String) {
    text.push_str(&serde_json::to_string(string).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        shown(&JsonObject::from_json(one).unwrap()) == shown(&JsonObject::from_json(other).unwrap())
    }

    #[test]
    fn rows_that_say_the_same_are_spelled_alike_and_no_others() {
        for (one, other) in [
            (r#"{"a":1,"b":[true]}"#, r#"{ "b": [ true ], "a": 1 }"#),
            (r#"{"a":"\u0041\/"}"#, r#"{"a":"A/"}"#),
            (r#"{"a":{"x":1,"y":{}}}"#, r#"{"a":{"y":{},"x":1}}"#),
            (r#"{"password_hash":"secret"}"#, r#"{"password_hash":"*****"}"#),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":1.0}"#),
            (r#"{"a":100000000000000000000000000001}"#, r#"{"a":100000000000000000000000000002}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"{"a":[[],[]]}"#, r#"{"a":[[[]]]}"#),
            (r#"{"a":{"password_hash":"one"}}"#, r#"{"a":{"password_hash":"two"}}"#),
            (r#"{"password_hash":"secret"}"#, r#"{"mfa_factors":[]}"#),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_row_larger_than_any_that_was_sent_matches_none() {
        let row = format!(r#"{{"a":"{}"}}"#, "x".repeat(LARGEST_ROW));
        let shown = JsonObject::from_json(&row).unwrap();
        let place = futures_executor::block_on(async { Places::of(&[row]).await.take_last(&shown).await });
        assert_eq!(place, None);
    }

    #[test]
    fn deep_rows_are_compared_too() {
        let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        for depth in [5, 100, 126] {
            assert!(same(&deep(depth), &deep(depth)), "{depth}");
            assert!(!same(&deep(depth), &deep(depth - 1)), "{depth}");
        }
    }
}
