//! The change of one attribute in an update.

use crate::json::{Read, Reader, Slot, Stop, ToJson};
use crate::object::Field;
use serde::Serialize;
use serde::ser::SerializeMap;

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

impl<T: Read> Slot for Patch<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        *self = if reader.peek() == b'n' {
            reader.word("null")?;
            Self::Clear
        } else {
            T::read(reader)?.map_or(Self::Keep, Self::Set)
        };
        Ok(self.is_written())
    }

    fn is_written(&self) -> bool {
        !self.is_keep()
    }
}

impl<T: Serialize + ToJson + Read> Field for Patch<T> {
    fn value(&self) -> Option<&dyn ToJson> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(&()),
            Self::Set(value) => Some(value),
        }
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Keep => Ok(()),
            Self::Clear => map.serialize_entry(key, &()),
            Self::Set(value) => map.serialize_entry(key, value),
        }
    }
}
