//! Setting and reading the values of JSON objects.

use serde::Serialize;
use serde_json::value::RawValue;
use users_core::model::JsonObject;
use users_core::model::json::unquote;

/// Sets a value. Every value that the tenant sets has a JSON form, so it does not fail.
pub(crate) fn set(object: &mut JsonObject, key: &str, value: impl Serialize) {
    let _ = object.insert(key, value);
}

/// Sets a value from JSON text that is known to be valid.
pub(crate) fn set_raw(object: &mut JsonObject, key: &str, json: &str) {
    let _ = object.insert_raw(key, json);
}

/// Reads a string; `None` if the key is absent or its value is not a string. U+FFFD replaces lone surrogates.
pub(crate) fn string(object: &JsonObject, key: &str) -> Option<String> {
    object.raw(key).and_then(unquote)
}

/// Reads a list of strings, without values of other types; empty if the key is absent.
pub(crate) fn strings(object: &JsonObject, key: &str) -> Vec<String> {
    let items: Vec<&RawValue> =
        object.raw(key).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    items.into_iter().filter_map(|item| unquote(item.get())).collect()
}

/// Reads an integer that may be written with a fraction of zero or an exponent; `None` if the key is absent or the value is negative.
pub(crate) fn integer(object: &JsonObject, key: &str) -> Option<u64> {
    let json = object.raw(key)?;
    let rounded = |number: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let integer = number as u64;
        (number >= 0.0).then_some(integer)
    };
    json.parse().ok().or_else(|| rounded(json.parse().ok()?))
}
