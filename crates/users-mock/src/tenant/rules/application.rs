//! Applications: what a client may do.

use crate::tenant::config::Config;
use crate::tenant::object::{integer, string, strings};
use crate::tenant::store::{Kind, Store};
use http::Uri;
use serde_json::Value;
use std::time::Duration;
use users_core::model::JsonObject;

/// The lifetime of an ID token whose application states none.
const ID_TOKEN_LIFETIME: u64 = 36_000;

/// The lifetimes of a refresh token whose application states none, in seconds.
const REFRESH_LIFETIME: u64 = 2_592_000;
const IDLE_LIFETIME: u64 = 1_296_000;

/// An application: that of the tenant, or one of those that were created or seeded.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `None` if it has none, as a single-page or native application.
    pub(crate) secret: Option<String>,
    /// Whether it may request tokens of users without its secret.
    pub(crate) is_public: bool,
    /// Whether it must prove by a challenge that a code is its own, if it has not shown its secret.
    pub(crate) needs_challenge: bool,
    /// `None` if every address on this machine is allowed.
    callbacks: Option<Vec<String>>,
    /// The origins whose pages may be given a response in a message; `None` if the application states none.
    web_origins: Option<Vec<String>>,
    /// `None` if every address on this machine is allowed.
    logout_urls: Option<Vec<String>>,
    /// `None` if every grant is allowed.
    grant_types: Option<Vec<String>>,
    pub(crate) id_token_lifetime: Duration,
    pub(crate) refresh: RefreshRules,
    pub(crate) organizations: OrganizationUsage,
}

/// Whether a login names an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrganizationUsage {
    Deny,
    Allow,
    Require,
}

/// How the refresh tokens of an application behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshRules {
    pub(crate) rotates: bool,
    /// The time in which the previous token is accepted once more.
    pub(crate) leeway: Duration,
    /// From the first token on; `None` if it does not expire.
    pub(crate) lifetime: Option<Duration>,
    /// From the last use on; `None` if it does not expire.
    pub(crate) idle_lifetime: Option<Duration>,
}

impl Application {
    /// Finds an application by its client id.
    pub(crate) fn find(store: &Store, config: &Config, id: &str) -> Option<Self> {
        let object = store.objects(Kind::Clients).get(id);
        if id == config.client_id {
            return Some(Self::of_tenant(config, object.map(|object| &object.shown)));
        }
        object.map(|object| Self::of(id, &object.shown))
    }

    /// The application of the tenant, which may do everything. A seed may restrict it.
    fn of_tenant(config: &Config, shown: Option<&JsonObject>) -> Self {
        let empty = JsonObject::new();
        let own = Self::of(&config.client_id, shown.unwrap_or(&empty));
        let has = |key: &str| shown.is_some_and(|shown| shown.contains_key(key));
        let is_undeclared = !(has("token_endpoint_auth_method") || has("app_type"));
        Self {
            name: if has("name") { own.name } else { "Default App".to_owned() },
            secret: Some(config.client_secret.clone()),
            is_public: own.is_public || is_undeclared,
            needs_challenge: is_undeclared,
            callbacks: own.callbacks.filter(|_| has("callbacks")),
            logout_urls: own.logout_urls.filter(|_| has("allowed_logout_urls")),
            grant_types: own.grant_types.filter(|_| has("grant_types")),
            ..own
        }
    }

