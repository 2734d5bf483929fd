//! Decoding models.

use super::object::JsonObject;
use super::path::{PathStep, path_at};
use super::reader::{Failure, Read, Reader, Slot, Stop};
use super::syntax::syntax_error;
use super::text::Text;
use crate::memory;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// A type that [`from_slice`] decodes: the models of this crate, [`Page`](crate::Page) and `Vec` of them.
///
/// A type of another crate that implements `Deserialize` can be the item of a page with the provided method:
///
/// ```
/// use serde::Deserialize;
/// use users_model::Model;
///
/// #[derive(Deserialize)]
/// struct Application {
///     client_id: String,
/// }
///
/// impl Model for Application {}
/// ```
pub trait Model: DeserializeOwned {
    /// Reads a value of this type. Models of this crate override it; the default decodes by serde.
    #[doc(hidden)]
    fn read_model(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        reader.peek();
        let at = reader.position();
        reader.by_serde()?.map_err(|error| {
            // The place in the error is that in the value alone.
            let reason = error.to_string();
            let reason = reason.split_once(" at line ").map_or(&*reason, |(reason, _)| reason).to_owned();
            reader.fail(Failure::Shape { at, reason })
        })
    }

    /// Reads a value of this type into a list.
    #[doc(hidden)]
    fn read_model_into(items: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<(), Stop> {
        items.push(Self::read_model(reader)?);
        Ok(())
    }
}

/// The number of items for which memory is allocated before they are read.
const MOST_RESERVED: usize = 100;

impl<T: Model> Model for Vec<T> {
    fn read_model(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        read_items(reader)
    }
}

/// Reads an array of models. An element that is not one is an error.
pub(crate) fn read_items<T: Model>(reader: &mut Reader<'_>) -> Result<Vec<T>, Stop> {
    reader.peek();
    let at = reader.position();
    let mut items = Vec::new();
    let is_array = reader.elements(&mut |reader| {
        reader.charge(memory::LIST * size_of::<T>())?;
        if items.len() == 1 {
            items.reserve(reader.others_like(at).min(MOST_RESERVED));
        }
        T::read_model_into(&mut items, reader).map(|()| true)
    })?;
    if is_array { Ok(items) } else { Err(reader.unexpected(at, "a sequence")) }
}

/// The fields that an object is decoded into.
pub(crate) trait Fields {
    /// The field of this key.
    fn field(&mut self, key: &str) -> Option<&mut dyn Slot>;
    /// The entries that have no field, or whose value does not match it.
    fn unknown(&mut self) -> &mut JsonObject;
}

/// Reads an object into fields. Returns `false` if the value is not an object.
pub(crate) fn read_fields(reader: &mut Reader<'_>, fields: &mut dyn Fields) -> Result<bool, Stop> {
    let mut has_unknown = false;
    let is_object = reader.entries(|reader, key| {
        let start = reader.position();
        // Almost all keys are without escapes.
        let field = match key.plain() {
            Some(name) => fields.field(name),
            None => key.unescaped().and_then(|name| fields.field(&name)),
        };
        if let Some(field) = field {
            if field.read(reader)? {
                return Ok(());
            }
            reader.rewind(start);
        }
        has_unknown = true;
        read_unknown(reader, key, fields)
    })?;
    if has_unknown {
        let mut unknown = std::mem::take(fields.unknown());
        unknown.settle(|key| fields.field(key).is_some_and(|field| field.is_written()));
        *fields.unknown() = unknown;
    }
    Ok(is_object)
}

/// Keeps an entry that has no field, or whose value does not match it.
#[inline(never)]
fn read_unknown<'a>(reader: &mut Reader<'a>, key: Text<'a>, fields: &mut dyn Fields) -> Result<(), Stop> {
    let value = reader.skip()?;
    reader.charge_entry(key, value)?;
    match key.unescaped() {
        Some(name) => fields.unknown().keep(name, value),
        None => fields.unknown().keep_odd(key, value),
    }
    Ok(())
}

/// Reads an object into fields. A value of another type is an error.
pub(crate) fn read_required_fields(reader: &mut Reader<'_>, fields: &mut dyn Fields) -> Result<(), Stop> {
    reader.peek();
    let at = reader.position();
    if read_fields(reader, fields)? { Ok(()) } else { Err(reader.unexpected(at, "an object")) }
}

