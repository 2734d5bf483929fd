//! The users in the order of an attribute.

use crate::tenant::store::user::User;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

/// The attributes by which users are kept in order.
pub(crate) const ORDERED: &[&str] = &["created_at", "updated_at", "email", "user_id"];

/// The value of an attribute, as text; `None` for users without it, which come first.
type Key = Option<Box<str>>;

/// The users in the order of an attribute. Users with the same value are in the order of their creation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ordered {
    entries: BTreeSet<(Key, u64)>,
    /// The number of users whose value is a number, which is ordered otherwise than its text.
    numbers: usize,
    /// The number of users whose value is an object, a list, a boolean, null, or an address with capitals.
    others: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    Other,
}

/// The ends of a part of an order, as text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part<'a> {
    /// The least text; users without the attribute are left out.
    pub(crate) from: Option<&'a str>,
    /// The greatest beginning of a text.
    pub(crate) to: Option<&'a str>,
}

impl Ordered {
    /// Whether the order is that of the texts.
    pub(crate) fn is_of_texts(&self) -> bool {
        self.numbers == 0
    }

    /// Whether every value is a text, so that a range matches exactly the texts in it. Addresses are compared without regard to case.
    pub(crate) fn has_texts_only(&self) -> bool {
        self.numbers == 0 && self.others == 0
    }

    pub(crate) fn update(
        &mut self,
        attribute: &str,
        position: u64,
        before: Option<&Arc<User>>,
        after: Option<&Arc<User>>,
    ) {
        if before.zip(after).is_some_and(|(before, after)| before.shares_attributes(after)) {
            return;
        }
        if let Some((key, shape)) = before.map(|user| key(user, attribute)) {
            self.entries.remove(&(key, position));
            self.numbers -= usize::from(shape == Shape::Number);
            self.others -= usize::from(shape == Shape::Other);
        }
        if let Some((key, shape)) = after.map(|user| key(user, attribute)) {
            self.entries.insert((key, position));
            self.numbers += usize::from(shape == Shape::Number);
            self.others += usize::from(shape == Shape::Other);
        }
    }

    /// The positions in a part of the order, with the value of each. Users with the same value begin with another one for another
    /// `turn`.
    pub(crate) fn part<'a>(
        &'a self,
        part: Part<'_>,
        is_descending: bool,
        turn: u64,
    ) -> impl Iterator<Item = (Option<&'a str>, u64)> + use<'a> {
        let from = match part.from {
            Some(from) => Bound::Included((Some(from.into()), 0)),
            // A range leaves out users without the attribute.
            None if part.to.is_some() => Bound::Included((Some("".into()), 0)),
            None => Bound::Unbounded,
        };
        let to = match part.to {
            // The greatest text that begins with it.
            Some(to) => Bound::Included((Some(format!("{to}\u{10ffff}").into()), u64::MAX)),
            None => Bound::Unbounded,
        };
        let range = if is_empty(&from, &to) { None } else { Some(self.entries.range((from, to))) };
        let mut entries: Box<dyn Iterator<Item = &'a (Key, u64)> + 'a> = match (range, is_descending) {
            (None, _) => Box::new(std::iter::empty()),
            (Some(range), false) => Box::new(range),
            (Some(range), true) => Box::new(range.rev()),
        };
        let mut ahead = entries.next();
        let mut ties: Box<dyn Iterator<Item = &'a (Key, u64)> + 'a> = Box::new(std::iter::empty());
        std::iter::from_fn(move || {
            if let Some((key, position)) = ties.next() {
                return Some((key.as_deref(), *position));
            }
            let (key, position) = ahead?;
            ahead = entries.next();
            if turn == 0 || ahead.is_none_or(|(next, _)| next != key) {
                return Some((key.as_deref(), *position));
            }
            // Several users have this value: their order begins at a place that the turn determines.
            while ahead.is_some_and(|(next, _)| next == key) {
                ahead = entries.next();
            }
            let mut all = self.ties(key, turn);
            let first = all.next();
            ties = Box::new(all);
            first.map(|(key, position)| (key.as_deref(), *position))
        })
    }

    /// The users with this value, beginning with another one for another turn.
    fn ties(&self, key: &Key, turn: u64) -> impl Iterator<Item = &(Key, u64)> {
        let at = |position| (key.clone(), position);
        let (first, last) = (at(0), at(u64::MAX));
        let positions = |entry: Option<&(Key, u64)>| entry.map_or(0, |(_, position)| *position);
        let low = positions(self.entries.range(first.clone()..=last.clone()).next());
        let high = positions(self.entries.range(first.clone()..=last.clone()).next_back());
        let start = at(low + turn % (high - low + 1));
        self.entries.range(start.clone()..=last).chain(self.entries.range(first..start))
    }
}

/// A range of a B-tree must not end before it begins.
fn is_empty(from: &Bound<(Key, u64)>, to: &Bound<(Key, u64)>) -> bool {
    matches!((from, to), (Bound::Included(from), Bound::Included(to)) if from > to)
}

/// The value of an attribute as text, and its shape.
fn key(user: &User, attribute: &str) -> (Key, Shape) {
    let Some(raw) = user.shown().raw(attribute) else { return (None, Shape::Text) };
    match serde_json::from_str::<Value>(raw) {
        Ok(Value::String(text))
            if attribute == "email" && text.chars().any(|letter| !letter.to_lowercase().eq([letter])) =>
        {
            (Some(text.into()), Shape::Other)
        }
        Ok(Value::String(text)) => (Some(text.into()), Shape::Text),
        Ok(number @ Value::Number(_)) => (Some(number.to_string().into()), Shape::Number),
        Ok(other) => (Some(other.to_string().into()), Shape::Other),
        // What is no Unicode is not found.
        Err(_) => (None, Shape::Text),
    }
}
