//! Issuing the tokens of a login.

use crate::tenant::api::effective::permission_names;
use crate::tenant::logins::{Authenticated, Family};
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::application::Application;
use crate::tenant::rules::claims::{AccessClaims, Dialect, IdClaims};
use crate::tenant::rules::grant::Grant;
use crate::tenant::store::{Belonging, ResourceServer};
use crate::tenant::tokens::Times;
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use serde_json::json as value;
use std::sync::Arc;
use std::time::Duration;
use users_core::model::{JsonObject, Timestamp};

/// The scopes of OpenID Connect, which need no API.
pub(crate) const OPENID: &[&str] = &[
    "openid",
    "profile",
    "offline_access",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "email",
    "email_verified",
    "picture",
    "created_at",
    "identities",
    "phone",
    "address",
];

/// The lifetime of an access token that the authorization endpoint returns.
const WEB_LIFETIME: Duration = Duration::from_secs(7200);

/// The scopes of the MFA API.
const MFA: &[&str] = &["enroll", "read:authenticators", "remove:authenticators"];

/// The lifetime of an access token for the MFA API.
const MFA_LIFETIME: Duration = Duration::from_secs(600);

/// The number of refresh tokens that a user has for an application, at most.
const MOST_REFRESH_TOKENS: usize = 200;

/// What a login asks tokens for.
pub(crate) struct Asked<'a> {
    pub(crate) application: &'a Application,
    pub(crate) login: Authenticated,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<&'a str>,
    pub(crate) nonce: Option<&'a str>,
    /// What the authorization endpoint returns beside the ID token; `None` at the token endpoint.
    pub(crate) beside: Option<Beside<'a>>,
    pub(crate) refresh_token: RefreshToken<'a>,
}

/// What a response has of refresh tokens.
#[derive(Clone, Copy)]
pub(crate) enum RefreshToken<'a> {
    /// A new one, if the scope is granted.
    New,
    /// This one, if there is one.
    Shown(Option<&'a str>),
}

/// What the authorization endpoint returns beside an ID token, which then has their hashes.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) returns_token: bool,
}

/// What a token that is issued without a login states otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overrides<'a> {
    /// Claims, which replace those of the same name.
    pub(crate) claims: Option<&'a JsonObject>,
    /// In seconds from now; negative for a token that has expired.
    pub(crate) expires_in: Option<i64>,
}

impl Overrides<'_> {
    /// When a token with this lifetime is issued and expires. One that has expired was issued a lifetime before.
    pub(crate) fn times(&self, now: u64, lifetime: Duration) -> Times {
        let Some(seconds) = self.expires_in else { return Times::new(now, lifetime) };
        let millis = Duration::from_secs(seconds.unsigned_abs());
        if seconds >= 0 {
            return Times::new(now, millis);
        }
        let expires_at = now.saturating_sub(Times::new(0, millis).expires_at);
        Times { now: expires_at.saturating_sub(Times::new(0, lifetime).expires_at), expires_at }
    }

    pub(crate) fn applied(&self, mut payload: JsonObject) -> JsonObject {
        for (name, value) in self.claims.iter().flat_map(|claims| claims.iter()) {
            set_raw(&mut payload, name, value);
        }
        payload
    }
}

/// Whether tokens can be issued for an audience.
pub(crate) fn is_known_audience(context: &WriteContext<'_>, request: &Request, audience: &str) -> bool {
    is_management(context, request, audience)
        || is_userinfo(context, request, audience)
        || is_mfa(context, request, audience)
        || context.store().resource_server_by_identifier(audience).is_some()
}

/// Why tokens for an API cannot be signed as it says, if they cannot.
pub(crate) fn missing_signature(context: &WriteContext<'_>, audience: &str) -> Option<String> {
    context.store().resource_server_by_identifier(audience)?.missing_signature()
}

fn is_management(context: &WriteContext<'_>, request: &Request, audience: &str) -> bool {
    let issuer = request.issuer(context.config);
    audience == context.config.management_audience() || audience == format!("{issuer}api/v2/")
}

fn is_userinfo(context: &WriteContext<'_>, request: &Request, audience: &str) -> bool {
    let issuer = request.issuer(context.config);
    audience == format!("https://{}/userinfo", context.config.domain)
        || audience == format!("{issuer}userinfo")
}

