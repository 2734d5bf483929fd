//! Three states of an attribute in an update.

use crate::object::Slot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// What an update does to one attribute: nothing, take it away, or set it.
///
/// `Keep` is not sent at all, `Clear` is sent as `null`. An `Option` could not tell these two apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// Leave the attribute as it is.
    #[default]
    Keep,
    /// Take the attribute away (`null`).
    Clear,
    /// Give the attribute this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the update leaves the attribute alone.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize + DeserializeOwned> Slot for Patch<T> {
    fn take(text: &RawValue) -> Option<Self> {
        if text.get() == "null" {
            return Some(Self::Clear);
        }
        serde_json::from_str(text.get()).ok().map(Self::Set)
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Keep => Ok(()),
            Self::Clear => map.serialize_entry(key, &()),
            Self::Set(value) => map.serialize_entry(key, value),
        }
    }

    fn is_written(&self) -> bool {
        !self.is_keep()
    }
}
