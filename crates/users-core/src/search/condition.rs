//! The conditions on fields, in Auth0's syntax.

use super::escape::{phrase, word};
use super::query::Query;
use std::borrow::Cow;
use users_model::Timestamp;

/// The number of characters that Auth0 needs after a leading wildcard.
const MIN_AFTER_WILDCARD: usize = 3;

/// A value in a query, or why it cannot be in one.
pub(super) type Written = Result<String, Cow<'static, str>>;

/// `_exists_:field`.
pub(super) fn exists(field: &str) -> Query {
    Query::term(format!("_exists_:{field}"))
}

/// `field:value`.
pub(super) fn equals(field: &str, value: Written) -> Query {
    match value {
        Ok(value) => Query::term(format!("{field}:{value}")),
        Err(reason) => Query::refused(format!("{field} cannot be searched for {reason}")),
    }
}

/// `field:(value OR value)`.
pub(super) fn one_of(field: &str, values: impl Iterator<Item = Written>) -> Query {
    let values: Vec<String> = match values.collect() {
        Ok(values) => values,
        Err(reason) => return Query::refused(format!("{field} cannot be searched for {reason}")),
    };
    match values.as_slice() {
        [] => Query::refused(format!("{field} cannot be searched for one of no values: that finds nobody")),
        [only] => Query::term(format!("{field}:{only}")),
        several => Query::group(format!("{field}:({})", several.join(" OR ")), several.len()),
    }
}

/// A value that can be the end of a range.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) written: Written,
    order: Order,
}

/// What bounds are ordered by.
#[derive(Clone, Copy, Debug)]
enum Order {
    Integer(i128),
    Double(f64),
    /// In milliseconds since 1970.
    Date(i64),
}

impl Bound {
    pub(super) fn integer(number: impl Into<i128>) -> Self {
        let number = number.into();
        Self { written: Ok(number.to_string()), order: Order::Integer(number) }
    }

    pub(super) fn double(number: f64) -> Self {
        Self { written: double(number), order: Order::Double(number) }
    }

    pub(super) fn date(value: &Timestamp) -> Self {
        Self { written: date(value), order: Order::Date(value.unix_millis()) }
    }

    /// Whether this is larger or later. A date and a number are not compared.
    fn is_after(&self, other: &Self) -> bool {
        match (self.order, other.order) {
            (Order::Integer(one), Order::Integer(other)) => one > other,
            (Order::Date(one), Order::Date(other)) => one > other,
            (Order::Date(_), _) | (_, Order::Date(_)) => false,
            (one, other) => one.double() > other.double(),
        }
    }
}

impl Order {
    fn double(self) -> f64 {
        match self {
            // Only compared with a double, which is as exact.
            #[allow(clippy::cast_precision_loss)]
            Self::Integer(number) => number as f64,
            Self::Double(number) => number,
            Self::Date(_) => f64::NAN,
        }
    }
}

/// `field:[from TO to]`. Refused if the ends are reversed.
pub(super) fn between(field: &str, from: Bound, to: Bound) -> Query {
    if let (Ok(first), Ok(last), true) = (&from.written, &to.written, from.is_after(&to)) {
        return Query::refused(format!(
            "{field} cannot be searched between {first} and {last}: the ends are reversed, which finds nobody"
        ));
    }
    range(field, End::Including(from.written), End::Including(to.written))
}

/// The end of a range.
pub(super) enum End {
    Open,
    Including(Written),
    Excluding(Written),
}

/// `field:[from TO to]`, with a brace where an end is excluded and `*` where there is none.
pub(super) fn range(field: &str, from: End, to: End) -> Query {
    let written = |end: End, [including, excluding]: [char; 2]| match end {
        End::Open => Ok(("*".to_owned(), including)),
        End::Including(value) => value.map(|value| (value, including)),
        End::Excluding(value) => value.map(|value| (value, excluding)),
    };
    match (written(from, ['[', '{']), written(to, [']', '}'])) {
        (Ok((from, open)), Ok((to, close))) => Query::term(format!("{field}:{open}{from} TO {to}{close}")),
        (Err(reason), _) | (_, Err(reason)) => {
            Query::refused(format!("{field} cannot be searched for {reason}"))
        }
    }
}

/// `field:text*`.
pub(super) fn starts_with(field: &str, text: &str) -> Query {
    equals(field, not_empty(text).map(|text| format!("{}*", word(text))))
}

/// `field:*text`.
pub(super) fn ends_with(field: &str, text: &str) -> Query {
    equals(field, after_wildcard(text).map(|text| format!("*{}", word(text))))
}

/// `field:*text*`.
pub(super) fn contains(field: &str, text: &str) -> Query {
    equals(field, after_wildcard(text).map(|text| format!("*{}*", word(text))))
}

/// A text as a value.
pub(super) fn text(text: &str) -> Written {
    not_empty(text).map(phrase)
}

/// A number as Lucene and JSON write it, without an exponent.
pub(super) fn double(number: f64) -> Written {
    if !number.is_finite() {
        return Err(format!("{number}: a number must be finite").into());
    }
    // Zero has one spelling.
    Ok(if number == 0.0 { "0".to_owned() } else { number.to_string() })
}

/// A date as the end of a range, in the form in which Auth0 stores dates.
pub(super) fn date(date: &Timestamp) -> Written {
    let text = Timestamp::from_unix_millis(date.unix_millis()).as_str().to_owned();
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        Ok(text)
    } else {
        Err("a date before the year 0".into())
    }
}

fn not_empty(text: &str) -> Result<&str, Cow<'static, str>> {
    if text.is_empty() { Err("an empty text".into()) } else { Ok(text) }
}

fn after_wildcard(text: &str) -> Result<&str, Cow<'static, str>> {
    if text.chars().count() >= MIN_AFTER_WILDCARD {
        return Ok(text);
    }
    Err(format!("{text:?} after a wildcard: Auth0 needs {MIN_AFTER_WILDCARD} characters").into())
}