/// Reads an element of a list of models.
pub(crate) fn read_required_into<T: Read>(items: &mut Vec<T>, reader: &mut Reader<'_>) -> Result<(), Stop> {
    reader.peek();
    let at = reader.position();
    if T::read_into(items, reader)? { Ok(()) } else { Err(reader.unexpected(at, "an object")) }
}

impl Model for JsonObject {
    fn read_model(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        reader.peek();
        let at = reader.position();
        Self::read(reader)?.ok_or_else(|| reader.unexpected(at, "an object"))
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

/// Why a text cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The text is not JSON.
    #[error("{0}")]
    Syntax(serde_json::Error),
    /// A value has an unexpected type. Only the root, the list of a page and its items can cause this error: other values that do
    /// not match their field are kept in `unknown`.
    #[error("{}{reason}", prefix(path))]
    #[non_exhaustive]
    Shape {
        /// The path of the value.
        path: Vec<PathStep>,
        /// What was expected.
        reason: String,
    },
    /// Decoding would allocate more memory than allowed.
    #[error("{}", memory::MemoryExceeded)]
    MemoryExceeded,
}

/// Decodes a model from JSON text in one pass, and limits the memory that it allocates to about this many bytes.
///
/// List capacity, strings and unknown entries are counted. It is faster than `serde_json::from_slice`, which decodes the same values.
///
/// ```
/// use users_model::{User, json};
///
/// let user: User = json::from_slice(br#"{"user_id":"auth0|1"}"#, 1024 * 1024)?;
/// assert_eq!(user.user_id.unwrap().as_str(), "auth0|1");
/// # Ok::<(), json::ReadError>(())
/// ```
pub fn from_slice<T: Model>(text: &[u8], memory: usize) -> Result<T, ReadError> {
    let mut value = None;
    read_slice(text, memory, &mut |reader| {
        value = Some(T::read_model(reader)?);
        Ok(())
    })?;
    // Set, unless reading failed.
    value.ok_or_else(|| ReadError::Shape { path: Vec::new(), reason: "no value".to_owned() })
}

/// Reads a JSON text in one pass, as [`from_slice`]. Not generic over what it reads, so that its code exists once.
#[doc(hidden)]
pub fn read_slice(
    text: &[u8],
    memory: usize,
    read: &mut dyn FnMut(&mut Reader<'_>) -> Result<(), Stop>,
) -> Result<(), ReadError> {
    let Ok(text) = std::str::from_utf8(text) else { return Err(ReadError::Syntax(syntax_error(text))) };
    let mut reader = Reader::new(text, memory);
    reader.whole(read).map_err(|failure| match failure {
        Failure::Syntax => ReadError::Syntax(syntax_error(text.as_bytes())),
        Failure::Memory => ReadError::MemoryExceeded,
        Failure::Shape { at, reason } => ReadError::Shape { path: path_at(text, at + 1), reason },
    })
}

/// Decodes a model from serde's data model. A value that a reader has read is JSON.
pub(crate) fn deserialize<'de, T: Model, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = Box::<RawValue>::deserialize(deserializer)?;
    let text = text.get();
    let mut reader = Reader::new(text, memory::left());
    // The copy of the text, and the model, which may be an element of a list.
    let held = text.len();
    let read = reader.whole(|reader| {
        reader.charge(held + memory::LIST * size_of::<T>())?;
        T::read_model(reader)
    });
    reader.release(held);
    memory::set_left((!matches!(read, Err(Failure::Memory))).then_some(reader.memory_left()));
    read.map_err(|failure| match failure {
        Failure::Syntax => D::Error::custom(syntax_error(text.as_bytes())),
        Failure::Memory => D::Error::custom(memory::MemoryExceeded),
        Failure::Shape { at, reason } => {
            D::Error::custom(format_args!("{}{reason}", prefix(&path_at(text, at + 1))))
        }
    })
}

/// A path and a colon; nothing for the root.
fn prefix(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        // Writing into a string does not fail.
        let _ = match step {
            PathStep::Index(index) => write!(text, "[{index}]"),
            PathStep::Key(key) if text.is_empty() => write!(text, "{key}"),
            PathStep::Key(key) => write!(text, ".{key}"),
        };
    }
    if !text.is_empty() {
        text.push_str(": ");
    }
    text
}
