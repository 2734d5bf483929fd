//! A connection, as the store keeps it.

use crate::tenant::object::{set, set_raw};
use crate::tenant::store::table::Record;
use serde_json::{Value, json as value};
use std::ops::RangeInclusive;
use users_core::model::JsonObject;

/// The name of the database that every new tenant has.
pub(crate) const DEFAULT_DATABASE: &str = "Username-Password-Authentication";

/// The length of user names in a new database, in characters.
pub(crate) const DEFAULT_USERNAME_LENGTH: RangeInclusive<usize> = 1..=15;

/// A source of users: a database or an identity provider.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The kind of identity provider.
    pub(crate) strategy: String,
    /// The permitted length of user names, in characters.
    pub(crate) username_length: RangeInclusive<usize>,
    /// What the API shows.
    pub(crate) shown: JsonObject,
}

impl Connection {
    /// A connection with the options that connections of its strategy have had for long.
    pub(crate) fn new(id: &str, name: &str, strategy: &str, username_length: RangeInclusive<usize>) -> Self {
        let options = if strategy == "auth0" {
            database_options(&username_length, name == DEFAULT_DATABASE)
        } else {
            value!({})
        };
        let shown = shown(id, name, strategy, &options);
        let text = |text: &str| text.to_owned();
        Self { id: text(id), name: text(name), strategy: text(strategy), username_length, shown }
    }

    /// The same with some other options.
    pub(crate) fn with_options(id: &str, name: &str, strategy: &str, given: &Value) -> Self {
        let length = username_length(given);
        let connection = Self::new(id, name, strategy, length);
        let mut options: Value = connection.shown.get("options").ok().flatten().unwrap_or_default();
        if let (Value::Object(options), Some(_)) = (&mut options, given.get("passwordPolicy")) {
            // It states the length of the default policy.
            options.remove("password_complexity_options");
        }
        merge(&mut options, given);
        let mut shown = connection.shown.clone();
        set(&mut shown, "options", options);
        Self { shown, ..connection }
    }

    /// A connection as `POST /connections` creates it: with the options of new connections, the given ones, and everything else that
    /// was given.
    pub(crate) fn created(id: &str, name: &str, strategy: &str, given: &JsonObject) -> Self {
        let given_options: Value = given.get("options").ok().flatten().unwrap_or_default();
        let mut options = if strategy == "auth0" { new_database_options() } else { value!({}) };
        merge(&mut options, &given_options);
        let username_length = username_length(&options);
        let mut shown = shown(id, name, strategy, &options);
        for (key, json) in given.iter() {
            if shown.raw(key).is_none() {
                set_raw(&mut shown, key, json);
            }
        }
        Self { shown, ..Self::new(id, name, strategy, username_length) }
    }

    /// The database that every new tenant has.
    pub(crate) fn default_database() -> Self {
        Self::new("con_TenantDatabase00", DEFAULT_DATABASE, "auth0", DEFAULT_USERNAME_LENGTH)
    }

    pub(crate) fn is_database(&self) -> bool {
        self.strategy == "auth0"
    }
}

impl Record for Connection {
    /// The name, which is unique in a tenant as the id is.
    fn key(&self) -> &str {
        &self.name
    }
}

/// Replaces the options that are given, each as a whole.
fn merge(options: &mut Value, given: &Value) {
    if let (Value::Object(options), Value::Object(given)) = (options, given) {
        options.extend(given.clone());
    }
}

/// The permitted length of user names in these options.
fn username_length(options: &Value) -> RangeInclusive<usize> {
    let length = |end: &str, default: usize| {
        let length = options.pointer("/validation/username").and_then(|username| username.get(end)?.as_u64());
        length.and_then(|length| usize::try_from(length).ok()).unwrap_or(default)
    };
    length("min", *DEFAULT_USERNAME_LENGTH.start())..=length("max", *DEFAULT_USERNAME_LENGTH.end())
}

fn shown(id: &str, name: &str, strategy: &str, options: &Value) -> JsonObject {
    let mut shown = JsonObject::new();
    set(&mut shown, "id", id);
    set(&mut shown, "options", options);
    set(&mut shown, "strategy", strategy);
    set(&mut shown, "name", name);
    set(&mut shown, "is_domain_connection", false);
    set(&mut shown, "realms", [name]);
    set(&mut shown, "enabled_clients", value!([]));
    shown
}

/// The options of a database of long ago, as recorded, when the default one had user names.
fn database_options(username_length: &RangeInclusive<usize>, requires_username: bool) -> Value {
    value!({
        "mfa": {"active": true, "return_enroll_settings": true},
        "validation": {"username": {"max": username_length.end(), "min": username_length.start()}},
        "import_mode": false,
        "configuration": {},
        "customScripts": {},
        "passwordPolicy": "good",
        "password_history": {"size": 5, "enable": false},
        "strategy_version": 2,
        "requires_username": requires_username,
        "password_dictionary": {"enable": false, "dictionary": []},
        "brute_force_protection": true,
        "password_no_personal_info": {"enable": false},
        "password_complexity_options": {"min_length": 8},
        "enabledDatabaseCustomization": false,
    })
}

/// The options of a database that is created without any, as recorded.
fn new_database_options() -> Value {
    value!({
        "mfa": {"active": true, "return_enroll_settings": true},
        "passwordPolicy": "good",
        "strategy_version": 2,
        "authentication_methods": {"password": {"enabled": true}, "passkey": {"enabled": false}},
        "passkey_options": {
            "challenge_ui": "both",
            "progressive_enrollment_enabled": true,
            "local_enrollment_enabled": true,
        },
        "brute_force_protection": true,
    })
}
