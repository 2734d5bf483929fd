//! Lossless JSON: unknown keys, their order, and the text of every number are kept.

use crate::entries::{Entries, Odd};
use crate::memory::{Held, MemoryExceeded, charge_entry};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

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
        serde_json::from_str(json)
    }

    /// Creates an object from any value that serializes to one: a struct, a map, `serde_json::json!({…})`.
    pub fn from_value(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&serde_json::to_string(value)?)
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.entries.len() + self.odd().len()
    }

    /// Returns whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the keys in their original order. Keys that contain a lone surrogate (`"\ud83d"`) come last, with U+FFFD in its
    /// place. `serde_json::to_string` writes them in their original form; `serde_json::to_value` fails for them, since its keys
    /// are Unicode.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns each key with the JSON text of its value, in the order of [`keys`](Self::keys).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let odd = self.odd().iter().map(|odd| (odd.shown.as_str(), odd.value.get()));
        self.entries.iter().map(|(key, value)| (key, value.get())).chain(odd)
    }

    /// Returns whether the key exists, with any value, `null` included.
    pub fn contains_key(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Returns the original JSON text of a value.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(RawValue::get)
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
        let value = RawValue::from_string(json.to_owned())?;
        self.put(key.into(), value);
        Ok(())
    }

    /// Removes a key. Returns whether it existed.
    pub fn remove(&mut self, key: &str) -> bool {
        self.entries.remove(key)
    }

    /// Returns the object as JSON text.
    pub fn to_json(&self) -> String {
        let mut text = String::from("{");
        for (key, value) in self.entries.iter() {
            // Serializing a string does not fail.
            append(&mut text, &serde_json::to_string(key).unwrap_or_default(), value.get());
        }
        self.append_odd(&mut text);
        text.push('}');
        text
    }

    fn odd(&self) -> &[Odd] {
        self.entries.odd()
    }

    /// Whether any key contains a lone surrogate.
    pub(crate) fn has_odd(&self) -> bool {
        !self.odd().is_empty()
    }

    /// Appends the entries whose key contains a lone surrogate to an object's text.
    pub(crate) fn append_odd(&self, text: &mut String) {
        self.odd().iter().for_each(|odd| append(text, odd.key.get(), odd.value.get()));
    }

    /// Adds an entry of a text that is being decoded. Its key is known to be new.
    pub(crate) fn keep(&mut self, key: &str, value: &RawValue) -> Result<(), MemoryExceeded> {
        charge_entry(key, value.get())?;
        self.entries.push(key.to_owned(), value.to_owned());
        Ok(())
    }

    pub(crate) fn keep_odd(&mut self, odd: Vec<(&RawValue, &RawValue)>) -> Result<(), MemoryExceeded> {
        for (key, value) in odd {
            charge_entry(key.get(), value.get())?;
            charge_entry(key.get(), "")?;
            let shown = String::from_utf8_lossy(&Wtf8::of(key)).into_owned();
            self.entries.push_odd(Odd { shown, key: key.to_owned(), value: value.to_owned() });
        }
        Ok(())
    }

    pub(crate) fn put(&mut self, key: String, value: Box<RawValue>) {
        self.entries.put(key, value);
    }

    fn borrowed(&self) -> Fields<'_> {
        Fields {
            entries: self.entries.iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect(),
            odd: self.odd().iter().map(|odd| (&*odd.key, &*odd.value)).collect(),
            _held: None,
        }
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
        let theirs: HashSet<Vec<u8>> = odd.iter().map(|odd| Wtf8::of(&odd.key)).collect();
        self.entries.retain_odd(|ours| !theirs.contains(&Wtf8::of(&ours.key)));
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
        same_entries(&self.borrowed(), &other.borrowed(), 0)
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let _copy = Held::new(text.get().len()).map_err(D::Error::custom)?;
        let fields = fields(&text).map_err(D::Error::custom)?;
        let mut object = Self::new();
        for (key, value) in fields.entries {
            object.keep(&key, value).map_err(D::Error::custom)?;
        }
        object.keep_odd(fields.odd).map_err(D::Error::custom)?;
        Ok(object)
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.has_odd() {
            let text = RawValue::from_string(self.to_json()).map_err(S::Error::custom)?;
            return text.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(self.len()))?;
        self.write_into(&mut map, |_| false)?;
        map.end()
    }
}