/// Whether an audience is that of the MFA API, where users manage their authenticators.
fn is_mfa(context: &WriteContext<'_>, request: &Request, audience: &str) -> bool {
    let issuer = request.issuer(context.config);
    audience == format!("https://{}/mfa/", context.config.domain) || audience == format!("{issuer}mfa/")
}

/// Issues the tokens of a login, with a refresh token if one is asked for, as the token endpoint returns them.
pub(crate) fn issue(context: &mut WriteContext<'_>, request: &Request, asked: Asked<'_>) -> JsonObject {
    let scopes = granted_scopes(context, request, &asked);
    let asked = Asked { scopes, ..asked };
    let (access_token, lifetime) = access_token(context, request, &asked, &Overrides::default());
    let mut tokens = JsonObject::new();
    set(&mut tokens, "access_token", access_token);
    match asked.refresh_token {
        RefreshToken::New if has(&asked.scopes, "offline_access") => {
            set(&mut tokens, "refresh_token", new_refresh_token(context, request, &asked));
        }
        RefreshToken::Shown(Some(token)) => set(&mut tokens, "refresh_token", token),
        _ => {}
    }
    let is_returned = asked.beside.is_some_and(|beside| beside.returns_token);
    // The first tokens of a session are those for a code.
    let is_for_code = asked.beside.is_none()
        && asked.login.session_id.is_some()
        && matches!(asked.refresh_token, RefreshToken::New);
    let returned = is_returned || (is_for_code && context.config.assumptions.code_exchange_has_at_hash);
    let access_token = string(&tokens, "access_token").filter(|_| returned);
    if let Some(id_token) = id_token(context, request, &asked, access_token.as_deref()) {
        set(&mut tokens, "id_token", id_token);
    }
    if !asked.scopes.is_empty() {
        set(&mut tokens, "scope", asked.scopes.join(" "));
    }
    set(&mut tokens, "expires_in", lifetime.as_secs());
    set(&mut tokens, "token_type", "Bearer");
    tokens
}

fn has(scopes: &[String], wanted: &str) -> bool {
    scopes.iter().any(|scope| scope == wanted)
}

fn api_of(context: &WriteContext<'_>, request: &Request, asked: &Asked<'_>) -> Option<Arc<ResourceServer>> {
    let audience = asked.audience.filter(|audience| !is_management(context, request, audience))?;
    context.store().resource_server_by_identifier(audience).cloned()
}

/// Whether the access token is opaque: it is for no API, and for `/userinfo` alone.
pub(crate) fn is_opaque(context: &WriteContext<'_>, request: &Request, asked: &Asked<'_>) -> bool {
    let is_own = asked.audience.is_some_and(|audience| is_management(context, request, audience));
    let is_mfa = asked.audience.is_some_and(|audience| is_mfa(context, request, audience));
    !is_own && !is_mfa && api_of(context, request, asked).is_none()
}

/// The scopes that are granted: those of OpenID Connect, and of those of the API the ones that it has. Where the API enforces policies, the
/// user must have the permission.
pub(crate) fn granted_scopes(
    context: &WriteContext<'_>,
    request: &Request,
    asked: &Asked<'_>,
) -> Vec<String> {
    let api = api_of(context, request, asked);
    let is_own = asked.audience.is_some_and(|audience| is_management(context, request, audience));
    let is_mfa = asked.audience.is_some_and(|audience| is_mfa(context, request, audience));
    let owned = api.as_ref().filter(|api| api.enforces_policies()).map(|api| {
        let organization = asked.login.organization.as_deref();
        permission_names(
            context.store(),
            &asked.login.user_id,
            organization,
            api.identifier().unwrap_or_default(),
        )
    });
    let may_refresh = asked.application.allows_grant("refresh_token")
        && api.as_ref().is_none_or(|api| api.allows_offline_access());
    let mut granted: Vec<String> = Vec::new();
    for scope in &asked.scopes {
        let is_granted = match scope.as_str() {
            "offline_access" => may_refresh,
            name if OPENID.contains(&name) => true,
            name if is_own => name.contains(":current_user"),
            name if is_mfa => MFA.contains(&name),
            name => {
                api.as_ref().is_some_and(|api| api.scope(name).is_some())
                    && owned.as_ref().is_none_or(|owned| has(owned, name))
            }
        };
        if is_granted && !granted.contains(scope) {
            granted.push(scope.clone());
        }
    }
    granted
}

