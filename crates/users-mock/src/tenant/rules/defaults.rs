//! The attributes that Auth0 derives for a user.

use crate::tenant::store::User;
use md5::{Digest as _, Md5};
use std::fmt::Write as _;

/// Sets the attributes that were not supplied: the name, nickname and picture, and that the address is not verified.
pub(crate) fn add_defaults(user: &mut User) {
    if user.shown().contains_key("email") && !user.shown().contains_key("email_verified") {
        user.set("email_verified", false);
    }
    let email = user.string("email");
    let default_name = email
        .clone()
        .or_else(|| user.string("username"))
        .or_else(|| user.string("phone_number"))
        .unwrap_or_else(|| user.id().to_owned());
    if !user.shown().contains_key("name") {
        user.set("name", &default_name);
    }
    if !user.shown().contains_key("nickname") {
        user.set("nickname", default_name.split('@').next().unwrap_or(&default_name));
    }
    if !user.shown().contains_key("picture") {
        let name = user.string("name").unwrap_or(default_name);
        user.set("picture", gravatar(&email.unwrap_or_default(), &name));
    }
}

/// The default picture: the one of the address at Gravatar, which falls back to one of the name's first two characters.
fn gravatar(email: &str, name: &str) -> String {
    let digest = Md5::digest(email.to_lowercase());
    let mut hash = String::new();
    for byte in digest {
        let _ = write!(hash, "{byte:02x}");
    }
    let initials: String = name.chars().take(2).collect::<String>().to_lowercase();
    format!(
        "https://s.gravatar.com/avatar/{hash}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{initials}.png"
    )
}