/// Returns whether two JSON texts are equal: keys in any order, numbers by their text. Text that is not JSON equals nothing.
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
    // Below the depth that serde_json parses, values are compared as text, so that no input exhausts the stack.
    if left.get() == right.get() || depth > 120 {
        return left.get() == right.get();
    }
    match (left.get().as_bytes().first(), right.get().as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (fields(left), fields(right)) {
            (Ok(left), Ok(right)) => same_entries(&left, &right, depth),
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
        (Some(b'"'), Some(b'"')) => Wtf8::of(left) == Wtf8::of(right),
        _ => false,
    }
}

/// Whether two objects are equal. Keys are hashed, since a body may have a million of them.
fn same_entries(left: &Fields<'_>, right: &Fields<'_>, depth: usize) -> bool {
    let is_same =
        |value, theirs: Option<&&RawValue>| theirs.is_some_and(|theirs| same(value, theirs, depth + 1));
    let theirs: HashMap<&str, &RawValue> =
        right.entries.iter().map(|(key, value)| (&**key, *value)).collect();
    let odd: HashMap<Vec<u8>, &RawValue> =
        right.odd.iter().map(|(key, value)| (Wtf8::of(key), *value)).collect();
    left.entries.len() == right.entries.len()
        && left.odd.len() == right.odd.len()
        && left.entries.iter().all(|(key, value)| is_same(value, theirs.get(&**key)))
        && left.odd.iter().all(|(key, value)| is_same(value, odd.get(&Wtf8::of(key))))
}

/// The bytes that a key takes while an object is decoded: in a growing list, in an index, and in the final list.
const READ_KEY: usize = 300;

/// The entries of an object. Of equal keys, the last value counts.
pub(crate) struct Fields<'a> {
    pub(crate) entries: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// The entries whose key contains a lone surrogate, with the original key.
    pub(crate) odd: Vec<(&'a RawValue, &'a RawValue)>,
    /// Charges the memory of the entries while they exist.
    _held: Option<Held>,
}

/// Reads the entries of an object. Fails if the text is not an object.
pub(crate) fn fields(text: &RawValue) -> Result<Fields<'_>, serde_json::Error> {
    struct Read;

    impl<'de> Visitor<'de> for Read {
        type Value = Fields<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut held = Held::new(0).map_err(A::Error::custom)?;
            let mut fields = Fields { entries: Vec::with_capacity(24), odd: Vec::new(), _held: None };
            while let Some(raw) = map.next_key::<&RawValue>()? {
                held.add(READ_KEY + raw.get().len()).map_err(A::Error::custom)?;
                let value = map.next_value()?;
                match key(raw) {
                    Some(key) => fields.entries.push((key, value)),
                    None => fields.odd.push((raw, value)),
                }
            }
            Ok(Fields { _held: Some(held), ..fields })
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    let mut fields = deserializer.deserialize_map(Read)?;
    fields.entries = last_of_each(fields.entries, Cow::clone);
    fields.odd = last_of_each(fields.odd, |key| Wtf8::of(key));
    Ok(fields)
}

/// A key without quotes and escapes, borrowed if it has no escapes; `None` if it contains a lone surrogate.
fn key(raw: &RawValue) -> Option<Cow<'_, str>> {
    let bare = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    if bare.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(bare))
    }
}

fn last_of_each<K, I: Eq + Hash>(
    fields: Vec<(K, &RawValue)>,
    identity: impl Fn(&K) -> I,
) -> Vec<(K, &RawValue)> {
    let mut places: HashMap<I, usize> = HashMap::with_capacity(fields.len());
    let mut kept: Vec<(K, &RawValue)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let identity = identity(&key);
        if let Some(entry) = places.get(&identity).and_then(|place| kept.get_mut(*place)) {
            entry.1 = value;
        } else {
            places.insert(identity, kept.len());
            kept.push((key, value));
        }
    }
    kept
}

fn append(text: &mut String, key: &str, value: &str) {
    if !text.ends_with('{') {
        text.push(',');
    }
    text.push_str(key);
    text.push(':');
    text.push_str(value);
}

/// A JSON string as WTF-8: UTF-8 with lone surrogates.
struct Wtf8;

impl Wtf8 {
    fn of(string: &RawValue) -> Vec<u8> {
        serde_json::Deserializer::from_str(string.get()).deserialize_bytes(Self).unwrap_or_default()
    }
}

impl Visitor<'_> for Wtf8 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(JsonObject::from_json(r#"{"\ud83d":1,"\uD83D":2}"#).unwrap().to_json(), r#"{"\ud83d":2}"#);
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
