//! The password of a user of a seed.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::import_row;
use crate::tenant::rules::password_history::{imported, salted};
use users_core::model::JsonObject;

/// The attributes of which one is the password, or its hash as imports have it.
const ATTRIBUTES: &[&str] = &["password", "password_hash", "custom_password_hash"];

/// Takes the password from the attributes of a user, which are shown. Returns what is kept of it, if there is one.
pub(crate) fn password(id: &str, user: &mut JsonObject) -> Result<Option<JsonObject>, String> {
    let mut row = JsonObject::new();
    for name in ATTRIBUTES {
        if let Some(json) = user.raw(name) {
            set_raw(&mut row, name, json);
            user.remove(name);
        }
    }
    if row.is_empty() {
        return Ok(None);
    }
    if row.len() > 1 {
        return Err(format!("the user {id} has more than one of {}", ATTRIBUTES.join(", ")));
    }
    if row.contains_key("password") {
        let password =
            string(&row, "password").ok_or_else(|| format!("the password of {id} is not a string"))?;
        return Ok(Some(salted(&password, id)));
    }
    set(&mut row, "email", "user@example.com");
    if let Some(error) = import_row::check(&row).into_iter().next() {
        return Err(format!("the hash of the password of {id} cannot be used: {}", error.message));
    }
    Ok(import_row::password_hash(&row).map(|hash| imported(&hash)))
}
