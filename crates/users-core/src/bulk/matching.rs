//! Matching the rows that Auth0 returns to the rows of a file, in time linear in the size of the file.

use super::yielding::yield_now;
use serde_json::value::RawValue;
use std::collections::{BinaryHeap, HashMap};
use users_model::JsonObject;

/// The properties that Auth0 returns masked.
const MASKED: &[&str] = &["password_hash", "custom_password_hash", "mfa_factors"];

/// The number of bytes processed before other tasks run.
const SLICE: usize = 64 * 1024;

/// The largest size of a returned row: each byte of a file's largest row may be escaped to six bytes.
const LARGEST_ROW: usize = 6 * 512_000;

/// Below this depth JSON is compared as text: each level is parsed again.
const MAX_DEPTH: usize = 8;

/// The indexes of a file's rows by their canonical text. Each index is taken once.
pub(super) struct Rows {
    /// In ascending order.
    indexes: HashMap<String, Vec<usize>>,
    pause: Pause,
}

impl Rows {
    pub(super) async fn new(rows: &[String]) -> Self {
        let mut this = Self { indexes: HashMap::with_capacity(rows.len()), pause: Pause(0) };
        for (index, row) in rows.iter().enumerate() {
            this.pause.after(row.len()).await;
            if let Ok(row) = JsonObject::from_json(row) {
                this.indexes.entry(canonical(&row)).or_default().push(index);
            }
        }
        this
    }

    /// Takes the index of the last row that Auth0 returns in this form.
    pub(super) async fn take_last(&mut self, user: &JsonObject) -> Option<usize> {
        // Larger than any row that was sent, in any spelling: not worth writing out.
        if user.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > LARGEST_ROW {
            return None;
        }
        let text = canonical(user);
        self.pause.after(text.len()).await;
        self.indexes.get_mut(&text)?.pop()
    }
}

/// Lets other tasks run after each slice of work.
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

/// The canonical text of a row as Auth0 returns it: equal for rows of equal content.
fn canonical(row: &JsonObject) -> String {
    let mut text = String::new();
    write_object(row, &mut text, 0);
    text
}

/// Writes keys in order, strings in one spelling, and numbers and unreadable values as they are.
fn write(value: &str, text: &mut String, depth: usize) {
    if depth > MAX_DEPTH {
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
    // A heap sorts with a tenth of the code of `sort_unstable`.
    let entries: BinaryHeap<(&str, &str)> = object.iter().collect();
    text.push('{');
    for (key, value) in entries.into_sorted_vec() {
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
        canonical(&JsonObject::from_json(one).unwrap()) == canonical(&JsonObject::from_json(other).unwrap())
    }

    #[test]
    fn rows_of_equal_content_have_equal_texts_and_no_others_do() {
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
        let user = JsonObject::from_json(&row).unwrap();
        let index = futures_executor::block_on(async { Rows::new(&[row]).await.take_last(&user).await });
        assert_eq!(index, None);
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
