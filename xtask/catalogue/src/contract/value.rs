//! A full value of a type: it has every property, and every list has an item.

use super::facts::Facts;
use serde_json::{Map, Value, json};

/// The value of every plain text.
pub const PLAIN_TEXT: &str = "auth0|text";

/// A full value of this type. Where there are alternatives or enum values, `choice` selects one.
pub fn full(facts: &Facts, kind: &Value, choice: usize) -> Value {
    if let Some(word) = kind.as_str() {
        return plain(word);
    }
    let Some((key, inner)) = kind.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    let pick = |list: &Value| {
        list.as_array().and_then(|list| list.get(choice % list.len().max(1))).cloned().unwrap_or_default()
    };
    match key.as_str() {
        "type" => match facts.types.get(inner.as_str().unwrap_or_default()) {
            Some(kind) => full(facts, kind, choice),
            None => Value::Null,
        },
        "enum" => pick(inner),
        // Where a date may also be an object or null, the field of a model holds the date.
        "one of" if inner.as_array().is_some_and(|list| list.iter().any(|kind| kind == "date-time")) => {
            plain("date-time")
        }
        "one of" => full(facts, &pick(inner), choice),
        "all of" => {
            let parts = inner.as_array().into_iter().flatten().map(|kind| full(facts, kind, choice));
            parts
                .filter_map(|part| part.as_object().cloned())
                .fold(Map::new(), |mut all, part| {
                    all.extend(part);
                    all
                })
                .into()
        }
        "nullable" => full(facts, inner, choice),
        "list" => json!([full(facts, inner, choice)]),
        "object" => {
            let properties = inner.as_object().into_iter().flatten();
            let filled = properties.map(|(name, kind)| {
                let name = name.trim_end_matches('*');
                // Half of the document declares times as texts without a format, but every recorded one is a date.
                let is_moment = name.ends_with("_at") || name == "date";
                (name.to_owned(), if is_moment { plain("date-time") } else { full(facts, kind, choice) })
            });
            filled.collect::<Map<_, _>>().into()
        }
        _ => Value::Null,
    }
}

fn plain(word: &str) -> Value {
    match word {
        "integer" | "number" => json!(7),
        "boolean" => json!(true),
        "map" => json!({"key": "value"}),
        "date-time" => json!("2024-05-01T10:00:00.000Z"),
        "null" => Value::Null,
        _ => json!(PLAIN_TEXT),
    }
}
