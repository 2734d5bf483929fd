//! A queue from which items are removed at any place.

/// Items in the order of their places. A removed item leaves a gap, and gaps are closed once there are more of them than items:
/// on average each change takes constant time, apart from finding its place.
pub(crate) struct Queue<T> {
    /// In ascending order of places.
    slots: Vec<(u64, Option<T>)>,
    /// The index of the first slot with an item.
    first: usize,
    /// The number of items.
    len: usize,
}

impl<T> Queue<T> {
    /// Returns the number of items.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns the first item and its place.
    pub(crate) fn first(&self) -> Option<(u64, &T)> {
        let (place, item) = self.slots.get(self.first)?;
        Some((*place, item.as_ref()?))
    }

    /// Returns the items in order.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|(_, item)| item.as_mut())
    }

    /// Returns the item at this place.
    pub(crate) fn get_mut(&mut self, place: u64) -> Option<&mut T> {
        let index = self.slots.binary_search_by_key(&place, |slot| slot.0).ok()?;
        self.slots.get_mut(index)?.1.as_mut()
    }

    /// Returns the number of items before a place, at most: removed ones may be counted, but not more than there are items.
    pub(crate) fn before(&self, place: u64) -> usize {
        let index = self.slots.partition_point(|slot| slot.0 < place);
        index.saturating_sub(self.first).min(self.len)
    }

    /// Adds an item. Its place is after those of all items that were added before.
    pub(crate) fn push(&mut self, place: u64, item: T) {
        self.slots.push((place, Some(item)));
        self.len += 1;
    }

    /// Removes the item at this place, if there is one.
    pub(crate) fn remove(&mut self, place: u64) {
        let Ok(index) = self.slots.binary_search_by_key(&place, |slot| slot.0) else { return };
        if self.slots.get_mut(index).and_then(|slot| slot.1.take()).is_none() {
            return;
        }
        self.len -= 1;
        if self.slots.len() > 2 * self.len {
            self.slots.retain(|slot| slot.1.is_some());
            self.first = 0;
        }
        while self.slots.get(self.first).is_some_and(|slot| slot.1.is_none()) {
            self.first += 1;
        }
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), first: 0, len: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn items_stay_in_order_whichever_are_removed() {
        let (mut queue, mut expected) = (Queue::default(), BTreeMap::new());
        // Removes in changing order, and more in some phases than are added.
        let mut random = 1_u64;
        for place in 0..10_000 {
            queue.push(place, place);
            expected.insert(place, place);
            for _ in 0..(place / 1000) % 3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let removed = place - (random >> 33) % (place + 1).min(50);
                queue.remove(removed);
                expected.remove(&removed);
                assert_eq!(queue.get_mut(removed), None);
            }
            assert_eq!(queue.first(), expected.first_key_value().map(|(place, item)| (*place, item)));
            assert_eq!(queue.len(), expected.len());
            assert!(queue.slots.len() <= 2 * queue.len());
        }
        assert!(queue.iter_mut().eq(expected.values_mut()));
        for (before, place) in expected.keys().enumerate() {
            assert!((before..=queue.len()).contains(&queue.before(*place)));
        }
        assert_eq!(queue.get_mut(9_999).copied(), expected.get(&9_999).copied());
    }

    #[test]
    fn a_hundred_thousand_items_are_removed_from_the_middle_in_linear_time() {
        let mut queue = Queue::default();
        for place in 0..100_000 {
            queue.push(place, ());
        }
        for place in (1..100_000).rev() {
            queue.remove(place);
        }
        assert_eq!((queue.len(), queue.first()), (1, Some((0, &()))));
    }
}
