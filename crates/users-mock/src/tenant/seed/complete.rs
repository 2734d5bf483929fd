//! Completing a user of a seed.

use crate::tenant::object::set;
use crate::tenant::rules::defaults::add_defaults;
use crate::tenant::store::{Store, User};
use users_core::model::{JsonObject, Timestamp};

/// A user with these attributes, whatever their shapes, and with those that are absent as a user that is created now has them.
pub(crate) fn complete(id: &str, attributes: JsonObject, store: &Store, now: &Timestamp) -> User {
    let mut user = User::with_attributes(id, attributes);
    if !user.shown().contains_key("identities") {
        user.set_identities(&[identity(id, store)]);
    }
    if !user.shown().contains_key("created_at") {
        user.set("created_at", now);
    }
    if !user.shown().contains_key("updated_at") {
        let latest = ["last_login", "created_at"].iter().find_map(|key| user.string(key));
        user.set("updated_at", latest.unwrap_or_else(|| now.to_string()));
    }
    add_defaults(&mut user);
    user
}

/// The identity that the id of a user names.
fn identity(id: &str, store: &Store) -> JsonObject {
    const NOT_SOCIAL: &[&str] = &[
        "ad",
        "adfs",
        "auth0",
        "email",
        "ip",
        "oidc",
        "okta",
        "office365",
        "pingfederate",
        "samlp",
        "sharepoint",
        "sms",
        "waad",
    ];
    let (provider, user_id) = id.split_once('|').unwrap_or_default();
    // The connection of samlp|staff|ada is staff.
    let in_id = user_id.split_once('|').map(|(connection, _)| connection.to_owned());
    let of_strategy = || store.connections().find(|connection| connection.strategy == provider);
    let connection =
        in_id.or_else(|| Some(of_strategy()?.name.clone())).unwrap_or_else(|| provider.to_owned());
    let mut identity = JsonObject::new();
    set(&mut identity, "connection", connection);
    set(&mut identity, "user_id", user_id);
    set(&mut identity, "provider", provider);
    set(&mut identity, "isSocial", !NOT_SOCIAL.contains(&provider));
    identity
}