/// An access token with its lifetime: opaque for `/userinfo`, a JSON Web Token for an API.
pub(crate) fn access_token(
    context: &mut WriteContext<'_>,
    request: &Request,
    asked: &Asked<'_>,
    overrides: &Overrides<'_>,
) -> (String, Duration) {
    let issuer = request.issuer(context.config);
    let id = asked.login.user_id.clone();
    let now = context.clock.millis();
    let default = context.config.token_lifetime;
    let scopes = asked.scopes.clone();
    let is_own = asked.audience.is_some_and(|audience| is_management(context, request, audience));
    let api = api_of(context, request, asked);
    let is_mfa = asked.audience.is_some_and(|audience| is_mfa(context, request, audience));
    let audience = match asked.audience {
        Some(audience) if is_own || is_mfa || api.is_some() => audience,
        _ => {
            // Beside a code, it lives as long as that of the token endpoint.
            let is_implicit = asked.beside.is_some_and(|beside| beside.code.is_none());
            let lifetime = if is_implicit { WEB_LIFETIME } else { default };
            let times = overrides.times(now, lifetime);
            let grant = Grant::User { id, scopes };
            return (context.tokens.issue_opaque(grant, &issuer, times, context.random), lifetime);
        }
    };
    let lifetime = if is_mfa { MFA_LIFETIME } else { default };
    let of_api = api.as_ref().and_then(|api| match asked.beside {
        Some(_) => Some(api.web_lifetime().unwrap_or(WEB_LIFETIME)),
        None => api.token_lifetime(),
    });
    let lifetime = of_api.unwrap_or(lifetime);
    let organization = asked.login.organization.as_deref();
    let permissions = api.as_ref().filter(|api| api.shows_permissions()).map(|api| {
        permission_names(context.store(), &id, organization, api.identifier().unwrap_or_default())
    });
    let custom = context.store().claims(&id).cloned();
    let secret = api.as_ref().and_then(|api| api.signing_secret());
    let dialect = if api.as_ref().is_some_and(|api| api.has_rfc9068_profile()) {
        Dialect::Rfc9068
    } else {
        Dialect::Auth0
    };
    let token_id = (dialect == Dialect::Rfc9068).then(|| context.random.hex(16));
    let scope = scopes.join(" ");
    let claims = AccessClaims {
        issuer: &issuer,
        subject: &id,
        audience,
        // A secret of the API signs for the API alone.
        with_userinfo: has(&scopes, "openid") && secret.is_none(),
        client_id: &asked.application.id,
        scope: &scope,
        grant: asked.login.grant,
        permissions: permissions.as_deref(),
        organization,
        custom: custom.as_ref().map(|custom| &custom.claims),
        dialect,
        id: token_id,
        times: overrides.times(now, lifetime),
    };
    let payload = overrides.applied(claims.payload());
    let with_userinfo = claims.with_userinfo;
    let grant = if is_own {
        Grant::SelfService { id: id.clone(), scopes: scopes.into() }
    } else {
        // Without the audience of `/userinfo`, a token is refused there.
        let scopes = scopes.into_iter().filter(|scope| with_userinfo || scope != "openid").collect();
        Grant::User { id: id.clone(), scopes }
    };
    let token = match secret {
        Some(secret) => {
            context.tokens.issue_with_secret(grant, dialect.kind(), &payload, claims.times, &secret)
        }
        None => context.tokens.issue(grant, dialect.kind(), &payload, claims.times),
    };
    (token, lifetime)
}

/// An ID token, if the scope `openid` is granted.
pub(crate) fn id_token(
    context: &mut WriteContext<'_>,
    request: &Request,
    asked: &Asked<'_>,
    access_token: Option<&str>,
) -> Option<String> {
    let is_asked = has(&asked.scopes, "openid");
    if is_asked { id_token_with(context, request, asked, access_token, &Overrides::default()) } else { None }
}

