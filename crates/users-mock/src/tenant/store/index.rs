//! The positions of records, by a key that several of them may have.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash as _, Hasher as _};

/// The positions of records, by a key that several of them may have.
///
/// It keeps the hashes of keys only, so that it takes a few bytes for each record. A record that is found may have another key with the
/// same hash.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    positions: HashMap<u64, Positions>,
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Most keys have one record, so a set is made only for the second.
#[derive(Clone, Debug, PartialEq)]
enum Positions {
    One(u64),
    // Boxed, because nearly all keys have one record.
    #[allow(clippy::box_collection)]
    Several(Box<BTreeSet<u64>>),
}

impl Index {
    /// The positions of the records that have a key, or one with the same hash, in ascending order.
    pub(crate) fn get<'a>(&'a self, key: &str) -> impl Iterator<Item = u64> + use<'a> {
        let (one, several) = match self.positions.get(&hash(key)) {
            None => (None, None),
            Some(Positions::One(position)) => (Some(*position), None),
            Some(Positions::Several(positions)) => (None, Some(positions)),
        };
        one.into_iter().chain(several.into_iter().flat_map(|several| several.iter().copied()))
    }

    /// Registers that a record, which had the keys `before`, has the keys `after`.
    pub(crate) fn update(&mut self, position: u64, before: Vec<String>, after: Vec<String>) {
        if before == after {
            return;
        }
        for key in before {
            self.remove(hash(&key), position);
        }
        for key in after {
            self.add(hash(&key), position);
        }
    }

    fn add(&mut self, key: u64, position: u64) {
        let positions = self.positions.entry(key).or_insert(Positions::One(position));
        match positions {
            Positions::One(first) if *first == position => {}
            Positions::One(first) => {
                *positions = Positions::Several(Box::new(BTreeSet::from([*first, position])));
            }
            Positions::Several(several) => {
                several.insert(position);
            }
        }
    }

    fn remove(&mut self, key: u64, position: u64) {
        let Some(positions) = self.positions.get_mut(&key) else { return };
        if let Positions::Several(several) = positions {
            several.remove(&position);
            if several.len() > 1 {
                return;
            }
            if let Some(only) = several.first() {
                *positions = Positions::One(*only);
                return;
            }
        }
        if matches!(positions, Positions::One(only) if *only != position) {
            return;
        }
        self.positions.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    fn get(index: &Index, key: &str) -> Vec<u64> {
        index.get(key).collect()
    }

    #[test]
    fn an_index_gives_positions_in_order_and_forgets_keys_without_any() {
        let mut index = Index::default();
        for position in [3, 1, 2] {
            index.update(position, vec![], vec!["a".into(), "a".into()]);
        }
        index.update(2, vec!["a".into(), "a".into()], vec!["b".into()]);
        assert_eq!((get(&index, "a"), get(&index, "b"), get(&index, "c")), (vec![1, 3], vec![2], vec![]));
        index.update(2, vec!["b".into()], vec![]);
        index.update(1, vec!["a".into()], vec![]);
        index.update(3, vec!["a".into()], vec![]);
        assert_eq!(index, Index::default());
    }
}
