//! How models are declared: fields under their keys, and everything else kept.

use crate::JsonObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

/// What a field of a model can be: it takes a raw value that fits, and says what it writes.
pub(crate) trait Slot: Default {
    /// Takes the value, or tells that it does not fit; then the text stays with the unknown fields.
    fn take(text: &RawValue) -> Option<Self>;
    /// Writes the entry, where there is one to write.
    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error>;
    /// Whether there is an entry to write.
    fn is_written(&self) -> bool;
}

impl<T: Serialize + DeserializeOwned> Slot for Option<T> {
    fn take(text: &RawValue) -> Option<Self> {
        // `null` is not the same as absent: it stays with the unknown fields and is written back.
        (text.get() != "null").then(|| serde_json::from_str(text.get()).ok()).flatten().map(Some)
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        match self {
            Some(value) => map.serialize_entry(key, value),
            None => Ok(()),
        }
    }

    fn is_written(&self) -> bool {
        self.is_some()
    }
}

/// Puts a raw value into its slot, or with the unknown fields if it does not fit.
pub(crate) fn fill<S: Slot>(slot: &mut S, key: &str, text: &RawValue, unknown: &mut JsonObject) {
    match S::take(text) {
        Some(value) => *slot = value,
        None => unknown.push(key.to_owned(), text.to_owned()),
    }
}

/// Declares a model: a struct whose fields are read and written under their keys, and that keeps everything else, and
/// every value that does not fit its field, in `unknown`. (serde's own `flatten` would turn a long number into a float.)
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty = $key:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// What has no field here, and what came in a shape that its field does not take. It is written back as it came.
            pub unknown: $crate::JsonObject,
        }

        impl $name {
            /// The keys that have a field here, as Auth0 spells them.
            pub const FIELDS: &'static [&'static str] = &[$($key),*];
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
                let mut this = Self::default();
                for (key, value) in $crate::json::fields(&text).map_err(serde::de::Error::custom)? {
                    match key.as_ref() {
                        $( $key => $crate::object::fill(&mut this.$field, $key, value, &mut this.unknown), )*
                        other => this.unknown.push(other.to_owned(), value.to_owned()),
                    }
                }
                Ok(this)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $( $crate::object::Slot::write(&self.$field, $key, &mut map)?; )*
                // A field that was set since stands for what came in its place.
                self.unknown.write_into(&mut map, |key| match key {
                    $( $key => $crate::object::Slot::is_written(&self.$field), )*
                    _ => false,
                })?;
                map.end()
            }
        }
    };
}
pub(crate) use object;

/// Adds to a request's model one consuming setter per optional field, named after it.
macro_rules! setters {
    ($name:ident { $( $(#[$meta:meta])* $field:ident : $type:ty, )* }
     $(numbers { $( $(#[$number_meta:meta])* $number:ident : $number_type:ty, )* })?) => {
        impl $name {
            // A literal could not be told which number to become.
            $($(
                $(#[$number_meta])*
                #[must_use]
                pub fn $number(mut self, $number: $number_type) -> Self {
                    self.$number = Some($number);
                    self
                }
            )*)?
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )*
        }
    };
}
pub(crate) use setters;

/// Declares a wire enum: the values Auth0 lists, and `Other` for the ones it will add.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $text, "`")] $(#[$variant_meta])* $variant, )*
            /// A value that this version has no name for, kept as it came.
            Other(String),
        }

        impl $name {
            /// Every value that has a name here.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The value as it travels.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use open_enum;
