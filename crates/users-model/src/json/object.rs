//! Lossless JSON: unknown keys, their order, and the text of every number are kept.

use super::entries::{Entries, Odd, keys_are_different};
use super::reader::{Read, Reader, Stop};
use super::syntax::syntax_error;
use super::text::Text;
use super::write::{ToJson, begin_entry, serialize_text, text_of};
use super::wtf8::wtf8;
use crate::memory;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// A JSON object that keeps the original text of every value.
///
/// It contains the keys that a model has no field for, and metadata, whose structure is up to the tenant. Any value, such as a
/// 30-digit integer or `1e400`, is written as it was read, which `serde_json::Value` does not guarantee.
///
/// `Debug` lists the keys only, since values may be secret. [`JsonObject::to_json`] returns the text.
///
/// Equality ignores the order of keys and compares numbers by their text.
///
/// ```
/// use users_model::JsonObject;
///
/// let mut metadata = JsonObject::from_json(r#"{"plan":"gold","serial":123456789012345678901234567890}"#)?;
/// assert_eq!(metadata.get::<String>("plan")?.as_deref(), Some("gold"));
/// assert_eq!(metadata.raw("serial"), Some("123456789012345678901234567890"));
/// metadata.insert("seats", 5)?;
/// assert_eq!(metadata.to_json(), r#"{"plan":"gold","serial":123456789012345678901234567890,"seats":5}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct JsonObject {
    entries: Entries,
}

