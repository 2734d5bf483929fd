//! Updates of metadata.

use crate::json::{JsonObject, Read as _, Reader, Slot, Stop, ToJson};
use crate::object::Field;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// An update of `user_metadata` or `app_metadata`.
///
/// Auth0 merges the first level: keys that are sent replace existing values (nested objects as a whole), a key sent as `null` is
/// deleted, and **an empty object deletes all keys**. An empty object is therefore sent only by [`clear_all`](Self::clear_all),
/// never for an empty map.
///
/// ```
/// use users_model::MetadataUpdate;
///
/// let update = MetadataUpdate::new().set("plan", "gold").remove("trial");
/// assert_eq!(serde_json::to_string(&update)?, r#"{"plan":"gold","trial":null}"#);
///
/// let update = MetadataUpdate::new().merge(serde_json::json!({"seats": 5, "beta": true}));
/// assert_eq!(serde_json::to_string(&update)?, r#"{"beta":true,"seats":5}"#);
///
/// assert_eq!(serde_json::to_string(&MetadataUpdate::clear_all())?, "{}");
/// assert!(MetadataUpdate::new().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataUpdate {
    entries: JsonObject,
    clear: bool,
    invalid: Option<String>,
}

impl MetadataUpdate {
    /// Creates an empty update.
    pub fn new() -> Self {
        Self::default()
    }

    /// Deletes every key. Auth0 cannot delete all keys and set others in one request, so no keys can be added to this update.
    pub fn clear_all() -> Self {
        Self { clear: true, ..Self::default() }
    }

    /// Sets a key of the first level. An existing value is replaced, not merged. A value that serializes to `null` (`None`, a
    /// `NaN`) is refused when the update is sent, because Auth0 would delete the key: use [`remove`](Self::remove) for that.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        match serde_json::value::to_raw_value(&value) {
            Ok(value) if value.get() == "null" => {
                self.invalid.get_or_insert_with(|| {
                    format!("the value of {key:?} is null; use remove to delete a key")
                });
            }
            Ok(value) => self.entries.put(key, value),
            // serde_json's error may quote the value.
            Err(_) => {
                self.invalid
                    .get_or_insert_with(|| format!("the value of {key:?} cannot be serialized as JSON"));
            }
        }
        self
    }

    /// Deletes a key of the first level.
    #[must_use]
    pub fn remove(mut self, key: impl Into<String>) -> Self {
        self.entries.put(key.into(), RawValue::NULL.to_owned());
        self
    }

    /// Sets every first-level key of a struct, a map or `serde_json::json!({…})`. A key whose value is `null` is deleted.
    #[must_use]
    pub fn merge(mut self, values: impl Serialize) -> Self {
        match JsonObject::from_value(&values) {
            Ok(values) => {
                self.entries.merge(values);
            }
            Err(_) => {
                self.invalid.get_or_insert_with(|| "metadata must be merged from a JSON object".to_owned());
            }
        }
        self
    }

    /// An object that was sent as an update.
    fn read_from(entries: JsonObject) -> Self {
        Self { clear: entries.is_empty(), entries, invalid: None }
    }

    /// Returns whether the update changes nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.clear && self.invalid.is_none()
    }

    /// Returns whether the update deletes every key.
    pub fn is_clear(&self) -> bool {
        self.clear && self.entries.is_empty()
    }

    /// Returns why the update cannot be sent; `None` if it can. A value could not be serialized, or keys were added to
    /// `clear_all`.
    pub fn problem(&self) -> Option<&str> {
        if self.clear && !self.entries.is_empty() {
            return Some("Auth0 cannot delete all metadata and set keys in one request; send two requests");
        }
        self.invalid.as_deref()
    }
}

impl From<JsonObject> for MetadataUpdate {
    /// Sets every key of the object. An empty object changes nothing.
    fn from(entries: JsonObject) -> Self {
        Self { entries, ..Self::default() }
    }
}

impl From<serde_json::Value> for MetadataUpdate {
    /// Like [`merge`](Self::merge): an empty object changes nothing.
    fn from(values: serde_json::Value) -> Self {
        Self::new().merge(values)
    }
}

impl Serialize for MetadataUpdate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for MetadataUpdate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JsonObject::deserialize(deserializer).map(Self::read_from)
    }
}

impl Slot for MetadataUpdate {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        let entries = JsonObject::read(reader)?;
        let is_object = entries.is_some();
        *self = entries.map_or_else(Self::new, Self::read_from);
        Ok(is_object)
    }

    fn is_written(&self) -> bool {
        !self.is_empty()
    }
}

impl Field for MetadataUpdate {
    fn value(&self) -> Option<&dyn ToJson> {
        (!self.is_empty()).then_some(&self.entries)
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        if self.is_empty() { Ok(()) } else { map.serialize_entry(key, self) }
    }
}