    fn of(id: &str, shown: &JsonObject) -> Self {
        let method = string(shown, "token_endpoint_auth_method");
        let kind = string(shown, "app_type");
        let is_public = match method.as_deref() {
            Some(method) => method == "none",
            None => matches!(kind.as_deref(), Some("spa" | "native")),
        };
        let jwt: JsonObject = shown.get("jwt_configuration").ok().flatten().unwrap_or_default();
        Self {
            id: id.to_owned(),
            name: string(shown, "name").unwrap_or_default(),
            secret: string(shown, "client_secret"),
            is_public,
            needs_challenge: false,
            callbacks: Some(strings(shown, "callbacks")),
            web_origins: shown.contains_key("web_origins").then(|| strings(shown, "web_origins")),
            logout_urls: Some(strings(shown, "allowed_logout_urls")),
            grant_types: shown.contains_key("grant_types").then(|| strings(shown, "grant_types")),
            id_token_lifetime: Duration::from_secs(
                integer(&jwt, "lifetime_in_seconds").unwrap_or(ID_TOKEN_LIFETIME),
            ),
            refresh: RefreshRules::of(shown),
            // Auth0's default is `deny`; an application that says nothing may do everything here.
            organizations: match string(shown, "organization_usage").as_deref() {
                Some("deny") => OrganizationUsage::Deny,
                Some("require") => OrganizationUsage::Require,
                _ => OrganizationUsage::Allow,
            },
        }
    }

    pub(crate) fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.as_ref().is_none_or(|types| types.iter().any(|allowed| allowed == grant_type))
    }

    pub(crate) fn allows_callback(&self, uri: &str) -> bool {
        match &self.callbacks {
            None => is_on_this_machine(uri),
            Some(allowed) => allowed.iter().any(|pattern| matches(pattern, uri)),
        }
    }

    /// Whether a page of this origin may be given the response of a login in a message.
    pub(crate) fn allows_web_message(&self, origin: &str) -> bool {
        self.web_origins.as_ref().is_none_or(|allowed| allowed.iter().any(|pattern| matches(pattern, origin)))
    }

    /// The callback of a request that names none.
    pub(crate) fn first_callback(&self) -> Option<&str> {
        self.callbacks.as_ref()?.first().map(String::as_str)
    }

    /// Whether a browser may be sent there after a logout. Query and fragment do not count.
    pub(crate) fn allows_logout_url(&self, uri: &str) -> bool {
        let uri = uri.split(['?', '#']).next().unwrap_or_default();
        match &self.logout_urls {
            None => is_on_this_machine(uri),
            Some(allowed) => allowed
                .iter()
                .any(|pattern| matches(pattern.split(['?', '#']).next().unwrap_or_default(), uri)),
        }
    }

    /// Whether a browser may be sent there after a logout of OpenID Connect. The query counts.
    pub(crate) fn allows_exact_logout_url(&self, uri: &str) -> bool {
        match &self.logout_urls {
            None => is_on_this_machine(uri),
            Some(allowed) => allowed.iter().any(|pattern| matches(pattern, uri)),
        }
    }

    pub(crate) fn logout_urls(&self) -> &[String] {
        self.logout_urls.as_deref().unwrap_or_default()
    }

    pub(crate) fn first_logout_url(&self) -> Option<&str> {
        self.logout_urls.as_ref()?.first().map(String::as_str)
    }
}

/// Whether pages of an origin may call the Authentication API: those of this machine, and those that an application names.
pub(crate) fn allows_origin(store: &Store, origin: &str) -> bool {
    let names_it = |shown: &JsonObject| {
        let own = ["web_origins", "allowed_origins"].into_iter().flat_map(|key| strings(shown, key));
        let of_callback = |uri: &str| uri.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        own.into_iter().any(|allowed| matches(&allowed, origin))
            || strings(shown, "callbacks").iter().any(|uri| of_callback(uri))
    };
    is_on_this_machine(origin) || store.objects(Kind::Clients).iter().any(|client| names_it(&client.shown))
}

