//! The formats of single values.

use users_core::model::JsonObject;

/// Checks metadata: its keys contain neither dots nor dollar signs. Fails with the error code for an import row and the reason.
pub(crate) fn check_metadata(json: &str) -> Result<(), (&'static str, String)> {
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

/// The type of a JSON value.
pub(crate) fn type_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}
