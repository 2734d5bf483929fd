//! Macros that declare models: structs that keep unknown keys, and open enums.

use crate::json::{Slot, ToJson};
use serde::Serialize;
use serde::ser::SerializeMap;

/// The type of a model's field.
pub(crate) trait Field: Slot {
    /// The value; `None` if it is not written.
    fn value(&self) -> Option<&dyn ToJson>;

    /// Serializes the entry, if the field has a value.
    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error>;
}

impl<T: Serialize + ToJson> Field for Option<T>
where
    Self: Slot,
{
    fn value(&self) -> Option<&dyn ToJson> {
        self.as_ref().map(|value| value as &dyn ToJson)
    }

    fn write<M: SerializeMap>(&self, key: &'static str, map: &mut M) -> Result<(), M::Error> {
        match self {
            Some(value) => map.serialize_entry(key, value),
            None => Ok(()),
        }
    }
}

/// Declares a model: a struct whose fields are read and written under their keys, and that keeps all other keys, and every value
/// that does not match its field's type, in `unknown`. (serde's `flatten` would convert a long number to a float.)
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty = $key:literal, )*
        }
    ) => {
        $(#[$meta])*
        ///
        /// An optional field is `None` if its key is absent, and also if its value is `null` or of another type: `"user_id": 5`
        /// leaves a string field `None`. Such a value is kept in `unknown` under its key, as its original text.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// The values of keys without a field, and values that do not match the type of their field. They are written back
            /// unchanged.
            pub unknown: $crate::json::JsonObject,
        }

        impl $name {
            /// The keys that have a field, in Auth0's spelling.
            pub const FIELDS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::json::Fields for $name {
            fn field(&mut self, key: &str) -> Option<&mut dyn $crate::json::Slot> {
                match key {
                    $( $key => Some(&mut self.$field), )*
                    _ => None,
                }
            }

            fn unknown(&mut self) -> &mut $crate::json::JsonObject {
                &mut self.unknown
            }
        }

        impl $crate::json::Read for $name {
            fn read(
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<Option<Self>, $crate::json::Stop> {
                let mut this = Self::default();
                let is_object = $crate::json::read_fields(reader, &mut this)?;
                Ok(is_object.then_some(this))
            }

            fn read_into(
                items: &mut Vec<Self>,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<bool, $crate::json::Stop> {
                items.push(Self::default());
                let Some(item) = items.last_mut() else { return Ok(false) };
                $crate::json::read_fields(reader, item)
            }
        }

        impl $crate::json::Model for $name {
            fn read_model(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Stop> {
                let mut this = Self::default();
                $crate::json::read_required_fields(reader, &mut this)?;
                Ok(this)
            }

            fn read_model_into(
                items: &mut Vec<Self>,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<(), $crate::json::Stop> {
                $crate::json::read_required_into(items, reader)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::deserialize(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                if self.unknown.has_odd() {
                    return $crate::json::serialize_text($crate::json::text_of(self), serializer);
                }
                let mut map = serializer.serialize_map(None)?;
                $( $crate::object::Field::write(&self.$field, $key, &mut map)?; )*
                // A field that was set later replaces the value that did not match its type.
                self.unknown.write_into(&mut map, |key| match key {
                    $( $key => $crate::json::Slot::is_written(&self.$field), )*
                    _ => false,
                })?;
                map.end()
            }
        }

        impl $crate::json::ToJson for $name {
            fn write_json(&self, text: &mut String) {
                let fields = [$( ($key, $crate::object::Field::value(&self.$field)), )*];
                $crate::json::write_object(text, &fields, &self.unknown);
            }
        }
    };
}
pub(crate) use object;

/// Adds consuming setters to a request's model, named after its optional fields.
macro_rules! setters {
    ($name:ident { $( $(#[$meta:meta])* $field:ident : $type:ty, )* }
     $(numbers { $( $(#[$number_meta:meta])* $number:ident : $number_type:ty, )* })?) => {
        impl $name {
            // Without `Into`, since a literal would not determine its type.
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

/// Declares a wire enum: the values that Auth0 documents, and `Other` for those that it may add.
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
            /// A value that this version does not name, kept as received. Compare it with [`as_str`](Self::as_str).
            Other($crate::unknown_value::UnknownValue),
        }

        impl $name {
            /// The values that this version names.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// Returns the value in Auth0's spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text.as_str(),
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
                    other => Self::Other($crate::unknown_value::UnknownValue::new(other)),
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

        impl $crate::json::Read for $name {
            fn read(
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<Option<Self>, $crate::json::Stop> {
                let text = $crate::json::read::read_text(reader)?.and_then($crate::json::Text::unescaped);
                Ok(text.map(|text| Self::from(&*text)))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::json::ToJson for $name {
            fn write_json(&self, text: &mut String) {
                $crate::json::write_string(text, self.as_str());
            }
        }
    };
}
pub(crate) use open_enum;
