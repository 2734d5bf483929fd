//! How a user is named: by an id or an e-mail address.

use crate::exit::Failure;
use users_hyper::model::{JsonObject, UserId};

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

    /// Reads a line of a file: an id, an address or a JSON object with either. `None` for an empty line.
    pub(crate) fn of_line(line: &str) -> Result<Option<Self>, Failure> {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if !line.starts_with('{') {
            return Self::parse(line).map(Some);
        }
        let object = JsonObject::from_json(line)
            .map_err(|error| Failure::usage(format!("a line is not JSON: {error}")))?;
        for key in ["user_id", "email"] {
            if let Ok(Some(text)) = object.get::<String>(key) {
                return Self::parse(&text).map(Some);
            }
        }
        Err(Failure::usage("a JSON object has neither user_id nor email"))
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

    #[test]
    fn a_line_is_an_id_an_address_or_an_object_with_one() {
        for line in ["auth0|1", r#"{"user_id":"auth0|1","error":{"status":429}}"#, "\u{feff}auth0|1\r"] {
            assert_eq!(Target::of_line(line).unwrap(), Some(Target::parse("auth0|1").unwrap()), "{line}");
        }
        assert_eq!(Target::of_line("").unwrap(), None);
        assert!(Target::of_line(r#"{"name":"Ada"}"#).is_err() && Target::of_line("{").is_err());
    }
}
