//! Lossless JSON: unknown keys, their order, and the text of every number are kept.
//!
//! [`JsonObject`] holds metadata and the unknown keys of a model. [`Model`] is implemented by the models of this crate; [`from_slice`]
//! reads one and limits the memory that this takes. [`equal`] compares two texts, whatever the order of their keys, and [`path_at`]
//! names the place of an offset.

mod entries;
mod equality;
mod model;
mod object;
mod path;
pub(crate) mod read;
mod reader;
mod syntax;
mod text;
mod write;
mod wtf8;

pub use equality::equal;
#[doc(hidden)]
pub use model::read_slice;
pub(crate) use model::{
    Fields, deserialize, read_fields, read_items, read_required_fields, read_required_into,
};
pub use model::{Model, ReadError, from_slice};
pub use object::JsonObject;
#[doc(hidden)]
pub use object::write_object;
pub use path::{PathStep, path_at};
pub(crate) use reader::{Failure, Read, Slot};
#[doc(hidden)]
pub use reader::{Reader, Stop};
pub(crate) use text::Text;
#[doc(hidden)]
pub use write::ToJson;
pub(crate) use write::{Raw, serialize_text, text_of, write_string};
#[doc(hidden)]
pub use wtf8::unquote;
