//! The entries of a JSON object, in order.

use super::reader::Reader;
use super::text::Text;
use super::wtf8::wtf8;
use std::collections::HashMap;
use std::hash::Hash;
use std::slice;

/// The number of entries up to which keys are searched linearly.
const FEW: usize = 32;

/// A key and the JSON text of its value.
pub(crate) type Entry = (Box<str>, Box<str>);

/// An entry whose key contains a lone surrogate, as in `"\ud83d"`.
#[derive(Clone)]
pub(crate) struct Odd {
    /// The key, with U+FFFD in place of each surrogate.
    pub(crate) shown: String,
    /// The original key, quotes included.
    pub(crate) key: Box<str>,
    pub(crate) value: Box<str>,
}

/// The text of an object, a list of entries, or an index of them.
#[derive(Clone)]
pub(crate) enum Entries {
    /// The text of an object whose keys are all different and without escapes, as metadata is received. There is no white space
    /// between its entries.
    Text(Box<str>),
    /// Most objects have few entries, and a page of users has thousands of objects, so this form needs no more memory than its list.
    List(Vec<Entry>),
    /// The form of a long list once an entry is set or removed, and of an object with a key that contains a lone surrogate.
    Index(Box<Index>),
}

#[derive(Clone, Default)]
pub(crate) struct Index {
    /// The entries whose key contains a lone surrogate.
    odd: Vec<Odd>,
    /// The entries in the order in which they were added, with gaps for those that were removed.
    entries: Vec<Option<Entry>>,
    places: HashMap<Box<str>, usize>,
}

impl Entries {
    /// The text of an object without the white space between its entries. The keys are all different and without escapes.
    pub(crate) fn compact(object: &str) -> Self {
        let mut text = String::from("{");
        for (key, value) in InText::new(object) {
            let comma = if text.len() == 1 { "" } else { "," };
            for part in [comma, "\"", key, "\":", value] {
                text.push_str(part);
            }
        }
        text.push('}');
        Self::Text(text.into())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(_) => self.iter().count(),
            Self::List(list) => list.len(),
            Self::Index(index) => index.places.len(),
        }
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter(match self {
            Self::Text(text) => Form::Text(InText::new(text)),
            Self::List(list) => Form::List(list.iter()),
            Self::Index(index) => Form::Index(index.entries.iter()),
        })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        match self {
            Self::Text(_) | Self::List(_) => {
                self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
            }
            Self::Index(index) => {
                let entry = index.entries.get(*index.places.get(key)?)?.as_ref();
                entry.map(|(_, value)| &**value)
            }
        }
    }

    /// The entries whose key contains a lone surrogate.
    pub(crate) fn odd(&self) -> &[Odd] {
        match self {
            Self::Text(_) | Self::List(_) => &[],
            Self::Index(index) => &index.odd,
        }
    }

    /// Adds an entry whose key contains a lone surrogate.
    pub(crate) fn push_odd(&mut self, odd: Odd) {
        self.index().odd.push(odd);
    }

    /// Keeps the entries whose key contains a lone surrogate only where `keep` returns `true`.
    pub(crate) fn retain_odd(&mut self, keep: impl FnMut(&Odd) -> bool) {
        if let Self::Index(index) = self {
            index.odd.retain(keep);
        }
    }

    /// Sets a value. A new key is added at the end.
    pub(crate) fn put(&mut self, key: Box<str>, value: Box<str>) {
        match self.for_change() {
            Change::List(list) => match list.iter_mut().find(|(name, _)| *name == key) {
                Some(entry) => entry.1 = value,
                None => list.push((key, value)),
            },
            Change::Index(index) => index.put(key, value),
        }
    }

    /// Adds an entry while an object is read. Its key may be repeated until [`settle`](Self::settle) is called.
    pub(crate) fn push(&mut self, key: Box<str>, value: Box<str>) {
        match self {
            Self::List(list) => list.push((key, value)),
            Self::Text(_) | Self::Index(_) => self.put(key, value),
        }
    }

    /// Removes the entries whose key is repeated: the last value counts, at the place of the first.
    /// Entries whose key `is_field` are removed as well.
    pub(crate) fn settle(&mut self, mut is_field: impl FnMut(&str) -> bool) {
        match self {
            Self::Text(_) => {}
            Self::List(list) => list.retain(|(key, _)| !is_field(key)),
            Self::Index(index) => {
                index.places.retain(|key, _| !is_field(key));
                index.entries.retain(|entry| entry.as_ref().is_some_and(|(key, _)| !is_field(key)));
                index.rebuild();
            }
        }
        match self {
            Self::Text(_) => {}
            Self::List(list) if list.len() <= FEW && are_different(list) => {}
            Self::List(list) => {
                let order = last_places(list.iter().map(|(key, _)| &**key));
                keep(list, &order);
            }
            Self::Index(index) => {
                let order = last_places(index.odd.iter().map(|odd| wtf8(&odd.key)));
                keep(&mut index.odd, &order);
            }
        }
    }

    /// Removes a key. Returns whether it existed.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        match self.for_change() {
            Change::List(list) => {
                let before = list.len();
                list.retain(|(name, _)| &**name != key);
                list.len() != before
            }
            Change::Index(index) => index.remove(key),
        }
    }

    /// Returns the entries in order, and those whose key contains a lone surrogate.
    pub(crate) fn into_lists(self) -> (Vec<Entry>, Vec<Odd>) {
        match self {
            Self::Text(text) => (listed(&text), Vec::new()),
            Self::List(list) => (list, Vec::new()),
            Self::Index(index) => (index.entries.into_iter().flatten().collect(), index.odd),
        }
    }

    /// The form that can be changed; the index of a long list, so that changes find their keys in it.
    fn for_change(&mut self) -> Change<'_> {
        if let Self::Text(text) = self {
            *self = Self::List(listed(text));
        }
        if self.len() > FEW {
            self.index();
        }
        match self {
            Self::List(list) => Change::List(list),
            Self::Index(index) => Change::Index(index),
            Self::Text(_) => Change::Index(self.index()),
        }
    }

    fn index(&mut self) -> &mut Index {
        loop {
            match self {
                Self::Index(index) => return index,
                Self::Text(_) | Self::List(_) => {
                    let mut index = Index::default();
                    for (key, value) in std::mem::take(self).into_lists().0 {
                        index.put(key, value);
                    }
                    *self = Self::Index(Box::new(index));
                }
            }
        }
    }
}

