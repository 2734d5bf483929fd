//! Records of one kind, by key and in the order of their insertion.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A value that a [`Table`] can hold.
pub(crate) trait Record {
    /// The key, which is unique in a table and does not change.
    fn key(&self) -> &str;

    /// The key as the table keeps it. A record that has it in this form shares it.
    fn shared_key(&self) -> Arc<str> {
        self.key().into()
    }
}

/// Records of one kind, by key and in the order of their insertion. It changes by [`Edit`]s only.
#[derive(Debug)]
pub(crate) struct Table<T> {
    by_key: HashMap<Arc<str>, u64>,
    /// By position: a record that is inserted gets a higher one than those that are there.
    in_order: BTreeMap<u64, Arc<T>>,
}

/// The insertion, replacement or removal of one record.
#[derive(Debug)]
pub(crate) struct Edit<T> {
    position: u64,
    /// `None` for an insertion.
    before: Option<Arc<T>>,
    /// `None` for a removal.
    after: Option<Arc<T>>,
}

impl<T> Clone for Edit<T> {
    fn clone(&self) -> Self {
        Self { position: self.position, before: self.before.clone(), after: self.after.clone() }
    }
}

impl<T> Edit<T> {
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn before(&self) -> Option<&Arc<T>> {
        self.before.as_ref()
    }

    pub(crate) fn after(&self) -> Option<&Arc<T>> {
        self.after.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn insertion(position: u64, record: Arc<T>) -> Self {
        Self { position, before: None, after: Some(record) }
    }

    /// The edit that reverts this one.
    pub(crate) fn inverse(&self) -> Self {
        Self { position: self.position, before: self.after.clone(), after: self.before.clone() }
    }
}

impl<T: Record> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.in_order.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Arc<T>> {
        self.at(*self.by_key.get(key)?)
    }

    pub(crate) fn at(&self, position: u64) -> Option<&Arc<T>> {
        self.in_order.get(&position)
    }

    /// The position of a record.
    pub(crate) fn position(&self, key: &str) -> Option<u64> {
        self.by_key.get(key).copied()
    }

    /// The records in the order of their insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.in_order.values()
    }

    /// The records by position.
    pub(crate) fn in_order(&self) -> &BTreeMap<u64, Arc<T>> {
        &self.in_order
    }

    /// The edit that replaces the record with the same key, or inserts one at the end.
    pub(crate) fn put(&self, record: T) -> Edit<T> {
        let (position, before) = match self.by_key.get(record.key()) {
            Some(position) => (*position, self.at(*position).cloned()),
            None => (self.in_order.last_key_value().map_or(0, |(last, _)| last + 1), None),
        };
        Edit { position, before, after: Some(Arc::new(record)) }
    }

    /// The edit that removes a record; `None` if there is no such record.
    pub(crate) fn remove(&self, key: &str) -> Option<Edit<T>> {
        let position = *self.by_key.get(key)?;
        Some(Edit { position, before: Some(Arc::clone(self.at(position)?)), after: None })
    }

    pub(crate) fn apply(&mut self, edit: &Edit<T>) {
        match (&edit.after, &edit.before) {
            (Some(after), _) => {
                match self.by_key.get_mut(after.key()) {
                    Some(existing) => *existing = edit.position,
                    None => drop(self.by_key.insert(after.shared_key(), edit.position)),
                }
                self.in_order.insert(edit.position, Arc::clone(after));
            }
            (None, Some(before)) => {
                self.by_key.remove(before.key());
                self.in_order.remove(&edit.position);
            }
            (None, None) => {}
        }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { by_key: self.by_key.clone(), in_order: self.in_order.clone() }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), in_order: BTreeMap::new() }
    }
}