impl JsonObject {
    /// Creates an empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses an object from JSON text.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let mut reader = Reader::new(json, memory::left());
        match reader.whole(Self::read) {
            Ok(Some(object)) => {
                memory::set_left(Some(reader.memory_left()));
                Ok(object)
            }
            // Fails as well, with serde_json's error.
            _ => serde_json::from_str(json),
        }
    }

    /// Creates an object from any value that serializes to one: a struct, a map, `serde_json::json!({…})`.
    pub fn from_value(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Self::from_json(&serde_json::to_string(value)?)
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.entries.len() + self.odd().len()
    }

    /// Returns whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the keys in their original order. Keys that contain a lone surrogate (`"\ud83d"`) come last, with U+FFFD in its
    /// place. `serde_json::to_string` writes them in their original form; `serde_json::to_value` fails for them, since its keys
    /// are Unicode.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns each key with the JSON text of its value, in the order of [`keys`](Self::keys).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let odd = self.odd().iter().map(|odd| (odd.shown.as_str(), &*odd.value));
        self.entries.iter().chain(odd)
    }

    /// Returns whether the key exists, with any value, `null` included.
    pub fn contains_key(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Returns the original JSON text of a value. Reads the object from its start, as [`get`](Self::get) does: to look up many keys,
    /// collect [`iter`](Self::iter) into a map.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.entries.get(key)
    }

    /// Decodes a value. Returns `None` if the key is absent, and an error if the value does not match the type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, serde_json::Error> {
        self.raw(key).map(serde_json::from_str).transpose()
    }

    /// Decodes the whole object into any type.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.to_json())
    }

    /// Sets a value. Fails if the value cannot be serialized as JSON, such as a map whose keys are not strings.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), serde_json::Error> {
        let value = serde_json::value::to_raw_value(&value)?;
        self.put(key.into(), value);
        Ok(())
    }

    /// Sets a value from JSON text, which is kept unchanged. Fails if the text is not JSON.
    pub fn insert_raw(&mut self, key: impl Into<String>, json: &str) -> Result<(), serde_json::Error> {
        let value = Reader::new(json, usize::MAX).whole(Reader::skip);
        let value = value.map_err(|_| syntax_error(json.as_bytes()))?;
        self.entries.put(key.into().into(), value.into());
        Ok(())
    }

    /// Removes a key. Returns whether it existed.
    pub fn remove(&mut self, key: &str) -> bool {
        self.entries.remove(key)
    }

    /// Returns the object as JSON text.
    pub fn to_json(&self) -> String {
        text_of(self)
    }

    fn odd(&self) -> &[Odd] {
        self.entries.odd()
    }

    /// The entries, and those whose key contains a lone surrogate, with their original key.
    pub(crate) fn parts(&self) -> (impl Iterator<Item = (&str, &str)>, impl Iterator<Item = (&str, &str)>) {
        (self.entries.iter(), self.odd().iter().map(|odd| (&*odd.key, &*odd.value)))
    }

    /// Whether any key contains a lone surrogate.
    pub(crate) fn has_odd(&self) -> bool {
        !self.odd().is_empty()
    }

    /// The text of the object, if it has this form.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.entries {
            Entries::Text(text) => Some(text),
            Entries::List(_) | Entries::Index(_) => None,
        }
    }

    /// Appends the entries to an object's text, except those that are written already.
    pub(super) fn append_to(&self, text: &mut String, is_written: impl Fn(&str) -> bool) {
        for (key, value) in self.entries.iter().filter(|(key, _)| !is_written(key)) {
            begin_entry(text, key);
            text.push_str(value);
        }
        for odd in self.odd() {
            let comma = if text.ends_with('{') { "" } else { "," };
            for part in [comma, &odd.key, ":", &odd.value] {
                text.push_str(part);
            }
        }
    }

    /// Adds an entry while an object is read. Its key may be repeated until [`settle`](Self::settle) is called.
    pub(crate) fn keep(&mut self, key: Cow<'_, str>, value: &str) {
        self.entries.push(key.into(), value.into());
    }

    /// Adds an entry, while an object is read, whose key contains a lone surrogate.
    pub(crate) fn keep_odd(&mut self, key: Text<'_>, value: &str) {
        let key = key.quoted();
        let shown = String::from_utf8_lossy(&wtf8(&key)).into_owned();
        self.entries.push_odd(Odd { shown, key: key.into(), value: value.into() });
    }

    /// Called at the end of an object that was read. Of equal keys, the last value counts, so this removes entries whose key is
    /// repeated, and those whose key `is_field`, since a later value matched the field.
    pub(crate) fn settle(&mut self, is_field: impl FnMut(&str) -> bool) {
        self.entries.settle(is_field);
    }

    pub(crate) fn put(&mut self, key: String, value: Box<RawValue>) {
        self.entries.put(key.into(), value.into());
    }

    /// Sets every entry of another object.
    pub(crate) fn merge(&mut self, other: Self) {
        let (entries, odd) = other.entries.into_lists();
        for (key, value) in entries {
            self.entries.put(key, value);
        }
        if odd.is_empty() {
            return;
        }
        let theirs: HashSet<Vec<u8>> = odd.iter().map(|odd| wtf8(&odd.key)).collect();
        self.entries.retain_odd(|ours| !theirs.contains(&wtf8(&ours.key)));
        for odd in odd {
            self.entries.push_odd(odd);
        }
    }

    /// Serializes the entries into a map, except those that are written already.
    pub(crate) fn write_into<M: SerializeMap>(
        &self,
        map: &mut M,
        is_written: impl Fn(&str) -> bool,
    ) -> Result<(), M::Error> {
        let mut left = self.entries.iter().filter(|(key, _)| !is_written(key));
        left.try_for_each(|(key, value)| map.serialize_entry(key, raw(value)?))
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl Read for JsonObject {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        if reader.peek() != b'{' {
            return Ok(None);
        }
        let start = reader.position();
        if let Some((text, is_compact)) = read_plain(reader)? {
            reader.charge(text.len())?;
            let entries = if is_compact { Entries::Text(text.into()) } else { Entries::compact(text) };
            return Ok(Some(Self { entries }));
        }
        // A key is repeated or has escapes.
        reader.rewind(start);
        let mut object = Self::new();
        reader.entries(|reader, key| {
            let value = reader.skip()?;
            reader.charge_entry(key, value)?;
            match key.unescaped() {
                Some(key) => object.keep(key, value),
                None => object.keep_odd(key, value),
            }
            Ok(())
        })?;
        object.settle(|_| false);
        Ok(Some(object))
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.has_odd() {
            return serialize_text(self.to_json(), serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        self.write_into(&mut map, |_| false)?;
        map.end()
    }
}

impl ToJson for JsonObject {
    fn write_json(&self, text: &mut String) {
        match self.as_text() {
            Some(whole) => text.push_str(whole),
            None => write_object(text, &[], self),
        }
    }
}

/// Appends an object: the fields that have a value, then the unknown entries that have no such field.
#[doc(hidden)]
pub fn write_object(text: &mut String, fields: &[(&str, Option<&dyn ToJson>)], unknown: &JsonObject) {
    text.push('{');
    for (key, value) in fields {
        if let Some(value) = value {
            // Keys of fields have no escapes.
            text.push_str(if text.ends_with('{') { "\"" } else { ",\"" });
            text.push_str(key);
            text.push_str("\":");
            value.write_json(text);
        }
    }
    let is_written = |key: &str| fields.iter().any(|(field, value)| *field == key && value.is_some());
    unknown.append_to(text, is_written);
    text.push('}');
}

/// Reads an object, if all keys are different and without escapes. Returns its text, and whether there is no white space between
/// its entries.
fn read_plain<'a>(reader: &mut Reader<'a>) -> Result<Option<(&'a str, bool)>, Stop> {
    let start = reader.position();
    let mut keys = Keys::default();
    let mut are_plain = true;
    // The length of the text without white space: each entry has two quotes, a colon, and a comma or the closing bracket.
    let mut compact = 1;
    reader.entries(|reader, key| {
        match key.plain() {
            Some(key) => keys.add(reader, key)?,
            None => are_plain = false,
        }
        compact += key.len() + reader.skip()?.len() + 4;
        Ok(())
    })?;
    let is_plain = are_plain && keys.are_different(reader);
    let text = reader.since(start);
    Ok(is_plain.then(|| (text, text.len() == compact.max("{}".len()))))
}

/// The bytes of a reference to a key, including its share of a growing list and of the index by which repeated keys are found.
const KEY: usize = 128;

/// The keys of an object, to find repeated ones.
#[derive(Default)]
struct Keys<'a> {
    first: [&'a str; 8],
    count: usize,
    /// All keys, if there are more.
    all: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    fn add(&mut self, reader: &mut Reader<'_>, key: &'a str) -> Result<(), Stop> {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = key;
            self.count += 1;
            return Ok(());
        }
        if self.all.is_empty() {
            self.all.extend(self.first);
        }
        reader.charge(KEY)?;
        self.all.push(key);
        Ok(())
    }

    fn are_different(self, reader: &mut Reader<'_>) -> bool {
        if self.all.is_empty() {
            let keys = self.first.get(..self.count).unwrap_or_default();
            return keys
                .iter()
                .enumerate()
                .all(|(index, key)| !keys.iter().take(index).any(|other| other == key));
        }
        reader.release(KEY * (self.all.len() - self.first.len()));
        keys_are_different(&self.all)
    }
}

