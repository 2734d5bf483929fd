//! Values of wire enums that this version does not name.

use std::fmt;

/// A value of a wire enum that this version does not name.
///
/// It is opaque: a `match` cannot look inside, so a version that names the value breaks no `match` on its text. Compare the enum's
/// `as_str` instead, which is the same before and after.
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

    /// The value as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