/// An ID token, whatever the scopes are; `None` if there is no such user.
pub(crate) fn id_token_with(
    context: &mut WriteContext<'_>,
    request: &Request,
    asked: &Asked<'_>,
    access_token: Option<&str>,
    overrides: &Overrides<'_>,
) -> Option<String> {
    let issuer = request.issuer(context.config);
    let id = &asked.login.user_id;
    let user = context.store().users().get(id)?.clone();
    let custom = context.store().claims(id).cloned();
    let claims = IdClaims {
        issuer: &issuer,
        client_id: &asked.application.id,
        user: user.shown(),
        user_id: id,
        scopes: &asked.scopes,
        custom: custom.as_ref().map(|custom| &custom.claims),
        nonce: asked.nonce,
        session_id: asked.login.session_id.as_deref(),
        auth_time: asked.login.auth_time,
        is_mfa: asked.login.is_mfa,
        organization: asked.login.organization.as_deref(),
        access_token,
        code: asked.beside.and_then(|beside| beside.code),
        times: overrides.times(context.clock.millis(), asked.application.id_token_lifetime),
    };
    let payload = overrides.applied(claims.payload());
    Some(context.tokens.issue(Grant::Identity { id: id.clone() }, "JWT", &payload, claims.times))
}

/// Issues the first refresh token of a family, and shows it among those of the user.
fn new_refresh_token(context: &mut WriteContext<'_>, request: &Request, asked: &Asked<'_>) -> String {
    let now = context.clock.millis();
    let rules = asked.application.refresh;
    let family = Family {
        id: context.random.alphanumeric(24),
        user_id: asked.login.user_id.clone(),
        client_id: asked.application.id.clone(),
        audience: asked.audience.map(ToOwned::to_owned),
        scopes: asked.scopes.clone(),
        session_id: asked.login.session_id.clone(),
        organization: asked.login.organization.clone(),
        created_at: now,
    };
    show(context, request, &family, asked.application);
    let token = refresh_token(context);
    context.logins.refresh_tokens.add(token.clone(), family, 0, &rules, now);
    token
}

/// The text of a new refresh token.
pub(crate) fn refresh_token(context: &mut WriteContext<'_>) -> String {
    format!("v1.{}", context.random.alphanumeric(64))
}

/// Adds a family to the refresh tokens of its user, of which the oldest for the application is removed if there are too many.
fn show(context: &mut WriteContext<'_>, request: &Request, family: &Family, application: &Application) {
    let at = |millis: Option<u64>| millis.map(|millis| Timestamp::from_unix_millis(signed(millis)));
    let rules = application.refresh;
    let after = |time: Option<Duration>| {
        time.map(|time| family.created_at.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    };
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &family.id);
    set(&mut shown, "user_id", &family.user_id);
    set(&mut shown, "created_at", at(Some(family.created_at)));
    set(&mut shown, "idle_expires_at", at(after(rules.idle_lifetime)));
    set(&mut shown, "expires_at", at(after(rules.lifetime)));
    set(&mut shown, "device", device(request));
    set(&mut shown, "client_id", &family.client_id);
    set(&mut shown, "session_id", &family.session_id);
    set(&mut shown, "rotating", rules.rotates);
    let servers: Vec<_> = family
        .audience
        .iter()
        .map(|audience| value!({"audience": audience, "scopes": family.scopes.join(" ")}))
        .collect();
    set(&mut shown, "resource_servers", servers);
    set(&mut shown, "last_exchanged_at", at(None));
    let mut removed = None;
    context.transaction.update_user(&family.user_id, |user| {
        let tokens = user.belongings_mut(Belonging::RefreshTokens);
        let is_its = |token: &JsonObject| string(token, "client_id").as_deref() == Some(&*family.client_id);
        if tokens.iter().filter(|token| is_its(token)).count() >= MOST_REFRESH_TOKENS {
            if let Some(oldest) = tokens.iter().position(is_its) {
                removed = string(&tokens.remove(oldest), "id");
            }
        }
        tokens.push(shown);
    });
    if let Some(removed) = removed {
        context.logins.refresh_tokens.remove_family(&removed);
    }
}

/// Where a session or refresh token was begun.
pub(crate) fn device(request: &Request) -> JsonObject {
    let (ip, agent) = (request.ip().to_string(), request.user_agent());
    let mut device = JsonObject::new();
    for prefix in ["initial", "last"] {
        set(&mut device, &format!("{prefix}_ip"), &ip);
        set(&mut device, &format!("{prefix}_asn"), "0");
        set(&mut device, &format!("{prefix}_user_agent"), agent);
    }
    device
}

/// A time for a [`Timestamp`].
pub(crate) fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
