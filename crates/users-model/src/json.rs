//! JSON kept as it came: unknown keys, their order, and the text of every number.

use crate::entries::{Entries, Entry};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// A JSON object that keeps every value as the text it came in.
///
/// It holds what a model has no field for, and metadata, whose shape is the tenant's own. A 30-digit integer, `1e400`
/// or an odd shape comes out as it went in, which `serde_json::Value` cannot promise.
///
/// Its `Debug` lists keys and no values, since a tenant may keep secrets there; [`JsonObject::to_json`] gives the text.
///
/// Equality is that of JSON: the order of keys does not count, and numbers are compared by their text.
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
    /// An object without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an object from JSON text.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Makes an object from anything that serialises to one: a struct, a map, `serde_json::json!({…})`.
    pub fn from_value(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&serde_json::to_string(value)?)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys, in the order in which they came.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// Each key with the JSON text of its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key, value.get()))
    }

    /// Whether the key is there, with whatever value, `null` too.
    pub fn contains_key(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// The JSON text of a value, exactly as it came.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(RawValue::get)
    }

    /// Reads a value as a type: `None` where the key is absent, an error where the value does not fit.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, serde_json::Error> {
        self.raw(key).map(serde_json::from_str).transpose()
    }

    /// Reads the whole object as a type of your own.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.to_json())
    }

    /// Sets a value. An error means that the value has no JSON form (a map whose keys are no strings, say).
    pub fn insert(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), serde_json::Error> {
        let value = serde_json::value::to_raw_value(&value)?;
        self.put(key.into(), value);
        Ok(())
    }

    /// Sets a value from JSON text, which is kept as it is.
    pub fn insert_raw(&mut self, key: impl Into<String>, json: &str) -> Result<(), serde_json::Error> {
        let value = RawValue::from_string(json.to_owned())?;
        self.put(key.into(), value);
        Ok(())
    }

    /// Takes a key out; tells whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.entries.remove(key)
    }

    /// The object as JSON text.
    pub fn to_json(&self) -> String {
        let mut text = String::from("{");
        for (index, (key, value)) in self.entries.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            // A string always has a JSON form.
            text.push_str(&serde_json::to_string(key).unwrap_or_default());
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        text
    }

    pub(crate) fn put(&mut self, key: String, value: Box<RawValue>) {
        self.entries.put(key, value);
    }

    fn borrowed(&self) -> Vec<(&str, &RawValue)> {
        self.entries.iter().collect()
    }

    pub(crate) fn into_entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_list()
    }

    /// Takes an entry whose key is known to be new.
    pub(crate) fn push(&mut self, key: String, value: Box<RawValue>) {
        self.entries.push(key, value);
    }

    /// Writes the entries into a map that is being serialised, but for those that were written already.
    pub(crate) fn write_into<M: SerializeMap>(
        &self,
        map: &mut M,
        is_written: impl Fn(&str) -> bool,
    ) -> Result<(), M::Error> {
        let mut left = self.entries.iter().filter(|(key, _)| !is_written(key));
        left.try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        same_entries(self.borrowed(), other.borrowed(), 0)
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let fields = fields(&text).map_err(D::Error::custom)?;
        let entries = fields.into_iter().map(|(key, value)| (key.into_owned(), value.to_owned())).collect();
        Ok(Self { entries: Entries::List(entries) })
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        self.write_into(&mut map, |_| false)?;
        map.end()
    }
}

/// Whether two JSON texts say the same: keys in any order, numbers by their text. Text that is no JSON equals nothing.
///
/// ```
/// use users_model::json;
///
/// assert!(json::equal(r#"{"a":1,"b":[true]}"#, r#"{ "b": [true], "a": 1 }"#));
/// assert!(!json::equal("1", "1.0"));
/// assert!(!json::equal("100000000000000000000000000001", "100000000000000000000000000002"));
/// ```
pub fn equal(left: &str, right: &str) -> bool {
    match (serde_json::from_str::<&RawValue>(left), serde_json::from_str::<&RawValue>(right)) {
        (Ok(left), Ok(right)) => same(left, right, 0),
        _ => false,
    }
}

fn same(left: &RawValue, right: &RawValue, depth: usize) -> bool {
    // Deeper than serde_json itself reads, texts are compared as they stand, so that no input exhausts the stack.
    if left.get() == right.get() || depth > 120 {
        return left.get() == right.get();
    }
    match (left.get().as_bytes().first(), right.get().as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (fields(left), fields(right)) {
            (Ok(left), Ok(right)) => same_entries(
                left.iter().map(|(key, value)| (&**key, *value)).collect(),
                right.iter().map(|(key, value)| (&**key, *value)).collect(),
                depth,
            ),
            _ => false,
        },
        (Some(b'['), Some(b'[')) => {
            match (
                serde_json::from_str::<Vec<&RawValue>>(left.get()),
                serde_json::from_str::<Vec<&RawValue>>(right.get()),
            ) {
                (Ok(left), Ok(right)) => {
                    left.len() == right.len()
                        && left.iter().zip(&right).all(|(left, right)| same(left, right, depth + 1))
                }
                _ => false,
            }
        }
        (Some(b'"'), Some(b'"')) => {
            match (serde_json::from_str::<String>(left.get()), serde_json::from_str::<String>(right.get())) {
                (Ok(left), Ok(right)) => left == right,
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether two objects hold the same. Keys are hashed, since a body from outside may have a million of them.
fn same_entries(left: Vec<(&str, &RawValue)>, right: Vec<(&str, &RawValue)>, depth: usize) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let right: HashMap<&str, &RawValue> = right.into_iter().collect();
    left.into_iter().all(|(key, value)| right.get(key).is_some_and(|theirs| same(value, theirs, depth + 1)))
}

/// The keys and raw values of an object, each key once, the last of equal ones; an error where the text is no object.
pub(crate) fn fields(text: &RawValue) -> Result<Vec<(Cow<'_, str>, &RawValue)>, serde_json::Error> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::with_capacity(24);
            while let Some(Key(key)) = map.next_key()? {
                fields.push((key, map.next_value()?));
            }
            Ok(fields)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    let fields = deserializer.deserialize_map(Fields)?;
    Ok(last_of_each(fields))
}

fn last_of_each<'a>(fields: Vec<(Cow<'a, str>, &'a RawValue)>) -> Vec<(Cow<'a, str>, &'a RawValue)> {
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::with_capacity(fields.len());
    let mut kept: Vec<(Cow<'a, str>, &'a RawValue)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        if let Some(entry) = places.get(&key).and_then(|place| kept.get_mut(*place)) {
            entry.1 = value;
        } else {
            places.insert(key.clone(), kept.len());
            kept.push((key, value));
        }
    }
    kept
}

/// An object's key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_keeps_order_unknown_shapes_and_the_text_of_numbers() {
        let text =
            r#"{"z":1e400,"a":123456789012345678901234567890,"n":null,"s":"\ud800","deep":{"x":[1.0,{}]}}"#;
        let object = JsonObject::from_json(text).unwrap();
        assert_eq!(object.to_json(), text);
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
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
    fn a_million_keys_are_read_and_compared_in_a_moment() {
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
