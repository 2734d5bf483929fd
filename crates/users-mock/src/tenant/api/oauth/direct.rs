//! Tokens without a login.

use crate::tenant::api::oauth::issue::{
    Asked, Overrides, RefreshToken, access_token, granted_scopes, id_token_with, is_known_audience,
    is_opaque, missing_signature,
};
use crate::tenant::config::Config;
use crate::tenant::logins::Authenticated;
use crate::tenant::random::Random;
use crate::tenant::rules::application::Application;
use crate::tenant::rules::claims::{AccessClaims, Dialect};
use crate::tenant::rules::grant::{Grant, all_scopes};
use crate::tenant::store::{Kind, Store};
use crate::tenant::token_spec::{InvalidTokenSpec, IssuedToken, TokenKind, TokenSpec};
use crate::tenant::tokens::Tokens;
use crate::tenant::wire::context::WriteContext;
use std::sync::Arc;

/// The scopes of a token whose specification names none.
const OF_USER: &[&str] = &["openid", "profile", "email"];
const OF_SELF_SERVICE: &[&str] = &["read:current_user", "update:current_user_metadata"];

/// Issues a token of a user as a login does.
pub(crate) fn issue_to_user(
    context: &mut WriteContext<'_>,
    spec: &TokenSpec,
    user_id: &str,
) -> Result<IssuedToken, InvalidTokenSpec> {
    let request = spec.request(&context.config.domain)?;
    let application = application(context.store(), context.config, spec)?;
    if context.store().users().get(user_id).is_none() {
        return Err(InvalidTokenSpec::User(user_id.to_owned()));
    }
    if let Some(id) = &spec.organization {
        if context.store().objects(Kind::Organizations).get(id).is_none() {
            return Err(InvalidTokenSpec::Organization(id.clone()));
        }
    }
    let audience = match spec.kind {
        TokenKind::SelfService(_) => Some(format!("{}api/v2/", request.issuer(context.config))),
        TokenKind::Id(_) => None,
        _ => spec.audience.clone(),
    };
    if let Some(audience) = audience.as_ref().filter(|it| !is_known_audience(context, &request, it)) {
        return Err(InvalidTokenSpec::Audience(audience.clone()));
    }
    if let Some(signature) = audience.as_ref().and_then(|audience| missing_signature(context, audience)) {
        return Err(InvalidTokenSpec::Signature(signature));
    }
    let api = audience.as_ref().and_then(|audience| context.store().resource_server_by_identifier(audience));
    let default = if matches!(spec.kind, TokenKind::SelfService(_)) { OF_SELF_SERVICE } else { OF_USER };
    let default = || default.iter().copied().chain(api.iter().flat_map(|api| api.scope_names()));
    let scopes = spec.scopes.clone().unwrap_or_else(|| default().map(ToOwned::to_owned).collect());
    let login = Authenticated {
        user_id: user_id.to_owned(),
        session_id: None,
        auth_time: None,
        is_mfa: false,
        organization: spec.organization.clone(),
        grant: None,
    };
    let asked = Asked {
        application: &application,
        login,
        scopes,
        audience: audience.as_deref(),
        nonce: None,
        beside: None,
        refresh_token: RefreshToken::Shown(None),
    };
    let granted = granted_scopes(context, &request, &asked);
    let asked = Asked { scopes: granted.clone(), ..asked };
    let overrides = Overrides { claims: spec.claims.as_ref(), expires_in: spec.expires_in };
    let (token, lifetime) = if matches!(spec.kind, TokenKind::Id(_)) {
        (id_token_with(context, &request, &asked, None, &overrides), application.id_token_lifetime)
    } else if spec.claims.is_some() && is_opaque(context, &request, &asked) {
        return Err(InvalidTokenSpec::ClaimsOfOpaque);
    } else {
        let (token, lifetime) = access_token(context, &request, &asked, &overrides);
        (Some(token), lifetime)
    };
    let token = token.ok_or_else(|| InvalidTokenSpec::User(user_id.to_owned()))?;
    let expires_in = overrides.expires_in.unwrap_or_else(|| seconds(lifetime));
    Ok(IssuedToken { token: token.into(), scopes: granted, expires_in })
}

/// Issues a token of the Management API to an application, or one of the global client.
pub(crate) fn issue_to_application(
    store: &Store,
    config: &Config,
    (tokens, random): (&mut Tokens, &mut Random),
    now: u64,
    spec: &TokenSpec,
) -> Result<IssuedToken, InvalidTokenSpec> {
    let issuer = spec.request(&config.domain)?.issuer(config);
    let application = application(store, config, spec)?;
    let is_global = matches!(spec.kind, TokenKind::Global);
    let (subject, audience, scopes): (_, _, Arc<[String]>) = match &spec.scopes {
        _ if is_global => ("global@clients".to_owned(), issuer.clone(), Arc::default()),
        scopes => (
            format!("{}@clients", application.id),
            format!("{issuer}api/v2/"),
            scopes.clone().map_or_else(all_scopes, Into::into),
        ),
    };
    let overrides = Overrides { claims: spec.claims.as_ref(), expires_in: spec.expires_in };
    let times = overrides.times(now, config.token_lifetime);
    let claims = AccessClaims {
        issuer: &issuer,
        subject: &subject,
        audience: &audience,
        with_userinfo: false,
        client_id: &application.id,
        scope: &scopes.join(" "),
        grant: Some("client-credentials"),
        permissions: None,
        organization: None,
        dialect: Dialect::Auth0,
        custom: None,
        id: Some(random.hex(16)),
        times,
    };
    let payload = overrides.applied(claims.payload());
    let grant = if is_global { Grant::Global } else { Grant::Management(Arc::clone(&scopes)) };
    let token = tokens.issue(grant, "JWT", &payload, times);
    let expires_in = overrides.expires_in.unwrap_or_else(|| seconds(config.token_lifetime));
    Ok(IssuedToken { token: token.into(), scopes: scopes.to_vec(), expires_in })
}

fn application(store: &Store, config: &Config, spec: &TokenSpec) -> Result<Application, InvalidTokenSpec> {
    let id = spec.client_id.as_deref().unwrap_or(&config.client_id);
    Application::find(store, config, id).ok_or_else(|| InvalidTokenSpec::Client(id.to_owned()))
}

fn seconds(lifetime: std::time::Duration) -> i64 {
    i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)
}
