//! The rules for a row of an import that hold whatever the tenant contains.

use crate::tenant::object::{set, string};
use crate::tenant::rules::{imported_hash, schema};
use std::collections::HashSet;
use users_core::model::JsonObject;

/// The attributes that an update by an import changes. The others count for new users only.
const UPDATED: &[&str] = &[
    "app_metadata",
    "email_verified",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "picture",
    "user_metadata",
];

/// The attributes that are not shown: neither in a user nor in a rejected row.
const SECRET: &[&str] = &["password_hash", "custom_password_hash", "mfa_factors"];

/// Why a row is rejected.
#[derive(Debug)]
pub(crate) struct RowError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Where the value is, as `mfa_factors[0].totp`; empty if it is the whole row.
    pub(crate) path: String,
}

impl RowError {
    pub(crate) fn new(code: &'static str, message: &str, path: &str) -> Self {
        Self { code, message: message.to_owned(), path: path.to_owned() }
    }
}

/// All errors of a row by itself.
pub(crate) fn check(row: &JsonObject) -> Vec<RowError> {
    let mut errors = Vec::new();
    if row.contains_key("password_hash") && row.contains_key("custom_password_hash") {
        let message = "Both password_hash and custom_password_hash are given";
        errors.push(RowError::new("NOT_PASSED", message, ""));
    }
    let violations = schema::of_import_row().violations(&row.to_json()).into_iter();
    errors.extend(violations.map(|found| RowError {
        code: found.code,
        message: found.reason,
        path: found.path,
    }));
    if errors.is_empty() {
        errors.extend(check_factors(row));
    }
    errors
}

/// The factors that cannot be enrolled. Assumed, because Auth0 documents the code only: a secret that is not base32 as a whole, a second
/// one, and the same number or address again.
fn check_factors(row: &JsonObject) -> Vec<RowError> {
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    for (index, factor) in factors(row).iter().enumerate() {
        let Factor { kind, value } = factor;
        // These numbers of characters leave bits of an incomplete byte.
        let is_cut = kind == "totp" && matches!(value.len() % 8, 1 | 3 | 6);
        let key = if kind == "totp" { "" } else { value.as_str() };
        let is_known = !seen.insert((kind.clone(), key.to_owned()));
        let message = match (is_cut, is_known) {
            (true, _) => "The secret is not valid base32",
            (false, true) => "The factor is given more than once",
            (false, false) => continue,
        };
        errors.push(RowError::new("MFA_FACTORS_FAILED", message, &format!("mfa_factors[{index}].{kind}")));
    }
    errors
}

/// The hash of the password of a row, if it has one.
pub(crate) fn password_hash(row: &JsonObject) -> Option<JsonObject> {
    let bcrypt = string(row, "password_hash").map(|hash| imported_hash::of_bcrypt(&hash));
    bcrypt.or_else(|| row.get("custom_password_hash").ok().flatten())
}

/// A factor of multi-factor authentication.
struct Factor {
    /// `totp`, `phone` or `email`.
    kind: String,
    /// The secret, number or address.
    value: String,
}

/// The factors of a valid row.
fn factors(row: &JsonObject) -> Vec<Factor> {
    let listed: Vec<JsonObject> = row.get("mfa_factors").ok().flatten().unwrap_or_default();
    let factor = |factor: &JsonObject| {
        let kind = factor.keys().next()?.to_owned();
        let details: JsonObject = factor.get(&kind).ok().flatten()?;
        let value = string(&details, if kind == "totp" { "secret" } else { "value" })?;
        Some(Factor { kind, value })
    };
    listed.iter().filter_map(factor).collect()
}

/// The factors of a valid row as bodies that create authentication methods.
pub(crate) fn authentication_methods(row: &JsonObject) -> Vec<JsonObject> {
    let method = |factor: Factor| {
        let mut method = JsonObject::new();
        set(&mut method, "type", &factor.kind);
        match factor.kind.as_str() {
            "phone" => {
                set(&mut method, "phone_number", factor.value);
                set(&mut method, "preferred_authentication_method", "sms");
            }
            "email" => set(&mut method, "email", factor.value),
            _ => set(&mut method, "totp_secret", factor.value),
        }
        method
    };
    factors(row).into_iter().map(method).collect()
}

/// The attributes of a row that a user shows: all of a new user, or those that an update changes.
pub(crate) fn attributes(row: &JsonObject, is_new: bool) -> impl Iterator<Item = (&str, &str)> {
    row.iter().filter(move |(key, _)| {
        let is_attribute = !SECRET.contains(key) && !matches!(*key, "email" | "user_id");
        is_attribute && (is_new || UPDATED.contains(key))
    })
}

/// A rejected row with its errors, as the job shows it. Secrets are masked.
pub(crate) fn rejected(row: &JsonObject, errors: &[RowError]) -> JsonObject {
    let error = |error: &RowError| {
        let mut shown = JsonObject::new();
        set(&mut shown, "code", error.code);
        set(&mut shown, "message", &error.message);
        if !error.path.is_empty() {
            set(&mut shown, "path", &error.path);
        }
        shown
    };
    let mut user = row.clone();
    for secret in SECRET {
        if user.contains_key(secret) {
            set(&mut user, secret, "*****");
        }
    }
    let mut rejected = JsonObject::new();
    set(&mut rejected, "user", user);
    set(&mut rejected, "errors", errors.iter().map(error).collect::<Vec<JsonObject>>());
    rejected
}
