//! One page of a list.

use crate::json::{
    self, Failure, Fields, JsonObject, Model, Raw, Reader, Slot, Stop, ToJson, serialize_text, write_object,
};
use crate::object::Field as _;
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type that is listed in pages.
pub trait Listed: Serialize + Model {
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
    Connection = "connections",
    DeviceCredential = "device_credentials",
    EffectivePermission = "permissions",
    EffectiveRole = "roles",
    Grant = "grants",
    Group = "groups",
    GroupMember = "members",
    Invitation = "invitations",
    LogEvent = "logs",
    Organization = "organizations",
    OrganizationMember = "members",
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
        json::deserialize(deserializer)
    }
}

impl<T: Listed> Model for Page<T> {
    fn read_model(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        if reader.peek() == b'[' {
            return json::read_items(reader).map(Self::new);
        }
        let mut list = List::<T>(Vec::new());
        let Envelope { list: key, start, limit, length, total, next, unknown, .. } =
            read_envelope(reader, T::KEYS, &mut list)?;
        Ok(Self { items: list.0, start, limit, length, total, next, unknown, envelope: key })
    }
}

/// The items of an envelope.
struct List<T>(Vec<T>);

impl<T: Listed> Slot for List<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        // Frees the items of an earlier list with the same key.
        self.0 = Vec::new();
        self.0 = json::read_items(reader)?;
        Ok(true)
    }

    fn is_written(&self) -> bool {
        true
    }
}

/// The fields of an envelope while it is read.
struct Envelope<'a> {
    start: Option<u64>,
    limit: Option<u64>,
    length: Option<u64>,
    total: Option<u64>,
    next: Option<String>,
    unknown: JsonObject,
    keys: &'static [&'static str],
    /// The key of the list.
    list: Option<&'static str>,
    items: Occurrence<'a>,
    /// The list that was chosen, if there are several.
    chosen: Option<Chosen>,
    has_several_lists: bool,
}

/// The list of an envelope: its key, and how many times the key occurs.
#[derive(Clone, Copy)]
struct Chosen {
    key: &'static str,
    occurrences: usize,
}

/// The items of a list whose key may be repeated. The last value counts.
struct Occurrence<'a> {
    items: &'a mut dyn Slot,
    /// The number of lists to skip.
    skip: usize,
}

impl<'a> Envelope<'a> {
    fn new(keys: &'static [&'static str], items: &'a mut dyn Slot, chosen: Option<Chosen>) -> Self {
        let skip = chosen.map_or(0, |chosen| chosen.occurrences.saturating_sub(1));
        Self {
            start: None,
            limit: None,
            length: None,
            total: None,
            next: None,
            unknown: JsonObject::new(),
            keys,
            list: None,
            items: Occurrence { items, skip },
            chosen,
            has_several_lists: false,
        }
    }
}

impl Fields for Envelope<'_> {
    fn field(&mut self, key: &str) -> Option<&mut dyn Slot> {
        match key {
            "start" => Some(&mut self.start),
            "limit" => Some(&mut self.limit),
            "length" => Some(&mut self.length),
            "total" => Some(&mut self.total),
            "next" => Some(&mut self.next),
            other => {
                let key = self.keys.iter().find(|key| **key == other).copied()?;
                if self.chosen.is_some_and(|chosen| chosen.key != key) {
                    // The other list is kept unchanged.
                    return None;
                }
                self.has_several_lists |= self.list.replace(key).is_some();
                Some(&mut self.items)
            }
        }
    }

    fn unknown(&mut self) -> &mut JsonObject {
        &mut self.unknown
    }
}

impl Slot for Occurrence<'_> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Stop> {
        if self.skip == 0 {
            return self.items.read(reader);
        }
        self.skip -= 1;
        reader.skip().map(|_| true)
    }

    fn is_written(&self) -> bool {
        self.items.is_written()
    }
}

/// Reads an object with a list of items, under one of these keys.
fn read_envelope<'a>(
    reader: &mut Reader<'_>,
    keys: &'static [&'static str],
    items: &'a mut dyn Slot,
) -> Result<Envelope<'a>, Stop> {
    let at = reader.position();
    let mut envelope = Envelope::new(keys, items, None);
    let is_read = reader.attempt(|reader| {
        let is_object = json::read_fields(reader, &mut envelope)?;
        Ok(is_object && !envelope.has_several_lists)
    });
    if !is_read {
        // There are several lists, of which one is chosen, or an error.
        let chosen = choose_list(reader, keys)?;
        reader.rewind(at);
        envelope = Envelope::new(keys, envelope.items.items, Some(chosen));
        if !json::read_fields(reader, &mut envelope)? {
            return Err(reader.unexpected(at, "an object"));
        }
    }
    if envelope.list.is_none() {
        let reason = format!("missing field `{}`", keys.join("` or `"));
        return Err(reader.fail(Failure::Shape { at, reason }));
    }
    Ok(envelope)
}

/// Chooses the list of an envelope: the first key with a list that is not empty, else the first with a list, else the first that
/// exists.
fn choose_list(reader: &mut Reader<'_>, keys: &'static [&'static str]) -> Result<Chosen, Stop> {
    // For each key, its last value and the number of its occurrences.
    let mut found = vec![("", 0); keys.len()];
    reader.entries(|reader, key| {
        let value = reader.skip()?;
        let key = key.unescaped();
        let place = keys.iter().position(|listed| Some(*listed) == key.as_deref());
        if let Some(found) = place.and_then(|place| found.get_mut(place)) {
            *found = (value, found.1 + 1);
        }
        Ok(())
    })?;
    let rank = |value: &str| match value.as_bytes().first() {
        Some(b'[') if !is_empty_list(value) => 3,
        Some(b'[') => 2,
        Some(_) => 1,
        None => 0,
    };
    // `max_by_key` returns the last of equal ranks, hence the reversal.
    let best = keys.iter().zip(found).rev().max_by_key(|(_, (value, _))| rank(value));
    let (key, (_, occurrences)) = best.map_or_else(Default::default, |(key, found)| (*key, found));
    Ok(Chosen { key, occurrences })
}

fn is_empty_list(value: &str) -> bool {
    value.bytes().skip(1).find(|byte| !byte.is_ascii_whitespace()) == Some(b']')
}

impl<T: Listed> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(key) = self.envelope else { return self.items.serialize(serializer) };
        if self.unknown.has_odd() {
            let items = Raw(serde_json::to_string(&self.items).map_err(S::Error::custom)?);
            let fields = [
                ("start", self.start.value()),
                ("limit", self.limit.value()),
                ("length", self.length.value()),
                (key, Some(&items as &dyn ToJson)),
                ("total", self.total.value()),
                ("next", self.next.value()),
            ];
            let mut text = String::new();
            write_object(&mut text, &fields, &self.unknown);
            return serialize_text(text, serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        self.start.write("start", &mut map)?;
        self.limit.write("limit", &mut map)?;
        self.length.write("length", &mut map)?;
        map.serialize_entry(key, &self.items)?;
        self.total.write("total", &mut map)?;
        self.next.write("next", &mut map)?;
        self.unknown.write_into(&mut map, |_| false)?;
        map.end()
    }
}