/// The text of a value, to be serialized as it is.
fn raw<E: serde::ser::Error>(value: &str) -> Result<&RawValue, E> {
    serde_json::from_str(value).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::equal;

    #[test]
    fn an_object_keeps_order_unknown_types_and_the_text_of_numbers() {
        let text =
            r#"{"z":1e400,"a":123456789012345678901234567890,"n":null,"s":"\ud800","deep":{"x":[1.0,{}]}}"#;
        let object = JsonObject::from_json(text).unwrap();
        assert_eq!(object.to_json(), text);
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
    }

    #[test]
    fn a_key_with_a_lone_surrogate_is_kept_unchanged() {
        let text = r#"{"a":1,"\ud83d":2,"\uD83e":3,"\ud83d\ude00":4}"#;
        let object = JsonObject::from_json(text).unwrap();
        let written = r#"{"a":1,"😀":4,"\ud83d":2,"\uD83e":3}"#;
        assert_eq!(object.to_json(), written);
        assert_eq!(serde_json::to_string(&object).unwrap(), written);
        assert!(equal(text, written) && object == JsonObject::from_json(written).unwrap());
        assert!(equal(r#"{"\ud83d":1}"#, r#"{"\uD83D":1}"#));
        assert!(!equal(r#"{"\ud83d":1}"#, r#"{"\ud83e":1}"#));
        assert!(!equal(r#"{"\ud83d":1}"#, "{\"\u{fffd}\":1}"));
        assert_eq!(object.len(), 4);
        assert_eq!(object.keys().last(), Some("\u{fffd}\u{fffd}\u{fffd}"));
        assert_eq!(JsonObject::from_json(r#"{"\ud83d":1,"\uD83D":2}"#).unwrap().to_json(), r#"{"\uD83D":2}"#);
    }

    #[test]
    fn the_last_of_two_equal_keys_wins() {
        let object = JsonObject::from_json(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(object.to_json(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn equality_is_that_of_json() {
        for (left, right, same) in [
            (r#"{"a":"\u00e9"}"#, r#"{"a":"é"}"#, true),
            ("[1,2]", "[2,1]", false),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
            ("1e400", "1e401", false),
            ("nonsense", "nonsense", false),
            ("[ 1 ]", "[1]", true),
        ] {
            assert_eq!(equal(left, right), same, "{left} and {right}");
        }
    }

    #[test]
    fn a_very_deep_text_is_compared_without_exhausting_the_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let other = format!("{} {}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(equal(&deep, &deep));
        assert!(!equal(&deep, &other));
    }

    #[test]
    fn a_million_keys_are_read_and_compared_in_linear_time() {
        let keys: Vec<String> =
            (0..1_000_000).map(|number| format!("\"{number:x}\":1,\"email\":2")).collect();
        let text = format!("{{{}}}", keys.join(","));
        let object = JsonObject::from_json(&text).unwrap();
        assert_eq!(object.len(), 1_000_001);
        assert!(equal(&text, &object.to_json()) && object == object.clone());
    }

    #[test]
    fn debug_shows_keys_and_no_values() {
        let object = JsonObject::from_json(r#"{"api_key":"hunter2"}"#).unwrap();
        assert_eq!(format!("{object:?}"), r#"{"api_key"}"#);
    }
}
