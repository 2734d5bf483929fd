//! A map whose entries expire.

use std::collections::HashMap;

/// The number of entries below which none is removed.
const LEAST: usize = 1_000;

/// A map whose entries expire. Expired ones are removed each time that there are twice as many as remained.
#[derive(Clone, Debug)]
pub(crate) struct Expiring<V> {
    entries: HashMap<String, Entry<V>>,
    prune_at: usize,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    /// In milliseconds since 1970.
    expires_at: u64,
    value: V,
}

impl<V> Default for Expiring<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), prune_at: LEAST }
    }
}

impl<V> Expiring<V> {
    /// Adds an entry. `now` and `expires_at` are in milliseconds since 1970.
    pub(crate) fn insert(&mut self, key: String, value: V, expires_at: u64, now: u64) {
        if self.entries.len() >= self.prune_at {
            self.entries.retain(|_, entry| entry.expires_at > now);
            self.prune_at = self.entries.len().saturating_mul(2).max(LEAST);
        }
        self.entries.insert(key, Entry { expires_at, value });
    }

    pub(crate) fn get(&self, key: &str, now: u64) -> Option<&V> {
        self.entries.get(key).filter(|entry| entry.expires_at > now).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &str, now: u64) -> Option<&mut V> {
        self.entries.get_mut(key).filter(|entry| entry.expires_at > now).map(|entry| &mut entry.value)
    }

    pub(crate) fn remove(&mut self, key: &str, now: u64) -> Option<V> {
        self.entries.remove(key).filter(|entry| entry.expires_at > now).map(|entry| entry.value)
    }

    /// Keeps the entries for which a condition holds.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| keep(&entry.value));
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|entry| &mut entry.value)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{Expiring, LEAST};

    #[test]
    fn entries_expire_and_do_not_accumulate() {
        let mut map = Expiring::default();
        for now in 0..20 * LEAST as u64 {
            map.insert(now.to_string(), now, now + 10, now);
            assert!(map.entries.len() <= LEAST);
        }
        let now = 20 * LEAST as u64 - 1;
        assert_eq!(map.get(&now.to_string(), now + 9), Some(&now));
        assert_eq!(map.get(&now.to_string(), now + 10), None);
        assert_eq!(map.remove(&now.to_string(), now + 10), None);
    }
}
