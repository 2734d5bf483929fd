//! The claims of tokens.

use crate::tenant::object::{set, set_raw};
use crate::tenant::tokens::Times;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use users_core::model::JsonObject;

/// The claims of each scope in an ID token, in the order of Auth0's tokens.
const OF_SCOPES: &[(&str, &str)] = &[
    ("profile", "given_name"),
    ("profile", "family_name"),
    ("profile", "nickname"),
    ("profile", "name"),
    ("profile", "picture"),
    ("profile", "updated_at"),
    ("email", "email"),
    ("email", "email_verified"),
    ("phone", "phone_number"),
    ("phone", "phone_verified"),
];

/// Claims that a tenant cannot set: Auth0 drops them in silence.
const RESERVED: &[&str] = &[
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "sid",
    "sip_callid",
    "sip_cseq_num",
    "sip_date",
    "sip_from_tag",
    "sip_via_branch",
    "sub",
    "sub_jwk",
    "toe",
    "txn",
    "typ",
    "uuid",
    "vot",
    "vtm",
    "x5t#S256",
];

/// What an ID token is about.
pub(crate) struct IdClaims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user: &'a JsonObject,
    pub(crate) user_id: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) custom: Option<&'a JsonObject>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) session_id: Option<&'a str>,
    /// In seconds since 1970.
    pub(crate) auth_time: Option<u64>,
    /// Whether a second factor was used.
    pub(crate) is_mfa: bool,
    pub(crate) organization: Option<&'a str>,
    /// The access token and the code that the authorization endpoint returns beside it.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) times: Times,
}

impl IdClaims<'_> {
    pub(crate) fn payload(&self) -> JsonObject {
        let mut payload = JsonObject::new();
        add_custom(&mut payload, self.custom, |scope| self.scopes.iter().any(|granted| granted == scope));
        add_profile(&mut payload, self.user, self.scopes);
        set(&mut payload, "iss", self.issuer);
        set(&mut payload, "aud", self.client_id);
        set(&mut payload, "sub", self.user_id);
        add_times(&mut payload, self.times);
        if let Some(session_id) = self.session_id {
            set(&mut payload, "sid", session_id);
        }
        if let Some(nonce) = self.nonce {
            set(&mut payload, "nonce", nonce);
        }
        for (name, returned) in [("at_hash", self.access_token), ("c_hash", self.code)] {
            if let Some(returned) = returned {
                set(&mut payload, name, left_half_of_hash(returned));
            }
        }
        if let Some(auth_time) = self.auth_time {
            set(&mut payload, "auth_time", auth_time);
        }
        if self.is_mfa {
            set(&mut payload, "acr", "http://schemas.openid.net/pape/policies/2007/06/multi-factor");
            set(&mut payload, "amr", ["mfa"]);
        }
        if let Some(organization) = self.organization {
            set(&mut payload, "org_id", organization);
        }
        payload
    }
}

/// The hash of a token or code that is returned beside an ID token: the left half of its SHA-256 digest (OpenID Connect Core 1.0).
fn left_half_of_hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
}

/// The form of access tokens for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Auth0,
    /// That of RFC 9068.
    Rfc9068,
}

impl Dialect {
    /// The type in the header of the token.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Auth0 => "JWT",
            Self::Rfc9068 => "at+jwt",
        }
    }
}

/// What an access token for an API is about.
pub(crate) struct AccessClaims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    /// Whether the token is for `/userinfo` too.
    pub(crate) with_userinfo: bool,
    pub(crate) client_id: &'a str,
    pub(crate) scope: &'a str,
    /// How it was obtained; `None` in a browser.
    pub(crate) grant: Option<&'a str>,
    pub(crate) permissions: Option<&'a [String]>,
    pub(crate) organization: Option<&'a str>,
    pub(crate) custom: Option<&'a JsonObject>,
    pub(crate) dialect: Dialect,
    /// Makes tokens of the same moment differ.
    pub(crate) id: Option<String>,
    pub(crate) times: Times,
}

impl AccessClaims<'_> {
    pub(crate) fn payload(&self) -> JsonObject {
        let mut payload = JsonObject::new();
        add_custom(&mut payload, self.custom, |scope| self.scope.split(' ').any(|granted| granted == scope));
        set(&mut payload, "iss", self.issuer);
        set(&mut payload, "sub", self.subject);
        if self.with_userinfo {
            set(&mut payload, "aud", [self.audience, &format!("{}userinfo", self.issuer)]);
        } else {
            set(&mut payload, "aud", self.audience);
        }
        add_times(&mut payload, self.times);
        let is_own = self.dialect == Dialect::Auth0;
        set(&mut payload, if is_own { "azp" } else { "client_id" }, self.client_id);
        if !self.scope.is_empty() {
            set(&mut payload, "scope", self.scope);
        }
        if let Some(grant) = self.grant.filter(|_| is_own) {
            set(&mut payload, "gty", grant);
        }
        if let Some(permissions) = self.permissions {
            set(&mut payload, "permissions", permissions);
        }
        if let Some(organization) = self.organization {
            set(&mut payload, "org_id", organization);
        }
        if let Some(id) = &self.id {
            set(&mut payload, "jti", id);
        }
        payload
    }
}

fn add_times(payload: &mut JsonObject, times: Times) {
    set(payload, "iat", times.now / 1000);
    set(payload, "exp", times.expires_at / 1000);
}

/// Adds the claims of a user that scopes select.
fn add_profile(payload: &mut JsonObject, user: &JsonObject, scopes: &[String]) {
    for (scope, claim) in OF_SCOPES {
        if let Some(value) = user.raw(claim).filter(|_| scopes.iter().any(|granted| granted == scope)) {
            set_raw(payload, claim, value);
        }
    }
}

/// The namespaces that a custom claim must not have.
const BARRED: &[&str] = &["auth0.com", "webtask.io", "webtask.run"];

/// Whether a custom claim is dropped.
fn is_dropped(name: &str) -> bool {
    let host =
        name.split_once("://").map(|(_, rest)| rest.split(['/', ':', '?', '#']).next().unwrap_or_default());
    let is_barred = |host: &str| {
        BARRED.iter().any(|barred| {
            host.strip_suffix(barred).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    RESERVED.contains(&name) || name.starts_with("urn:auth0") || host.is_some_and(is_barred)
}

/// Whether a claim is one of a scope that was not granted.
pub(crate) fn lacks_scope(name: &str, has_scope: impl Fn(&str) -> bool) -> bool {
    OF_SCOPES.iter().any(|(scope, claim)| *claim == name && !has_scope(scope))
}

/// Adds the custom claims of a user, except for those that Auth0 drops in silence and those of scopes that were not granted.
fn add_custom(payload: &mut JsonObject, custom: Option<&JsonObject>, has_scope: impl Fn(&str) -> bool) {
    for (name, value) in custom.iter().flat_map(|custom| custom.iter()) {
        if !is_dropped(name) && !lacks_scope(name, &has_scope) {
            set_raw(payload, name, value);
        }
    }
}
