//! Tokens of applications.

use crate::encoding::properties;
use crate::tenant::api::oauth::request::{TokenRequest, granted};
use crate::tenant::events::{Event, record};
use crate::tenant::object::{set, string};
use crate::tenant::rules::claims::{AccessClaims, Dialect};
use crate::tenant::rules::grant::{Grant, all_scopes};
use crate::tenant::rules::quota::Standing;
use crate::tenant::tokens::Times;
use crate::tenant::wire::answer::{Answer, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use users_core::model::JsonObject;

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let answer = exchange(context, asked);
    let is_own = asked.application.id == context.config.client_id && is_of_management(context, asked);
    if is_own && answer.status().is_success() {
        // A client of a test fetches it unasked, and the test may compare the log that it has seeded.
        return answer;
    }
    let (audience, scope) = (asked.field("audience"), asked.field("scope"));
    let is_granted = answer.status().is_success();
    let event = Event {
        client: Some((&asked.application.id, &asked.application.name)),
        audience: audience.as_deref(),
        scope: scope.as_deref(),
        description: if is_granted { String::new() } else { description_of(&answer) },
        ..Event::new(if is_granted { "seccft" } else { "feccft" })
    };
    record(context, asked.request, &event);
    answer
}

/// Whether a token is asked for the Management API.
fn is_of_management(context: &WriteContext<'_>, asked: &TokenRequest<'_>) -> bool {
    let audience = asked.field("audience").unwrap_or_default();
    let host = asked.request.authority().unwrap_or_default();
    audience == context.config.management_audience()
        || audience == format!("{}api/v2/", asked.request.issuer(context.config))
        || ["http", "https"].iter().any(|scheme| audience == format!("{scheme}://{host}/api/v2/"))
}

/// The description of an error.
fn description_of(answer: &Answer) -> String {
    string(&properties(answer.body()), "error_description").unwrap_or_default()
}

fn exchange(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let audience = asked.field("audience").unwrap_or_default();
    let issuer = asked.request.issuer(context.config);
    let is_management = is_of_management(context, asked);
    let api = context.store().resource_server_by_identifier(&audience).cloned();
    let (scopes, lifetime): (Arc<[String]>, Duration) = match &api {
        _ if is_management => (all_scopes(), context.config.token_lifetime),
        Some(api) => {
            let wanted = asked.field("scope");
            let is_wanted = |scope: &&str| {
                wanted.as_ref().is_none_or(|wanted| wanted.split_whitespace().any(|one| one == *scope))
            };
            let scopes = api.scope_names().filter(is_wanted).map(ToOwned::to_owned).collect();
            (scopes, api.token_lifetime().unwrap_or(context.config.token_lifetime))
        }
        None => {
            let description = match audience.as_str() {
                "" => "Non-global clients are not allowed access to APIv1".to_owned(),
                audience => format!("Service not enabled within domain: {audience}"),
            };
            return oauth_error(StatusCode::FORBIDDEN, "access_denied", &description);
        }
    };
    let quota = context.tokens.spend(context.config.token_quota, context.clock.millis() / 1000);
    if let Some(seconds) = quota.as_ref().and_then(|standing| standing.retry_after) {
        let description = "Client quota exceeded";
        let mut answer = oauth_error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", description);
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        add_quota(&mut answer, quota.as_ref());
        return answer;
    }
    let scope = scopes.join(" ");
    let client_id = &asked.application.id;
    let is_rfc9068 = api.as_ref().is_some_and(|api| api.has_rfc9068_profile());
    let dialect = if is_rfc9068 { Dialect::Rfc9068 } else { Dialect::Auth0 };
    let claims = AccessClaims {
        issuer: &issuer,
        subject: &format!("{client_id}@clients"),
        audience: &audience,
        with_userinfo: false,
        client_id,
        scope: &scope,
        grant: Some("client-credentials"),
        permissions: None,
        organization: None,
        custom: None,
        dialect,
        id: Some(context.random.hex(16)),
        times: Times::new(context.clock.millis(), lifetime),
    };
    let grant = if is_management { Grant::Management(scopes) } else { Grant::Nothing };
    let token = match api.and_then(|api| api.signing_secret()) {
        Some(secret) => {
            context.tokens.issue_with_secret(grant, dialect.kind(), &claims.payload(), claims.times, &secret)
        }
        None => context.tokens.issue(grant, dialect.kind(), &claims.payload(), claims.times),
    };
    context.tokens.count_fetched();
    let mut tokens = JsonObject::new();
    set(&mut tokens, "access_token", token);
    set(&mut tokens, "scope", &scope);
    set(&mut tokens, "expires_in", lifetime.as_secs());
    set(&mut tokens, "token_type", "Bearer");
    let mut answer = granted(&tokens);
    add_quota(&mut answer, quota.as_ref());
    answer
}

fn add_quota(answer: &mut Answer, quota: Option<&Standing>) {
    if let Some(Ok(value)) = quota.map(|standing| HeaderValue::from_str(&standing.header)) {
        answer.headers_mut().insert(HeaderName::from_static("auth0-client-quota-limit"), value);
    }
}
