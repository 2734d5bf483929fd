//! How a user is named: by an id or an e-mail address.

use crate::exit::Failure;
use users_hyper::model::UserId;

/// An id or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Id(UserId),
    Email(String),
}

impl Target {
    /// Reads an id (`auth0|61cf…`) or an address. Ids contain `|`, also those that contain an address: `email|ada@example.com`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if text.contains('@') && !text.contains('|') {
            return Ok(Self::Email(text.to_owned()));
        }
        match UserId::new(text) {
            Ok(id) if text.contains('|') => Ok(Self::Id(id)),
            Ok(_) => Err(Failure::usage(format!(
                "{text:?} is neither an id, auth0|61cf9980a706dd2f4d197e6f, nor an e-mail address"
            ))),
            Err(invalid) => Err(Failure::usage(invalid.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn the_bar_distinguishes_ids_from_addresses() {
        assert!(matches!(Target::parse("auth0|1").unwrap(), Target::Id(_)));
        assert!(matches!(Target::parse("email|ada@example.com").unwrap(), Target::Id(_)));
        assert!(matches!(Target::parse(" ada@example.com ").unwrap(), Target::Email(_)));
        assert!(Target::parse("ada").is_err() && Target::parse("").is_err());
    }
}
