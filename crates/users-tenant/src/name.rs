//! The name of a tenant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The tenant of a request that names none.
pub(crate) const DEFAULT: &str = "default";

/// The greatest number of characters of a name, which is that of a label of a host name.
const MOST: usize = 63;

/// The name of a tenant: 1 to 63 letters `a` to `z`, digits and hyphens. Capitals become small letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(Arc<str>);

impl TenantName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the tenant of requests that name none.
    pub(crate) fn is_default(&self) -> bool {
        self.as_str() == DEFAULT
    }
}

impl Default for TenantName {
    /// `default`, the tenant of requests that name none.
    fn default() -> Self {
        Self(DEFAULT.into())
    }
}

impl FromStr for TenantName {
    type Err = InvalidTenantName;

    fn from_str(text: &str) -> Result<Self, InvalidTenantName> {
        let name = text.to_ascii_lowercase();
        let is_permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MOST || !name.bytes().all(is_permitted) {
            return Err(InvalidTenantName(text.chars().take(MOST).collect()));
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The error of a text that is not the name of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTenantName(String);

impl fmt::Display for InvalidTenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not the name of a tenant; use 1 to {MOST} letters a to z, digits and hyphens",
            self.0
        )
    }
}

impl std::error::Error for InvalidTenantName {}

#[cfg(test)]
mod tests {
    use super::TenantName;

    #[test]
    fn a_name_is_a_label_in_small_letters() {
        let name = |text: &str| text.parse::<TenantName>().map(|name| name.to_string()).ok();
        assert_eq!(name("Shop-2").as_deref(), Some("shop-2"));
        assert_eq!(name(&"a".repeat(63)).map(|name| name.len()), Some(63));
        for refused in ["", "a.b", "a_b", "a/b", "ä", "a b", "%61", &"a".repeat(64)] {
            assert_eq!(name(refused), None, "{refused}");
        }
    }
}
