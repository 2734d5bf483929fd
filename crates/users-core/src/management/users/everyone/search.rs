//! The queries of the walk.

use users_model::Timestamp;

/// One request of the walk, without the caller's query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) q: String,
    pub(super) sort: Option<&'static str>,
    pub(super) page: u32,
}

/// The end of a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// In milliseconds since 1970.
    pub(super) at: i64,
    pub(super) is_inclusive: bool,
}

/// The condition that a user was created in a range, which is open where it has no bound. Its start is inclusive.
pub(super) fn created(from: Option<i64>, to: Option<Bound>) -> String {
    let text = |millis: i64| Timestamp::from_unix_millis(millis).as_str().to_owned();
    let from = from.map_or_else(|| "*".to_owned(), text);
    let (to, close) = match to {
        None => ("*".to_owned(), ']'),
        Some(Bound { at, is_inclusive }) => (text(at), if is_inclusive { ']' } else { '}' }),
    };
    format!("created_at:[{from} TO {to}{close}")
}