impl RefreshRules {
    fn of(shown: &JsonObject) -> Self {
        let rules: JsonObject = shown.get("refresh_token").ok().flatten().unwrap_or_default();
        let is = |key: &str, value: &str| string(&rules, key).as_deref() == Some(value);
        let flag = |key: &str| rules.get::<Value>(key).ok().flatten().and_then(|value| value.as_bool());
        let seconds = |key: &str, default| Duration::from_secs(integer(&rules, key).unwrap_or(default));
        // Those of single-page applications rotate unless they say otherwise.
        let is_spa = string(shown, "app_type").as_deref() == Some("spa");
        let rotates = is("rotation_type", "rotating") || (is_spa && !rules.contains_key("rotation_type"));
        // A token that rotates expires.
        let expires = rotates || is("expiration_type", "expiring");
        let infinite = |key: &str| flag(key).unwrap_or(!rotates);
        Self {
            rotates,
            leeway: seconds("leeway", 0),
            lifetime: (expires && !infinite("infinite_token_lifetime"))
                .then(|| seconds("token_lifetime", REFRESH_LIFETIME)),
            idle_lifetime: (expires && !infinite("infinite_idle_token_lifetime"))
                .then(|| seconds("idle_token_lifetime", IDLE_LIFETIME)),
        }
    }
}

/// Whether a URI is one of this machine, with any port and path.
fn is_on_this_machine(uri: &str) -> bool {
    let Ok(uri) = uri.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    is_http && (is_loopback || host == "localhost" || host.ends_with(".localhost"))
}

/// A URI whose scheme and host are in lower case, since their case does not count.
fn lower_host(uri: &str) -> String {
    let after_scheme = uri.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = uri.split_at(after_scheme);
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    format!("{}{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}

/// Whether a URI is a permitted one, whose host may begin with `*.`.
fn matches(pattern: &str, uri: &str) -> bool {
    let (pattern, uri) = (&lower_host(pattern), &lower_host(uri));
    let Some((before, after)) = pattern.split_once("*.") else { return pattern == uri };
    let Some(rest) = uri.strip_prefix(before) else { return false };
    let label = rest.split(['.', '/', ':', '?', '#', '@', '\\']).next().unwrap_or_default();
    let is_label =
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    is_label && before.ends_with("://") && rest.get(label.len()..) == Some(&format!(".{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_compared_exactly_but_for_a_wildcard_in_the_host() {
        for (pattern, uri, expected) in [
            ("https://app.example.com/cb", "https://app.example.com/cb", true),
            ("https://app.example.com/cb", "https://app.example.com/cb/", false),
            ("https://app.example.com/cb", "https://app.example.com:8080/cb", false),
            ("https://*.example.com/cb", "https://a-1.example.com/cb", true),
            ("https://*.example.com/cb", "https://a.b.example.com/cb", false),
            ("https://*.example.com/cb", "https://evil.com/.example.com/cb", false),
            ("https://*.example.com/cb", "https://.example.com/cb", false),
            ("https://*.example.com/cb", "https://evil.com?.example.com/cb", false),
        ] {
            assert_eq!(matches(pattern, uri), expected, "{pattern} {uri}");
        }
    }

    #[test]
    fn the_application_of_the_tenant_may_call_back_to_this_machine_alone() {
        for (uri, expected) in [
            ("http://localhost:3000/callback", true),
            ("http://127.0.0.1/", true),
            ("https://[::1]:8443/x?y=1", true),
            ("http://shop.localhost:4400/cb", true),
            ("http://localhost.example.com/", false),
            ("https://example.com/", false),
            ("http://localhost@example.com/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_on_this_machine(uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_token_that_rotates_expires() {
        let of = |json: &str| RefreshRules::of(&JsonObject::from_json(json).unwrap());
        assert_eq!(of("{}").lifetime, None);
        let rotating = of(r#"{"refresh_token":{"rotation_type":"rotating","leeway":5}}"#);
        assert!(rotating.rotates && rotating.leeway == Duration::from_secs(5));
        assert_eq!(rotating.lifetime, Some(Duration::from_secs(REFRESH_LIFETIME)));
        let expiring = r#"{"refresh_token":{"expiration_type":"expiring","infinite_token_lifetime":false,"token_lifetime":60}}"#;
        assert_eq!(of(expiring).lifetime, Some(Duration::from_secs(60)));
        assert_eq!(of(expiring).idle_lifetime, None);
    }
}
