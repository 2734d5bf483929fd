//! What an update does to metadata, made explicit.

use crate::JsonObject;
use crate::object::Slot;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// A change to `user_metadata` or `app_metadata`.
///
/// Auth0 merges the first level: keys that are sent replace what was there (nested objects as a whole), a key sent as
/// `null` goes away, and **an empty object wipes everything**. So an empty object is sent only by
/// [`clear_all`](Self::clear_all), never because a map happened to be empty.
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
    /// A change of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes away every key. Auth0 cannot wipe and set in one request, so nothing can be added to this.
    pub fn clear_all() -> Self {
        Self { clear: true, ..Self::default() }
    }

    /// Sets a key of the first level; what was there is replaced, not merged. A value that would be `null` (`None`, a `NaN`) is refused
    /// when the update is sent, since Auth0 would take the key away: say [`remove`](Self::remove).
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        match serde_json::value::to_raw_value(&value) {
            Ok(value) if value.get() == "null" => {
                self.invalid.get_or_insert_with(|| {
                    format!("the value of {key:?} is null; to take a key away, say remove")
                });
            }
            Ok(value) => self.entries.put(key, value),
            // What serde_json says of it may quote the value.
            Err(_) => {
                self.invalid.get_or_insert_with(|| format!("the value of {key:?} has no JSON form"));
            }
        }
        self
    }

    /// Takes a key of the first level away.
    #[must_use]
    pub fn remove(mut self, key: impl Into<String>) -> Self {
        self.entries.put(key.into(), RawValue::NULL.to_owned());
        self
    }

    /// Sets every first-level key of a struct, a map or `serde_json::json!({…})`; a key whose value is `null` goes away.
    #[must_use]
    pub fn merge(mut self, values: impl Serialize) -> Self {
        match JsonObject::from_value(&values) {
            Ok(values) => {
                self.entries.merge(values);
            }
            Err(_) => {
                self.invalid.get_or_insert_with(|| "metadata is merged from an object".to_owned());
            }
        }
        self
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.clear && self.invalid.is_none()
    }

    /// Whether it takes away every key.
    pub fn is_clear(&self) -> bool {
        self.clear && self.entries.is_empty()
    }

    /// Why it cannot be sent, if so: a value without a JSON form, or keys set on top of a wipe.
    pub fn problem(&self) -> Option<&str> {
        if self.clear && !self.entries.is_empty() {
            return Some("Auth0 cannot wipe metadata and set keys in one request; send two");
        }
        self.invalid.as_deref()
    }
}

impl From<JsonObject> for MetadataUpdate {
    /// Sets every key of the object; an empty one changes nothing.
    fn from(entries: JsonObject) -> Self {
        Self { entries, ..Self::default() }
    }
}

impl From<serde_json::Value> for MetadataUpdate {
    /// As [`merge`](Self::merge): an empty object changes nothing.
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
        let entries = JsonObject::deserialize(deserializer)?;
        Ok(Self { clear: entries.is_empty(), entries, invalid: None })
    }
}

impl Slot for MetadataUpdate {
    fn take(text: &RawValue) -> Option<Self> {
        serde_json::from_str(text.get()).ok()
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        if self.is_empty() { Ok(()) } else { map.serialize_entry(key, self) }
    }

    fn is_written(&self) -> bool {
        !self.is_empty()
    }
}
