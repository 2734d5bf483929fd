//! A map whose entries expire.

use std::collections::HashMap;

/// The number of entries below which none is removed.
const LEAST: usize = 1_000;

/// The greatest number of entries, unless another is set.
const MOST: usize = 50_000;

/// A map whose entries expire. Expired ones are removed each time that there are twice as many as remained. Of too many that have not
/// expired, the half that expires first is removed.
#[derive(Clone, Debug)]
pub(crate) struct Expiring<V> {
    entries: HashMap<String, Entry<V>>,
    prune_at: usize,
    most: usize,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    /// In milliseconds since 1970.
    expires_at: u64,
    value: V,
}

impl<V> Default for Expiring<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), prune_at: LEAST, most: MOST }
    }
}

impl<V> Expiring<V> {
    /// Sets the greatest number of entries.
    pub(crate) fn with_most(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds an entry. `now` and `expires_at` are in milliseconds since 1970.
    pub(crate) fn insert(&mut self, key: String, value: V, expires_at: u64, now: u64) {
        if self.entries.len() >= self.prune_at {
            self.entries.retain(|_, entry| entry.expires_at > now);
            if self.entries.len() >= self.most {
                let mut times: Vec<u64> = self.entries.values().map(|entry| entry.expires_at).collect();
                times.sort_unstable();
                let middle = times.get(times.len() / 2).copied().unwrap_or_default();
                // Of those that expire at the same time, not all remain.
                let mut left = self.most / 2;
                self.entries.retain(|_, entry| {
                    let is_kept = entry.expires_at >= middle && left > 0;
                    left -= usize::from(is_kept);
                    is_kept
                });
            }
            self.prune_at = self.entries.len().saturating_mul(2).clamp(LEAST, self.most);
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
        self.entries.clear();
        self.prune_at = LEAST;
    }
}

#[cfg(test)]
mod tests {
    use super::{Expiring, LEAST};

    #[test]
    fn too_many_entries_make_room_for_new_ones() {
        for expires_in in [0, 1] {
            let mut map = Expiring::with_most(5000);
            for number in 0..20_000_u64 {
                map.insert(number.to_string(), number, 1_000_000 + number * expires_in, 0);
                assert!(map.entries.len() <= 5000);
            }
            assert_eq!(map.get("19999", 0), Some(&19_999));
            assert!(map.entries.len() >= 2500);
        }
    }

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
