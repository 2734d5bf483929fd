//! The entries of a JSON object, in order.

use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// The number of entries up to which keys are searched linearly.
const FEW: usize = 32;

pub(crate) type Entry = (String, Box<RawValue>);

/// An entry whose key contains a lone surrogate, as in `"\ud83d"`.
#[derive(Clone)]
pub(crate) struct Odd {
    /// The key, with U+FFFD in place of each surrogate.
    pub(crate) shown: String,
    /// The original key, quotes included.
    pub(crate) key: Box<RawValue>,
    pub(crate) value: Box<RawValue>,
}

/// A list, or an index once an entry of a long list is set or removed. Most objects have few entries, and a page of users has
/// thousands of objects, so the small form needs no more memory than its list.
#[derive(Clone)]
pub(crate) enum Entries {
    List(Vec<Entry>),
    Index(Box<Index>),
}

#[derive(Clone, Default)]
pub(crate) struct Index {
    /// The entries whose key contains a lone surrogate.
    odd: Vec<Odd>,
    /// The entries by number, in the order in which they were added.
    entries: BTreeMap<u64, Entry>,
    numbers: HashMap<String, u64>,
    next: u64,
}

impl Entries {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Index(index) => index.entries.len(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        let (list, index) = match self {
            Self::List(list) => (list.as_slice(), None),
            Self::Index(index) => (&[] as &[Entry], Some(index.entries.values())),
        };
        list.iter().chain(index.into_iter().flatten()).map(|(key, value)| (key.as_str(), &**value))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&RawValue> {
        match self {
            Self::List(list) => list.iter().find(|(name, _)| name == key).map(|(_, value)| &**value),
            Self::Index(index) => {
                let number = index.numbers.get(key)?;
                index.entries.get(number).map(|(_, value)| &**value)
            }
        }
    }

    /// The entries whose key contains a lone surrogate.
    pub(crate) fn odd(&self) -> &[Odd] {
        match self {
            Self::List(_) => &[],
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
    pub(crate) fn put(&mut self, key: String, value: Box<RawValue>) {
        match self.for_change() {
            Self::List(list) => match list.iter_mut().find(|(name, _)| *name == key) {
                Some(entry) => entry.1 = value,
                None => list.push((key, value)),
            },
            Self::Index(index) => index.put(key, value),
        }
    }

    /// Adds an entry whose key is known to be new.
    pub(crate) fn push(&mut self, key: String, value: Box<RawValue>) {
        match self {
            Self::List(list) => list.push((key, value)),
            Self::Index(index) => index.put(key, value),
        }
    }

    /// Removes a key. Returns whether it existed.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        match self.for_change() {
            Self::List(list) => {
                let before = list.len();
                list.retain(|(name, _)| name != key);
                list.len() != before
            }
            Self::Index(index) => {
                index.numbers.remove(key).and_then(|number| index.entries.remove(&number)).is_some()
            }
        }
    }

    /// Returns the entries in order, and those whose key contains a lone surrogate.
    pub(crate) fn into_lists(self) -> (Vec<Entry>, Vec<Odd>) {
        match self {
            Self::List(list) => (list, Vec::new()),
            Self::Index(index) => (index.entries.into_values().collect(), index.odd),
        }
    }

    /// Builds the index of a long list, so that changes find their keys in it.
    fn for_change(&mut self) -> &mut Self {
        if self.len() > FEW {
            self.index();
        }
        self
    }

    fn index(&mut self) -> &mut Index {
        loop {
            match self {
                Self::Index(index) => return index,
                Self::List(list) => {
                    let mut index = Index::default();
                    for (key, value) in std::mem::take(list) {
                        index.put(key, value);
                    }
                    *self = Self::Index(Box::new(index));
                }
            }
        }
    }
}

impl Index {
    fn put(&mut self, key: String, value: Box<RawValue>) {
        let entry = self.numbers.get(&key).and_then(|number| self.entries.get_mut(number));
        if let Some(entry) = entry {
            entry.1 = value;
            return;
        }
        self.numbers.insert(key.clone(), self.next);
        self.entries.insert(self.next, (key, value));
        self.next += 1;
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}
