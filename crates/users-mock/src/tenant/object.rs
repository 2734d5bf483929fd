//! Setting and reading the values of JSON objects.

use serde::Serialize;
use users_core::model::JsonObject;

/// Sets a value. Every value that the tenant sets has a JSON form, so it does not fail.
pub(crate) fn set(object: &mut JsonObject, key: &str, value: impl Serialize) {
    let _ = object.insert(key, value);
}

/// Sets a value from JSON text that is known to be valid.
pub(crate) fn set_raw(object: &mut JsonObject, key: &str, json: &str) {
    let _ = object.insert_raw(key, json);
}

/// Reads a string; `None` if the key is absent or its value is not a string.
pub(crate) fn string(object: &JsonObject, key: &str) -> Option<String> {
    object.get(key).ok().flatten()
}
