//! The token endpoint.

use crate::tenant::api::logins::{MISSING_GRANTS, not_implemented};
use crate::tenant::api::password_grant::log_in;
use crate::tenant::rules::assertion::{Assertion, JWT_BEARER};
use crate::tenant::rules::grant::{Grant, all_scopes};
use crate::tenant::rules::quota::Standing;
use crate::tenant::wire::answer::{Answer, Failure, json_without_charset, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::json as value;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/oauth/token", Guard::Handler, Handler::Write(token))];

/// The grant of a login that names the connection.
const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

/// Issues a token for client credentials or for a user's password.
fn token(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let field = |name| body.get::<String>(name).ok().flatten().unwrap_or_default();
    let grant_type = field("grant_type");
    if MISSING_GRANTS.contains(&grant_type.as_str()) {
        return Ok(not_implemented(&format!("the grant {grant_type}")));
    }
    let is_login = matches!(grant_type.as_str(), "password" | PASSWORD_REALM);
    if !is_login && !matches!(grant_type.as_str(), "client_credentials" | "authorization_code") {
        let description = format!("Grant type '{grant_type}' not allowed for the client.");
        return Ok(oauth_error(StatusCode::FORBIDDEN, "unauthorized_client", &description));
    }
    // An application without a secret may log users in.
    let is_public =
        is_login && !["client_secret", "client_assertion"].iter().any(|key| body.contains_key(key));
    let is_known = is_public && field("client_id") == context.config.client_id;
    if !is_known && !is_authenticated(context, request, &body) {
        return Ok(oauth_error(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    }
    if is_login {
        return Ok(log_in(context, &body));
    }
    if grant_type == "authorization_code" {
        // The tenant has no login page yet, so it has issued no code.
        return Ok(oauth_error(StatusCode::FORBIDDEN, "invalid_grant", "Invalid authorization code"));
    }
    let audience = field("audience");
    let host = request.authority().unwrap_or_default();
    let is_management = audience == context.config.management_audience()
        || ["http", "https"].iter().any(|scheme| audience == format!("{scheme}://{host}/api/v2/"));
    if !is_management {
        let description = format!("Service not enabled within domain: {audience}");
        return Ok(oauth_error(StatusCode::FORBIDDEN, "access_denied", &description));
    }
    let quota = context.tokens.spend(context.config.token_quota, context.clock.millis() / 1000);
    if let Some(seconds) = quota.as_ref().and_then(|standing| standing.retry_after) {
        let description = "Client quota exceeded";
        let mut answer = oauth_error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", description);
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        add_quota(&mut answer, quota.as_ref());
        return Ok(answer);
    }
    let lifetime = context.config.token_lifetime;
    let token = context.issue_token(Grant::Management(all_scopes()), &audience, lifetime);
    context.tokens.count_fetched();
    let mut answer = json_without_charset(
        StatusCode::OK,
        &value!({
            "access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer", "scope": all_scopes().join(" "),
        }),
    );
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&context.random.hex(20)) {
        answer.headers_mut().insert(HeaderName::from_static("x-auth0-requestid"), id);
    }
    add_quota(&mut answer, quota.as_ref());
    Ok(answer)
}

fn add_quota(answer: &mut Answer, quota: Option<&Standing>) {
    if let Some(Ok(value)) = quota.map(|standing| HeaderValue::from_str(&standing.header)) {
        answer.headers_mut().insert(HeaderName::from_static("auth0-client-quota-limit"), value);
    }
}

/// Whether the application has authenticated itself: by its secret, by an assertion, or by a certificate, which is not checked but
/// assumed of every request to the alias for client certificates.
fn is_authenticated(context: &mut WriteContext<'_>, request: &Request, body: &JsonObject) -> bool {
    let field = |name: &str| body.get::<String>(name).ok().flatten().unwrap_or_default();
    let host = request.authority().unwrap_or_default();
    let (client_id, secret, assertion) =
        (field("client_id"), field("client_secret"), field("client_assertion"));
    if client_id != context.config.client_id {
        return false;
    }
    if assertion.is_empty() {
        let has_certificate = host.starts_with("mtls.") && secret.is_empty();
        return has_certificate || secret == context.config.client_secret;
    }
    let now = context.clock.millis() / 1000;
    let audiences = [
        format!("https://{}/", context.config.domain),
        format!("https://{host}/"),
        format!("http://{host}/"),
    ];
    field("client_assertion_type") == JWT_BEARER
        && Assertion::read(&assertion, &client_id, &audiences, now)
            .is_some_and(|assertion| context.tokens.use_once(assertion, now))
}
