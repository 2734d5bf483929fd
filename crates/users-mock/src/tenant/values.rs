//! Values of JSON objects.

use serde::Serialize;
use users_core::model::JsonObject;

/// Sets a value; everything that the tenant sets has a JSON form.
pub(super) fn put(object: &mut JsonObject, key: &str, value: impl Serialize) {
    let _ = object.insert(key, value);
}

/// Sets a value from JSON text that was valid when it came.
pub(super) fn put_raw(object: &mut JsonObject, key: &str, json: &str) {
    let _ = object.insert_raw(key, json);
}

/// A text of an object.
pub(super) fn text(object: &JsonObject, key: &str) -> Option<String> {
    object.get(key).ok().flatten()
}
