//! Values in metadata.

use super::condition::{self, Bound, End, Written};
use super::escape::word;
use super::query::Query;
use std::borrow::Cow;
use users_model::Timestamp;

/// A path in metadata, escaped, or why it cannot be in a query.
type Path = Result<String, Cow<'static, str>>;

fn path(root: &str, path: &str) -> Path {
    if path.split('.').any(str::is_empty) {
        return Err(format!("{root} cannot be searched by {path:?}: the path has an empty key").into());
    }
    // Elasticsearch expands these in the names of fields, also where they are escaped.
    if path.contains(['*', '?']) {
        return Err(format!("{root} cannot be searched by {path:?}: the path has a wildcard").into());
    }
    Ok(format!("{root}.{}", word(path)))
}

fn at(path: &Path, condition: impl FnOnce(&str) -> Query) -> Query {
    match path {
        Ok(path) => condition(path),
        Err(reason) => Query::refused(reason.clone()),
    }
}

/// A value in `user_metadata`. Auth0 does not search it by wildcards and ranges.
#[derive(Clone, Debug)]
pub struct UserMetadataField(Path);

impl UserMetadataField {
    pub(super) fn new(text: &str) -> Self {
        Self(path("user_metadata", text))
    }

    /// Finds the users with this value at the path: a text, a number or a boolean. An empty text is refused. In the tenant of
    /// `users-mock`, a text is also found by the number or the boolean that is written in the same way.
    pub fn equals(&self, value: impl Into<MetadataValue>) -> Query {
        at(&self.0, |path| condition::equals(path, value.into().0))
    }

    /// Finds the users with one of these values at the path. An empty list is refused.
    pub fn one_of(&self, values: impl IntoIterator<Item = impl Into<MetadataValue>>) -> Query {
        at(&self.0, |path| condition::one_of(path, values.into_iter().map(|value| value.into().0)))
    }

    /// Finds the users with any value at the path. Null, an empty object and an empty list are none.
    pub fn exists(&self) -> Query {
        at(&self.0, condition::exists)
    }
}

/// A value in `app_metadata`. Auth0 does not search it by wildcards.
#[derive(Clone, Debug)]
pub struct AppMetadataField(Path);

impl AppMetadataField {
    pub(super) fn new(text: &str) -> Self {
        Self(path("app_metadata", text))
    }

    /// Finds the users with this value at the path: a text, a number or a boolean. An empty text is refused.
    pub fn equals(&self, value: impl Into<MetadataValue>) -> Query {
        at(&self.0, |path| condition::equals(path, value.into().0))
    }

    /// Finds the users with one of these values at the path. An empty list is refused.
    pub fn one_of(&self, values: impl IntoIterator<Item = impl Into<MetadataValue>>) -> Query {
        at(&self.0, |path| condition::one_of(path, values.into_iter().map(|value| value.into().0)))
    }

    /// Finds the users with this number or date, or a larger or later one, at the path.
    pub fn at_least(&self, from: impl Into<RangeEnd>) -> Query {
        at(&self.0, |path| condition::range(path, End::Including(from.into().0.written), End::Open))
    }

    /// Finds the users with this number or date, or a smaller or earlier one, at the path.
    pub fn at_most(&self, to: impl Into<RangeEnd>) -> Query {
        at(&self.0, |path| condition::range(path, End::Open, End::Including(to.into().0.written)))
    }

    /// Finds the users with a larger number or a later date at the path.
    pub fn more_than(&self, from: impl Into<RangeEnd>) -> Query {
        at(&self.0, |path| condition::range(path, End::Excluding(from.into().0.written), End::Open))
    }

    /// Finds the users with a smaller number or an earlier date at the path.
    pub fn less_than(&self, to: impl Into<RangeEnd>) -> Query {
        at(&self.0, |path| condition::range(path, End::Open, End::Excluding(to.into().0.written)))
    }

    /// Finds the users with one of these numbers or dates, or one between them, at the path. Refused if the
    /// first is the larger or later one.
    pub fn between(&self, from: impl Into<RangeEnd>, to: impl Into<RangeEnd>) -> Query {
        at(&self.0, |path| condition::between(path, from.into().0, to.into().0))
    }

    /// Finds the users with any value at the path. Null, an empty object and an empty list are none.
    pub fn exists(&self) -> Query {
        at(&self.0, condition::exists)
    }
}

/// A value that metadata is compared with: a text, a number or a boolean. A number that is not finite is refused.
///
/// ```
/// use users_core::search::field;
///
/// let query = field::user_metadata("score").equals(1.5).or(field::app_metadata("ratio").between(0.25, 1));
/// assert_eq!(query.to_text()?, "user_metadata.score:1.5 OR app_metadata.ratio:[0.25 TO 1]");
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetadataValue(Written);

impl From<&str> for MetadataValue {
    fn from(text: &str) -> Self {
        Self(condition::text(text))
    }
}

impl From<&String> for MetadataValue {
    fn from(text: &String) -> Self {
        Self(condition::text(text))
    }
}

impl From<String> for MetadataValue {
    fn from(text: String) -> Self {
        Self(condition::text(&text))
    }
}

impl From<bool> for MetadataValue {
    fn from(value: bool) -> Self {
        Self(Ok(value.to_string()))
    }
}

/// The end of a range in `app_metadata`: a number or a date. A number that is not finite is refused. A date is compared in Auth0's form: `2026-01-31T12:00:00.000Z`.
#[derive(Clone, Debug)]
pub struct RangeEnd(Bound);

impl From<&Timestamp> for RangeEnd {
    fn from(value: &Timestamp) -> Self {
        Self(Bound::date(value))
    }
}

impl From<Timestamp> for RangeEnd {
    fn from(value: Timestamp) -> Self {
        Self(Bound::date(&value))
    }
}

impl From<f64> for MetadataValue {
    fn from(number: f64) -> Self {
        Self(number_value(condition::double(number)))
    }
}

impl From<f64> for RangeEnd {
    fn from(number: f64) -> Self {
        Self(Bound::double(number))
    }
}

/// A number as a value, where a minus sign would be an operator.
fn number_value(number: Written) -> Written {
    let number = number?;
    if number.starts_with('-') { condition::text(&number) } else { Ok(number) }
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(
            impl From<$integer> for MetadataValue {
                fn from(number: $integer) -> Self {
                    Self(number_value(Ok(number.to_string())))
                }
            }

            impl From<$integer> for RangeEnd {
                fn from(number: $integer) -> Self {
                    Self(Bound::integer(number))
                }
            }
        )*
    };
}

integers! { i32 u32 i64 u64 }
