//! One page of a list.

use crate::json::JsonObject;
use crate::json::fields;
use crate::memory::{Held, elements};
use crate::object::{Slot, WriteFields, fill, serialize_as_text};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A type that is listed in pages.
pub trait Listed: Serialize + DeserializeOwned {
    /// The key of the list in an envelope. Some types are listed under either of two keys.
    const KEYS: &'static [&'static str];
}

/// Implements `Listed` for models, each with the keys of its lists.
macro_rules! listed {
    ($($item:ident = $($key:literal)|+,)*) => {
        $(impl Listed for crate::$item {
            const KEYS: &'static [&'static str] = &[$($key),+];
        })*
    };
}

listed! {
    AuthenticationMethod = "authenticators",
    ConnectedAccount = "connected_accounts",
    EffectivePermission = "permissions",
    EffectiveRole = "roles",
    Group = "groups",
    LogEvent = "logs",
    Organization = "organizations",
    Permission = "permissions",
    RefreshToken = "tokens" | "refresh_tokens",
    Role = "roles",
    RoleUser = "users",
    Session = "sessions",
    User = "users",
}

/// One page of a list: a bare array, or an envelope with totals.
///
/// ```
/// use users_model::{Page, User};
///
/// let bare: Page<User> = serde_json::from_str(r#"[{"user_id":"auth0|1"}]"#)?;
/// let totals: Page<User> =
///     serde_json::from_str(r#"{"start":0,"limit":50,"length":1,"users":[{"user_id":"auth0|1"}],"total":1}"#)?;
/// assert_eq!(bare.items, totals.items);
/// assert_eq!((bare.total, totals.total), (None, Some(1)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The index of the first item in the whole list, from 0.
    pub start: Option<u64>,
    /// The maximum number of items per page.
    pub limit: Option<u64>,
    /// The number of items on this page.
    pub length: Option<u64>,
    /// The number of items in the whole list. For users, Auth0 caps it at 1000.
    pub total: Option<u64>,
    /// The checkpoint of the next page, for lists that are paged by checkpoint.
    pub next: Option<String>,
    /// Other keys of the envelope.
    pub unknown: JsonObject,
    /// The key of the items; `None` for a bare array.
    envelope: Option<&'static str>,
}

impl<T> Page<T> {
    /// Creates a page without totals, which is encoded as a bare array.
    pub fn new(items: Vec<T>) -> Self {
        Self {
            items,
            start: None,
            limit: None,
            length: None,
            total: None,
            next: None,
            unknown: JsonObject::new(),
            envelope: None,
        }
    }

    /// Returns the number of items on this page.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether the page has no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns an iterator over the items.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'de, T: Listed> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let _copy = Held::new(text.get().len()).map_err(D::Error::custom)?;
        if text.get().starts_with('[') {
            return Ok(Self::new(items("", &text).map_err(D::Error::custom)?));
        }
        let mut page = Self::new(Vec::new());
        let fields = fields(&text).map_err(D::Error::custom)?;
        let list = list_key::<T>(&fields.entries);
        for (key, value) in fields.entries {
            match key.as_ref() {
                "start" => fill(&mut page.start, &key, value, &mut page.unknown),
                "limit" => fill(&mut page.limit, &key, value, &mut page.unknown),
                "length" => fill(&mut page.length, &key, value, &mut page.unknown),
                "total" => fill(&mut page.total, &key, value, &mut page.unknown),
                "next" => fill(&mut page.next, &key, value, &mut page.unknown),
                other => match T::KEYS.iter().find(|key| **key == other) {
                    // If an envelope has both keys of a list, the other one is kept unchanged.
                    Some(key) if *key == list => {
                        page.items = items(key, value).map_err(D::Error::custom)?;
                        page.envelope = Some(key);
                        Ok(())
                    }
                    _ => page.unknown.keep(other, value),
                },
            }
            .map_err(D::Error::custom)?;
        }
        page.unknown.keep_odd(fields.odd).map_err(D::Error::custom)?;
        match page.envelope {
            Some(_) => Ok(page),
            None => Err(D::Error::custom(format_args!("missing field `{}`", T::KEYS.join("` or `")))),
        }
    }
}

/// The key of the items: the first with a list that is not empty, else the first with a list, else the first that exists.
fn list_key<T: Listed>(entries: &[(Cow<'_, str>, &RawValue)]) -> &'static str {
    let rank = |key: &str| {
        let value = entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value.get());
        match value {
            Some(value) if value.starts_with('[') && !is_empty_list(value) => 3,
            Some(value) if value.starts_with('[') => 2,
            Some(_) => 1,
            None => 0,
        }
    };
    // `max_by_key` returns the last of equal ranks, hence the reversal.
    T::KEYS.iter().rev().max_by_key(|key| rank(key)).copied().unwrap_or_default()
}

fn is_empty_list(value: &str) -> bool {
    value.bytes().skip(1).find(|byte| !byte.is_ascii_whitespace()) == Some(b']')
}

/// The bytes of a reference to an item, including its share of a growing list.
const ITEM_TEXT: usize = 48;

/// Decodes the items one by one, so that an error names the index of the item that cannot be decoded.
fn items<T: DeserializeOwned>(key: &str, text: &RawValue) -> Result<Vec<T>, String> {
    let _texts = Held::new(ITEM_TEXT * elements(text.get())).map_err(|error| error.to_string())?;
    let texts: Vec<&RawValue> =
        serde_json::from_str(text.get()).map_err(|error| format!("{key}: {error}"))?;
    let read = |(index, text): (usize, &&RawValue)| {
        serde_json::from_str(text.get()).map_err(|error| format!("{key}[{index}]: {error}"))
    };
    texts.iter().enumerate().map(read).collect()
}

impl<T: Listed> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.envelope.is_none() {
            return self.items.serialize(serializer);
        }
        if self.unknown.has_odd() {
            return serialize_as_text(self, serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        self.write_fields(&mut map)?;
        map.end()
    }
}

impl<T: Listed> WriteFields for Page<T> {
    fn write_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.start.write("start", map)?;
        self.limit.write("limit", map)?;
        self.length.write("length", map)?;
        if let Some(key) = self.envelope {
            map.serialize_entry(key, &self.items)?;
        }
        self.total.write("total", map)?;
        self.next.write("next", map)?;
        self.unknown.write_into(map, |_| false)
    }

    fn unknown(&self) -> &JsonObject {
        &self.unknown
    }
}