/// Entries that can be changed.
enum Change<'a> {
    List(&'a mut Vec<Entry>),
    Index(&'a mut Index),
}

fn listed(text: &str) -> Vec<Entry> {
    InText::new(text).map(|(key, value)| (key.into(), value.into())).collect()
}

/// The entries of an object: keys, and the texts of their values.
pub(crate) struct Iter<'a>(Form<'a>);

enum Form<'a> {
    Text(InText<'a>),
    List(slice::Iter<'a, Entry>),
    Index(slice::Iter<'a, Option<Entry>>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    // Not inlined into other crates.
    fn next(&mut self) -> Option<Self::Item> {
        let entry = match &mut self.0 {
            Form::Text(text) => return text.next(),
            Form::List(list) => list.next(),
            Form::Index(entries) => entries.find_map(Option::as_ref),
        };
        entry.map(|(key, value)| (&**key, &**value))
    }
}

/// The entries in the text of an object, whose keys are all different and without escapes.
struct InText<'a> {
    reader: Reader<'a>,
    has_more: bool,
}

impl<'a> InText<'a> {
    fn new(text: &'a str) -> Self {
        let mut reader = Reader::new(text, usize::MAX);
        let has_more = reader.open(b'{').unwrap_or(false);
        Self { reader, has_more }
    }
}

impl<'a> Iterator for InText<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.has_more {
            return None;
        }
        // The text was read before, so none of this fails.
        let key = self.reader.key().ok().and_then(Text::plain)?;
        let value = self.reader.skip().ok()?;
        self.has_more = self.reader.more(b'}').unwrap_or(false);
        Some((key, value))
    }
}

/// Keeps the last of the items with equal keys, at the place of the first. `order` has the indexes of the items to keep.
fn keep<T>(items: &mut Vec<T>, order: &[usize]) {
    if order.len() < items.len() {
        let mut all: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
        *items = order.iter().filter_map(|index| all.get_mut(*index)?.take()).collect();
    }
}

/// For each different key, in the order of their first places, the index of its last place.
fn last_places<K: Hash + Eq>(keys: impl Iterator<Item = K> + Clone) -> Vec<usize> {
    let mut last: HashMap<K, usize> = keys.clone().enumerate().map(|(index, key)| (key, index)).collect();
    keys.filter_map(|key| last.remove(&key)).collect()
}

/// Whether all keys are different.
pub(super) fn keys_are_different(keys: &[&str]) -> bool {
    last_places(keys.iter().copied()).len() == keys.len()
}

/// Whether all of a few keys are different.
fn are_different(list: &[Entry]) -> bool {
    let is_new = |(index, (key, _)): (usize, &Entry)| !list.iter().take(index).any(|(other, _)| other == key);
    list.iter().enumerate().all(is_new)
}

impl Index {
    fn put(&mut self, key: Box<str>, value: Box<str>) {
        if let Some(entry) = self.places.get(&key).and_then(|place| self.entries.get_mut(*place)) {
            *entry = Some((key, value));
        } else {
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push(Some((key, value)));
        }
    }

    fn remove(&mut self, key: &str) -> bool {
        let Some(place) = self.places.remove(key) else { return false };
        if let Some(entry) = self.entries.get_mut(place) {
            *entry = None;
        }
        // As many steps as entries were removed since the last time.
        if self.entries.len() > 2 * self.places.len() {
            self.entries.retain(Option::is_some);
            self.rebuild();
        }
        true
    }

    /// Sets the places of all entries, once there are no gaps.
    fn rebuild(&mut self) {
        for (place, (key, _)) in self.entries.iter().flatten().enumerate() {
            if let Some(known) = self.places.get_mut(key) {
                *known = place;
            }
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}
