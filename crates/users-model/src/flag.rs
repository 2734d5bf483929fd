//! A boolean that identity providers sometimes send as text.

use serde::{Deserialize, Serialize};

/// A yes or no that may have come as text.
///
/// `email_verified` is a boolean for database users, the string `"true"` from Apple, and any text at all where a SAML
/// attribute is mapped to it. Auth0 takes every text but the empty one and `"false"` for a yes. What came is kept.
///
/// ```
/// use users_model::Flag;
///
/// assert!(Flag::from(true).is_true());
/// assert!(serde_json::from_str::<Flag>(r#""true""#)?.is_true());
/// assert!(!serde_json::from_str::<Flag>(r#""false""#)?.is_true());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Flag {
    /// A boolean, as it should be.
    Bool(bool),
    /// A text.
    Text(String),
}

impl Flag {
    /// Whether it means yes.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty() && text != "false",
        }
    }
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl PartialEq<bool> for Flag {
    fn eq(&self, other: &bool) -> bool {
        self.is_true() == *other
    }
}
