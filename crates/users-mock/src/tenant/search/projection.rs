//! The attributes of an object that a response shows.

use crate::tenant::object::{set, set_raw};
use crate::tenant::wire::request::Request;
use users_core::model::JsonObject;

/// The attributes that the parameters `fields` and `include_fields` select.
pub(crate) fn project(user: &JsonObject, request: &Request) -> JsonObject {
    select(without_idp_tokens(user, request), request, &[])
}

/// The members that the parameters `fields` and `include_fields` select, and those that are always shown.
pub(crate) fn select(object: JsonObject, request: &Request, always: &[&str]) -> JsonObject {
    let include = request.flag("include_fields", true);
    let Some(fields) = request.query("fields").filter(|fields| !fields.is_empty()) else { return object };
    let is_named = |key: &str| fields.split(',').any(|field| field.trim() == key);
    let mut shown = JsonObject::new();
    for (key, json) in object.iter().filter(|(key, _)| is_named(key) == include || always.contains(key)) {
        set_raw(&mut shown, key, json);
    }
    shown
}

/// Tokens of identity providers are shown only with a scope of their own.
fn without_idp_tokens(user: &JsonObject, request: &Request) -> JsonObject {
    let mut user = user.clone();
    let is_allowed = request.grant.has("read:user_idp_tokens");
    if let (false, Ok(Some(mut identities))) = (is_allowed, user.get::<Vec<JsonObject>>("identities")) {
        for identity in &mut identities {
            for token in ["access_token", "access_token_secret", "refresh_token"] {
                identity.remove(token);
            }
        }
        set(&mut user, "identities", identities);
    }
    user
}
