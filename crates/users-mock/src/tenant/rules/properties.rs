//! The properties that the bodies of users may have.

use crate::tenant::rules::formats::{check_metadata, is_email, type_of};
use crate::tenant::wire::answer::Failure;
use serde_json::value::RawValue;
use users_core::model::JsonObject;

/// The type of a property's values.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Boolean,
    /// A string with a length in this range, in characters.
    String(usize, usize),
    Email,
    Phone,
    /// A string without white space, of at most 255 characters.
    Id,
    Metadata,
    /// A list with a length in this range.
    List(usize, usize),
}

/// A property of a body.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it may be `null`.
    pub(crate) nullable: bool,
}

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: false }
}

const fn nullable(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: true }
}

/// The properties of `POST /users`.
pub(crate) const NEW_USER: &[Property] = &[
    property("email", Kind::Email),
    property("phone_number", Kind::Phone),
    property("user_metadata", Kind::Metadata),
    property("blocked", Kind::Boolean),
    property("email_verified", Kind::Boolean),
    property("phone_verified", Kind::Boolean),
    property("app_metadata", Kind::Metadata),
    property("given_name", Kind::String(1, 150)),
    property("family_name", Kind::String(1, 150)),
    property("name", Kind::String(1, 300)),
    property("nickname", Kind::String(1, 300)),
    property("picture", Kind::String(1, usize::MAX)),
    property("user_id", Kind::Id),
    property("connection", Kind::String(1, usize::MAX)),
    property("password", Kind::String(1, usize::MAX)),
    property("verify_email", Kind::Boolean),
    property("username", Kind::String(1, 128)),
];

/// The properties of `PATCH /users/{id}`.
pub(crate) const USER_UPDATE: &[Property] = &[
    nullable("email", Kind::Email),
    nullable("phone_number", Kind::Phone),
    property("user_metadata", Kind::Metadata),
    property("blocked", Kind::Boolean),
    property("email_verified", Kind::Boolean),
    property("phone_verified", Kind::Boolean),
    property("app_metadata", Kind::Metadata),
    nullable("given_name", Kind::String(1, 150)),
    nullable("family_name", Kind::String(1, 150)),
    nullable("name", Kind::String(1, 300)),
    nullable("nickname", Kind::String(1, 300)),
    nullable("picture", Kind::String(1, usize::MAX)),
    property("verify_email", Kind::Boolean),
    property("verify_phone_number", Kind::Boolean),
    nullable("password", Kind::String(1, usize::MAX)),
    property("connection", Kind::String(1, usize::MAX)),
    property("client_id", Kind::String(1, usize::MAX)),
    nullable("username", Kind::String(1, 128)),
];

/// The properties of an import row.
pub(crate) const IMPORT_ROW: &[Property] = &[
    property("email", Kind::Email),
    property("email_verified", Kind::Boolean),
    property("phone_number", Kind::Phone),
    property("phone_verified", Kind::Boolean),
    property("user_id", Kind::Id),
    property("username", Kind::String(1, 128)),
    property("given_name", Kind::String(1, 150)),
    property("family_name", Kind::String(1, 150)),
    property("name", Kind::String(1, 300)),
    property("nickname", Kind::String(1, 300)),
    property("picture", Kind::String(1, usize::MAX)),
    property("blocked", Kind::Boolean),
    property("password_hash", Kind::String(1, usize::MAX)),
    property("custom_password_hash", Kind::Metadata),
    property("app_metadata", Kind::Metadata),
    property("user_metadata", Kind::Metadata),
    property("mfa_factors", Kind::List(1, 10)),
];

/// Checks the values of the properties that are allowed, and ignores others.
pub(crate) fn check(body: &JsonObject, allowed: &[Property]) -> Result<(), Failure> {
    first_violation(body, allowed).map_err(|violation| {
        Failure::body(&format!("'{}' on property {}", violation.reason, violation.property))
    })
}

/// A property with an invalid value.
pub(crate) struct Violation {
    pub(crate) property: String,
    /// The error code for an import row.
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

/// Fails with the first property whose value is invalid.
pub(crate) fn first_violation(body: &JsonObject, allowed: &[Property]) -> Result<(), Violation> {
    for (name, json) in body.iter() {
        let Some(property) = allowed.iter().find(|property| property.name == name) else { continue };
        if !(property.nullable && json == "null") {
            check_value(property.kind, json).map_err(|(code, reason)| Violation {
                property: name.to_owned(),
                code,
                reason,
            })?;
        }
    }
    Ok(())
}

/// The names of the properties that are not allowed.
pub(crate) fn unknown<'a>(body: &'a JsonObject, allowed: &[Property]) -> Vec<&'a str> {
    body.keys().filter(|name| !allowed.iter().any(|property| property.name == *name)).collect()
}

fn check_value(kind: Kind, json: &str) -> Result<(), (&'static str, String)> {
    let wrong_type = |expected: &str| {
        ("INVALID_TYPE", format!("Expected type {expected} but found type {}", type_of(json)))
    };
    match kind {
        Kind::Boolean => matches!(json, "true" | "false").then_some(()).ok_or_else(|| wrong_type("boolean")),
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
        Kind::Metadata if json.starts_with('{') => check_metadata(json),
        Kind::Metadata => Err(wrong_type("object")),
        Kind::String(least, most) => {
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
            let is_valid =
                (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_valid.then_some(()).ok_or_else(|| {
                ("PATTERN", format!("String '{text}' does not match pattern. Must be an E.164 number"))
            })
        }
        Kind::Id => {
            let text: String = serde_json::from_str(json).map_err(|_| wrong_type("string"))?;
            let is_valid = text.chars().count() <= 255 && !text.chars().any(char::is_whitespace);
            is_valid
                .then_some(())
                .ok_or_else(|| ("PATTERN", format!("String '{text}' does not match pattern. Must be an id")))
        }
    }
}
