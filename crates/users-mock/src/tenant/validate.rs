//! What Auth0 refuses of a body before it looks at the user.

use super::answer::Failure;
use serde_json::value::RawValue;
use std::ops::RangeInclusive;
use users_core::model::JsonObject;

/// What a property may be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Flag,
    /// A text of this many characters.
    Text(usize, usize),
    Email,
    Phone,
    /// A text without white space, of at most 255 characters.
    Id,
    Metadata,
    /// A list of this many items.
    List(usize, usize),
}

/// A property, and whether an update may set it to `null`.
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: false }
}

const fn nullable(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: true }
}

/// The properties of `POST /users`.
pub(super) const NEW_USER: &[Property] = &[
    property("email", Kind::Email),
    property("phone_number", Kind::Phone),
    property("user_metadata", Kind::Metadata),
    property("blocked", Kind::Flag),
    property("email_verified", Kind::Flag),
    property("phone_verified", Kind::Flag),
    property("app_metadata", Kind::Metadata),
    property("given_name", Kind::Text(1, 150)),
    property("family_name", Kind::Text(1, 150)),
    property("name", Kind::Text(1, 300)),
    property("nickname", Kind::Text(1, 300)),
    property("picture", Kind::Text(1, usize::MAX)),
    property("user_id", Kind::Id),
    property("connection", Kind::Text(1, usize::MAX)),
    property("password", Kind::Text(1, usize::MAX)),
    property("verify_email", Kind::Flag),
    property("username", Kind::Text(1, 128)),
];

/// The properties of `PATCH /users/{id}`.
pub(super) const USER_UPDATE: &[Property] = &[
    nullable("email", Kind::Email),
    nullable("phone_number", Kind::Phone),
    property("user_metadata", Kind::Metadata),
    property("blocked", Kind::Flag),
    property("email_verified", Kind::Flag),
    property("phone_verified", Kind::Flag),
    property("app_metadata", Kind::Metadata),
    nullable("given_name", Kind::Text(1, 150)),
    nullable("family_name", Kind::Text(1, 150)),
    nullable("name", Kind::Text(1, 300)),
    nullable("nickname", Kind::Text(1, 300)),
    nullable("picture", Kind::Text(1, usize::MAX)),
    property("verify_email", Kind::Flag),
    property("verify_phone_number", Kind::Flag),
    nullable("password", Kind::Text(1, usize::MAX)),
    property("connection", Kind::Text(1, usize::MAX)),
    property("client_id", Kind::Text(1, usize::MAX)),
    nullable("username", Kind::Text(1, 128)),
];

/// The properties of a row that is imported.
pub(super) const IMPORT_ROW: &[Property] = &[
    property("email", Kind::Email),
    property("email_verified", Kind::Flag),
    property("phone_number", Kind::Phone),
    property("phone_verified", Kind::Flag),
    property("user_id", Kind::Id),
    property("username", Kind::Text(1, 128)),
    property("given_name", Kind::Text(1, 150)),
    property("family_name", Kind::Text(1, 150)),
    property("name", Kind::Text(1, 300)),
    property("nickname", Kind::Text(1, 300)),
    property("picture", Kind::Text(1, usize::MAX)),
    property("blocked", Kind::Flag),
    property("password_hash", Kind::Text(1, usize::MAX)),
    property("custom_password_hash", Kind::Metadata),
    property("app_metadata", Kind::Metadata),
    property("user_metadata", Kind::Metadata),
    property("mfa_factors", Kind::List(1, 10)),
];

/// Checks each property that was sent. Which others are allowed is for the caller to say.
pub(super) fn properties(body: &JsonObject, allowed: &[Property]) -> Result<(), Failure> {
    first_misfit(body, allowed)
        .map_err(|misfit| Failure::body(&format!("'{}' on property {}", misfit.reason, misfit.property)))
}

/// A property that does not fit, and why.
pub(super) struct Misfit {
    pub(super) property: String,
    /// What Auth0 calls it where rows are imported.
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// The first property that does not fit.
pub(super) fn first_misfit(body: &JsonObject, allowed: &[Property]) -> Result<(), Misfit> {
    for (name, json) in body.iter() {
        let Some(property) = allowed.iter().find(|property| property.name == name) else { continue };
        if !(property.nullable && json == "null") {
            fits(property.kind, json).map_err(|(code, reason)| Misfit {
                property: name.to_owned(),
                code,
                reason,
            })?;
        }
    }
    Ok(())
}

/// The names that were sent and are not allowed.
pub(super) fn unknown<'a>(body: &'a JsonObject, allowed: &[Property]) -> Vec<&'a str> {
    body.keys().filter(|name| !allowed.iter().any(|property| property.name == *name)).collect()
}

