//! The formats that schemas name.

use serde::Deserialize;
use users_core::model::JsonObject;
use users_core::model::json::unquote;

/// A format. Auth0 states the names only; what its documentation does not say is assumed, and rather accepts too much.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    ClientId,
    ConnectionId,
    Email,
    Hostname,
    HtmlColor,
    HttpsUri,
    /// An object whose keys contain neither dots nor dollar signs.
    Metadata,
    OrganizationId,
    OrganizationName,
    RoleId,
    SessionId,
    StrictUri,
    Url,
    UserId,
    UserIdWithMaxLength,
    Uuid,
}

impl Format {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClientId => "client-id",
            Self::ConnectionId => "connection-id",
            Self::Email => "email",
            Self::Hostname => "hostname",
            Self::HtmlColor => "html-color",
            Self::HttpsUri => "https-uri",
            Self::Metadata => "metadata",
            Self::OrganizationId => "organization-id",
            Self::OrganizationName => "organization-name",
            Self::RoleId => "role-id",
            Self::SessionId => "session-id",
            Self::StrictUri => "strict-uri",
            Self::Url => "url",
            Self::UserId => "user-id",
            Self::UserIdWithMaxLength => "user-id-with-max-length",
            Self::Uuid => "uuid",
        }
    }

    /// Fails with the part of a JSON value that does not have the format. A value of another type than that of the format has it.
    pub(super) fn check(self, json: &str) -> Result<(), String> {
        if let Self::Metadata = self {
            return check_metadata(json);
        }
        match unquote(json) {
            Some(text) if !self.is_format_of(&text) => Err(text),
            _ => Ok(()),
        }
    }

    fn is_format_of(self, text: &str) -> bool {
        match self {
            Self::ClientId => is_made_of(text, is_id_character),
            Self::ConnectionId => is_id(text, "con_"),
            Self::Email => is_email(text),
            Self::Hostname => is_hostname(text),
            Self::HtmlColor => {
                text.strip_prefix('#').is_some_and(|digits| is_made_of(digits, |c| c.is_ascii_hexdigit()))
            }
            Self::HttpsUri => text.starts_with("https://") && is_url(text),
            Self::Metadata => true,
            Self::OrganizationId => is_id(text, "org_"),
            Self::OrganizationName => {
                is_made_of(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
            }
            Self::RoleId => is_id(text, "rol_"),
            Self::SessionId => is_made_of(text, |c| !c.is_whitespace()),
            Self::StrictUri | Self::Url => is_url(text),
            Self::UserId => text.contains('|'),
            Self::UserIdWithMaxLength => text.contains('|') && text.chars().count() <= 300,
            Self::Uuid => is_uuid(text),
        }
    }
}

fn check_metadata(json: &str) -> Result<(), String> {
    if !json.starts_with('{') {
        return Ok(());
    }
    let object = JsonObject::from_json(json).unwrap_or_default();
    match object.keys().find(|key| key.contains(['.', '$'])) {
        Some(key) => Err(format!("key {key} is not allowed")),
        None => Ok(()),
    }
}

fn is_made_of(text: &str, is_allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is_allowed)
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Auth0's ids have 16 letters and digits after the prefix; those of a seed may have another length.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| is_made_of(rest, is_id_character))
}

/// Whether a text is an address that Auth0 accepts.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = || domain.split('.');
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',')
        && !local.contains('@')
        && labels().count() >= 2
        && labels().all(|label| !label.is_empty())
}

fn is_hostname(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            label.len() <= 63
                && is_made_of(label, |c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether a text has a host, after a scheme or with a dot.
fn is_url(text: &str) -> bool {
    let (has_scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (is_made_of(scheme, |c| c.is_ascii_alphanumeric()), rest),
        None => (false, text),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && !host.is_empty()
        && (has_scheme || host.contains('.'))
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length && is_made_of(part, |c| c.is_ascii_hexdigit()))
}
