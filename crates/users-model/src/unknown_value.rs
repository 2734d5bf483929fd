//! Values of wire enums that this version does not name.

use std::fmt;

/// A value of a wire enum that this version does not name.
///
/// It is opaque, so a `match` cannot depend on its text, which a later version may name as a variant. Compare the enum's `as_str`
/// instead, which does not change with the version.
///
/// ```
/// use users_model::Protocol;
///
/// let protocol = Protocol::from("new-protocol");
/// assert!(matches!(protocol, Protocol::Other(_)));
/// assert_eq!(protocol.as_str(), "new-protocol");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the value as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