fn fits(kind: Kind, json: &str) -> Result<(), (&'static str, String)> {
    let wrong_type = |expected: &str| {
        ("INVALID_TYPE", format!("Expected type {expected} but found type {}", type_of(json)))
    };
    match kind {
        Kind::Flag => matches!(json, "true" | "false").then_some(()).ok_or_else(|| wrong_type("boolean")),
        Kind::List(least, most) => {
            let list: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| wrong_type("array"))?;
            let length = list.len();
            if length < least {
                Err(("ARRAY_LENGTH_SHORT", format!("Array is too short ({length}), minimum {least}")))
            } else if length > most {
                Err(("ARRAY_LENGTH_LONG", format!("Array is too long ({length}), maximum {most}")))
            } else {
                Ok(())
            }
        }
        Kind::Metadata if json.starts_with('{') => metadata(json),
        Kind::Metadata => Err(wrong_type("object")),
        Kind::Text(least, most) => {
            let text: String = serde_json::from_str(json).map_err(|_| wrong_type("string"))?;
            let length = text.chars().count();
            if length < least {
                Err(("MIN_LENGTH", format!("String is too short ({length} chars), minimum {least}")))
            } else if length > most {
                Err(("MAX_LENGTH", format!("String is too long ({length} chars), maximum {most}")))
            } else {
                Ok(())
            }
        }
        Kind::Email => {
            let text: String = serde_json::from_str(json).map_err(|_| wrong_type("string"))?;
            is_email(&text)
                .then_some(())
                .ok_or_else(|| ("FORMAT", format!("Object didn't pass validation for format email: {text}")))
        }
        Kind::Phone => {
            let text: String = serde_json::from_str(json).map_err(|_| wrong_type("string"))?;
            let digits = text.strip_prefix('+').unwrap_or_default();
            let fits = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            fits.then_some(()).ok_or_else(|| {
                ("PATTERN", format!("String '{text}' does not match pattern. Must be an E.164 number"))
            })
        }
        Kind::Id => {
            let text: String = serde_json::from_str(json).map_err(|_| wrong_type("string"))?;
            let fits = text.chars().count() <= 255 && !text.chars().any(char::is_whitespace);
            fits.then_some(())
                .ok_or_else(|| ("PATTERN", format!("String '{text}' does not match pattern. Must be an id")))
        }
    }
}

/// Keys of metadata hold neither dots nor dollar signs.
fn metadata(json: &str) -> Result<(), (&'static str, String)> {
    let object =
        JsonObject::from_json(json).map_err(|_| ("INVALID_TYPE", "Expected type object".to_owned()))?;
    match object.keys().find(|key| key.contains(['.', '$'])) {
        Some(key) => Err((
            "FORMAT",
            format!("Object didn't pass validation for format metadata: key {key} is not allowed"),
        )),
        None => Ok(()),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = || domain.split('.');
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',')
        && !local.contains('@')
        && labels().count() >= 2
        && labels().all(|label| !label.is_empty())
}

fn type_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// The policy of a new database ("good"): 8 characters, of three kinds out of four.
pub(super) fn password(password: &str) -> Result<(), Failure> {
    let kinds: [fn(char) -> bool; 4] =
        [|c| c.is_lowercase(), |c| c.is_uppercase(), |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    let count = kinds.iter().filter(|is_kind| password.chars().any(is_kind)).count();
    if password.chars().count() >= 8 && count >= 3 {
        return Ok(());
    }
    Err(Failure::bad_request(None, "PasswordStrengthError: Password is too weak"))
}

/// What a database takes for a user name: letters, digits and a few signs, as many as its connection says, and no e-mail address.
pub(super) fn username(username: &str, length: &RangeInclusive<usize>) -> Result<(), Failure> {
    let fits = length.contains(&username.chars().count())
        && username.chars().all(|c| c.is_ascii_alphanumeric() || "@^$.!`-#+'~_".contains(c))
        && !is_email(username);
    if fits {
        return Ok(());
    }
    Err(Failure::body(&format!(
        "'Username can only contain alphanumeric characters and @^$.!`-#+'~_, {} to {} of them' on property username",
        length.start(),
        length.end()
    )))
}

/// The id of an application in a body, as JSON.
pub(super) fn client_id(json: &str) -> Result<(), Failure> {
    const PROPERTY: &str = "on property client_id (client_id of the client (application). If no value provided, the global Client ID \
                            will be used)";
    let Ok(id) = serde_json::from_str::<String>(json) else {
        return Err(Failure::body(&format!(
            "'Expected type string but found type {}' {PROPERTY}",
            type_of(json)
        )));
    };
    if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        return Ok(());
    }
    Err(Failure::body(&format!("'Object didn't pass validation for format client-id: {id}' {PROPERTY}")))
}

/// An id of a user in a path.
pub(super) fn user_id(id: &str) -> Result<(), Failure> {
    if id.contains('|') {
        return Ok(());
    }
    Err(Failure::bad_request(
        "invalid_uri",
        format!("Object didn't pass validation for format user-id: {id}"),
    ))
}
