//! The change of one attribute in an update.

use crate::object::Slot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// The change of one attribute in an update: keep, clear or set it.
///
/// `Keep` is not sent, `Clear` is sent as `null`. An `Option` could not distinguish the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// Keeps the attribute unchanged.
    #[default]
    Keep,
    /// Deletes the attribute (`null`).
    Clear,
    /// Sets the attribute to this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns whether the update keeps the attribute unchanged.
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
