//! One user as the tenant keeps it.

use super::connection::Connection;
use super::values::{put, put_raw};
use md5::{Digest as _, Md5};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;
use users_core::model::{JsonObject, Timestamp};

/// The attributes that an account says of its user, as `profileData` shows them.
pub(super) const PROFILE: &[&str] = &[
    "email",
    "email_verified",
    "name",
    "username",
    "given_name",
    "family_name",
    "nickname",
    "picture",
    "phone_number",
    "phone_verified",
];

#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: String,
    /// What the API shows, in the text in which it came.
    shown: JsonObject,
    /// The same for searches; made by the first one after a change.
    document: OnceLock<Value>,
    /// The profile attributes that somebody supplied, as opposed to those that Auth0 made up.
    pub(super) supplied: JsonObject,
    /// What belongs to the user and is listed apart, by its kind.
    pub(super) shelves: BTreeMap<&'static str, Vec<JsonObject>>,
}

/// The kinds of things that belong to a user and are listed apart.
pub(super) const SHELVES: &[&str] = &[
    "authentication_methods",
    "blocked_for",
    "connected_accounts",
    "enrollments",
    "federated_connections_tokensets",
    "groups",
    "logs",
    "organizations",
    "permissions",
    "refresh_tokens",
    "roles",
    "sessions",
];

impl Record {
    /// A user of whom nothing is known but the id.
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            shown: JsonObject::new(),
            document: OnceLock::new(),
            supplied: JsonObject::new(),
            shelves: BTreeMap::new(),
        }
    }

    /// What the API shows.
    pub(super) fn shown(&self) -> &JsonObject {
        &self.shown
    }

    /// What searches look at. An attribute with a number or text that serde_json has no value for is not found.
    pub(super) fn document(&self) -> &Value {
        self.document.get_or_init(|| {
            let attributes = self
                .shown
                .iter()
                .filter_map(|(key, json)| Some((key.to_owned(), serde_json::from_str::<Value>(json).ok()?)));
            Value::Object(attributes.collect())
        })
    }

    /// What the API shows, to be changed.
    fn change(&mut self) -> &mut JsonObject {
        self.document = OnceLock::new();
        &mut self.shown
    }

    pub(super) fn shelf(&self, kind: &str) -> &[JsonObject] {
        self.shelves.get(kind).map_or(&[], Vec::as_slice)
    }

    pub(super) fn shelf_mut(&mut self, kind: &'static str) -> &mut Vec<JsonObject> {
        self.shelves.entry(kind).or_default()
    }

    /// A user of whom some attributes are given, odd ones too; they are kept, and the others are those of a user created now.
    pub(super) fn completed(
        id: String,
        shown: JsonObject,
        connections: &[Connection],
        now: &Timestamp,
    ) -> Self {
        let mut supplied = JsonObject::new();
        for key in PROFILE {
            if let Some(text) = shown.raw(key) {
                put_raw(&mut supplied, key, text);
            }
        }
        let mut user = Self { shown, supplied, ..Self::new(id) };
        if !user.shown.contains_key("identities") {
            let identity = identity(&user.id, connections);
            user.set_identities(&[identity]);
        }
        if !user.shown.contains_key("created_at") {
            user.set("created_at", now);
        }
        if !user.shown.contains_key("updated_at") {
            let latest = ["last_login", "created_at"].iter().find_map(|key| user.text(key));
            user.set("updated_at", latest.unwrap_or_else(|| now.to_string()));
        }
        user.add_defaults();
        user
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.shown.get(key).ok().flatten()
    }

    pub(super) fn set(&mut self, key: &str, value: impl Serialize) {
        put(self.change(), key, value);
    }

    /// Sets an attribute from JSON text.
    pub(super) fn set_raw(&mut self, key: &str, json: &str) {
        put_raw(self.change(), key, json);
    }

    /// Takes over an attribute as it was sent; what belongs to the profile counts as supplied.
    pub(super) fn supply(&mut self, key: &str, json: &str) {
        self.set_raw(key, json);
        if PROFILE.contains(&key) {
            put_raw(&mut self.supplied, key, json);
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.change().remove(key);
        self.supplied.remove(key);
    }

    pub(super) fn identities(&self) -> Vec<JsonObject> {
        self.shown.get("identities").ok().flatten().unwrap_or_default()
    }

    pub(super) fn set_identities(&mut self, identities: &[JsonObject]) {
        self.set("identities", identities);
    }

    /// The connection of the first identity.
    pub(super) fn connection(&self) -> Option<String> {
        self.identities().first()?.get("connection").ok().flatten()
    }

    /// The provider of the first identity.
    pub(super) fn provider(&self) -> &str {
        self.id.split_once('|').map_or("", |(provider, _)| provider)
    }

    pub(super) fn touch(&mut self, now: &Timestamp) {
        self.set("updated_at", now);
    }

    /// Makes up what nobody supplied: the name, nickname and picture, and that the address is not verified.
    pub(super) fn add_defaults(&mut self) {
        if self.shown.contains_key("email") && !self.shown.contains_key("email_verified") {
            self.set("email_verified", false);
        }
        let email = self.text("email");
        let username = self.text("username");
        let called = email
            .clone()
            .or(username)
            .or_else(|| self.text("phone_number"))
            .unwrap_or_else(|| self.id.clone());
        if !self.shown.contains_key("name") {
            self.set("name", &called);
        }
        if !self.shown.contains_key("nickname") {
            self.set("nickname", called.split('@').next().unwrap_or(&called));
        }
        if !self.shown.contains_key("picture") {
            let name = self.text("name").unwrap_or(called);
            self.set("picture", gravatar(&email.unwrap_or_default(), &name));
        }
    }
}

/// The account that an id of a user names.
fn identity(id: &str, connections: &[Connection]) -> JsonObject {
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
    let (provider, bare) = id.split_once('|').unwrap_or_default();
    // Of samlp|staff|ada the connection is staff.
    let named = bare.split_once('|').map(|(connection, _)| connection.to_owned());
    let of_strategy = || connections.iter().find(|connection| connection.strategy == provider);
    let connection =
        named.or_else(|| Some(of_strategy()?.name.clone())).unwrap_or_else(|| provider.to_owned());
    let mut identity = JsonObject::new();
    put(&mut identity, "connection", connection);
    put(&mut identity, "user_id", bare);
    put(&mut identity, "provider", provider);
    put(&mut identity, "isSocial", !NOT_SOCIAL.contains(&provider));
    identity
}

/// The picture of a user who has none: by the address at Gravatar, or else by the name's first two letters.
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
