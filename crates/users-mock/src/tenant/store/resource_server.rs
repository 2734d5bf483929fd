//! A resource server, as the store keeps it.

use crate::tenant::object::{integer, string};
use crate::tenant::store::table::Record;
use std::collections::HashMap;
use std::time::Duration;
use users_core::model::JsonObject;

/// An API, whose scopes are permissions.
#[derive(Clone, Debug)]
pub(crate) struct ResourceServer {
    id: String,
    shown: JsonObject,
    identifier: Option<String>,
    name: String,
    /// The description of each scope.
    scopes: HashMap<String, String>,
}

impl ResourceServer {
    pub(crate) fn new(id: String, shown: &JsonObject) -> Self {
        let list: Vec<JsonObject> = shown.get("scopes").ok().flatten().unwrap_or_default();
        let mut scopes = HashMap::with_capacity(list.len());
        for scope in &list {
            if let Some(value) = string(scope, "value") {
                scopes.entry(value).or_insert_with(|| string(scope, "description").unwrap_or_default());
            }
        }
        Self {
            id,
            shown: shown.clone(),
            identifier: string(shown, "identifier"),
            name: string(shown, "name").unwrap_or_default(),
            scopes,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The document that it was made from.
    pub(crate) fn shown(&self) -> &JsonObject {
        &self.shown
    }

    pub(crate) fn identifier(&self) -> Option<&str> {
        self.identifier.as_deref()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The names of the scopes.
    pub(crate) fn scope_names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.scopes.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Whether a user needs the permission for a scope to be granted.
    pub(crate) fn enforces_policies(&self) -> bool {
        self.flag("enforce_policies").unwrap_or(false)
    }

    /// Whether access tokens name the permissions of the user.
    pub(crate) fn shows_permissions(&self) -> bool {
        let dialect = string(&self.shown, "token_dialect");
        self.enforces_policies() && dialect.is_some_and(|dialect| dialect.ends_with("_authz"))
    }

    pub(crate) fn allows_offline_access(&self) -> bool {
        self.flag("allow_offline_access").unwrap_or(false)
    }

    /// The lifetime of access tokens, if it is stated.
    pub(crate) fn token_lifetime(&self) -> Option<Duration> {
        integer(&self.shown, "token_lifetime").map(Duration::from_secs)
    }

    /// The lifetime of access tokens that the authorization endpoint returns, if it is stated.
    pub(crate) fn web_lifetime(&self) -> Option<Duration> {
        integer(&self.shown, "token_lifetime_for_web").map(Duration::from_secs)
    }

    /// Whether access tokens have the claims of RFC 9068.
    pub(crate) fn has_rfc9068_profile(&self) -> bool {
        string(&self.shown, "token_dialect").is_some_and(|dialect| dialect.starts_with("rfc9068_profile"))
    }

    /// The secret that signs access tokens with HS256, if the API has it.
    pub(crate) fn signing_secret(&self) -> Option<String> {
        let is_symmetric = string(&self.shown, "signing_alg").as_deref() == Some("HS256");
        string(&self.shown, "signing_secret").filter(|_| is_symmetric)
    }

    /// Why the tenant cannot sign access tokens as the API says, if it cannot.
    pub(crate) fn missing_signature(&self) -> Option<String> {
        match string(&self.shown, "signing_alg").as_deref() {
            None | Some("RS256") => None,
            Some("HS256") if self.signing_secret().is_some() => None,
            Some("HS256") => Some("access tokens with HS256 for an API without a signing_secret".to_owned()),
            Some(other) => Some(format!("access tokens with {other}")),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.shown.get(key).ok().flatten()
    }

    /// The description of a scope; `None` if the API does not have the scope.
    pub(crate) fn scope(&self, value: &str) -> Option<&str> {
        self.scopes.get(value).map(String::as_str)
    }
}

impl Record for ResourceServer {
    fn key(&self) -> &str {
        &self.id
    }
}
