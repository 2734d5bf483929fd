//! Equality of JSON texts.

use super::object::JsonObject;
use super::reader::{Read as _, Reader};
use super::wtf8::wtf8;
use std::collections::HashMap;

/// Returns whether two JSON texts are equal: keys in any order, numbers by their text. Text that is not JSON equals nothing.
///
/// ```
/// use users_model::json;
///
/// assert!(json::equal(r#"{"a":1,"b":[true]}"#, r#"{ "b": [true], "a": 1 }"#));
/// assert!(!json::equal("1", "1.0"));
/// assert!(!json::equal("100000000000000000000000000001", "100000000000000000000000000002"));
/// ```
pub fn equal(left: &str, right: &str) -> bool {
    match (value(left), value(right)) {
        (Some(left), Some(right)) => same(left, right, 0),
        _ => false,
    }
}

/// The value of a text without white space around it; `None` if the text is not JSON.
fn value(text: &str) -> Option<&str> {
    Reader::new(text, usize::MAX).whole(Reader::skip).ok()
}

fn same(left: &str, right: &str, depth: usize) -> bool {
    // Below this depth, values are compared as text, so that no input exhausts the stack.
    if left == right || depth > 120 {
        return left == right;
    }
    match (left.as_bytes().first(), right.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (object(left), object(right)) {
            (Some(left), Some(right)) => same_entries(&left, &right, depth),
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(left), elements(right)) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left.iter().zip(&right).all(|(left, right)| same(left, right, depth + 1))
            }
            _ => false,
        },
        (Some(b'"'), Some(b'"')) => wtf8(left) == wtf8(right),
        _ => false,
    }
}

fn object(text: &str) -> Option<JsonObject> {
    JsonObject::read(&mut Reader::new(text, usize::MAX)).ok().flatten()
}

fn elements(text: &str) -> Option<Vec<&str>> {
    let mut elements = Vec::new();
    let is_array = Reader::new(text, usize::MAX).elements(&mut |reader| {
        elements.push(reader.skip()?);
        Ok(true)
    });
    is_array.ok().filter(|is_array| *is_array).map(|_| elements)
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        same_entries(self, other, 0)
    }
}

/// Whether two objects are equal. Keys are hashed, since a body may have a million of them.
fn same_entries(left: &JsonObject, right: &JsonObject, depth: usize) -> bool {
    let is_same = |value, theirs: Option<&&str>| theirs.is_some_and(|theirs| same(value, theirs, depth + 1));
    let (ours, our_odd) = left.parts();
    let (theirs, their_odd) = right.parts();
    let theirs: HashMap<&str, &str> = theirs.collect();
    let their_odd: HashMap<Vec<u8>, &str> = their_odd.map(|(key, value)| (wtf8(key), value)).collect();
    let (mut entries, mut odd) = (0, 0);
    ours.inspect(|_| entries += 1).all(|(key, value)| is_same(value, theirs.get(key)))
        && our_odd.inspect(|_| odd += 1).all(|(key, value)| is_same(value, their_odd.get(&wtf8(key))))
        && (entries, odd) == (theirs.len(), their_odd.len())
}
