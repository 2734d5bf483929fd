//! The token endpoint.

use crate::tenant::api::oauth::client::authenticate;
use crate::tenant::api::oauth::issue::missing_signature;
use crate::tenant::api::oauth::request::{TokenRequest, missing};
use crate::tenant::api::oauth::{client_credentials, code, passcode, password, refresh, second_factor};
use crate::tenant::object::{set, string};
use crate::tenant::wire::answer::{Answer, Failure, add_token_headers, not_implemented, oauth_error};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::Value;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/oauth/token", Guard::Handler, Handler::Write(token)),
    Route::new("GET", "/oauth/token", Guard::Handler, Handler::Read(other_method)),
];

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn other_method(_context: &ReadContext<'_>, _request: &Request) -> Result<Answer, Failure> {
    let description = "The token endpoint takes POST requests";
    Ok(oauth_error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", description))
}

type Grant = fn(&mut WriteContext<'_>, &TokenRequest<'_>) -> Answer;

/// The grants, and whether an application without a secret may use them.
const GRANTS: &[(&str, bool, Grant)] = &[
    ("client_credentials", false, client_credentials::token),
    ("authorization_code", true, code::token),
    ("refresh_token", true, refresh::token),
    ("password", true, password::token),
    ("http://auth0.com/oauth/grant-type/password-realm", true, password::token),
    ("http://auth0.com/oauth/grant-type/passwordless/otp", true, passcode::token),
    ("http://auth0.com/oauth/grant-type/mfa-otp", true, second_factor::token),
];

/// The grants that Auth0 has and the tenant does not.
const MISSING: &[&str] = &[
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn token(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let mut answer = match request.body() {
        Ok(body) => answer(context, request, body),
        Err(failure) => oauth_error(failure.status(), "invalid_request", failure.message()),
    };
    add_token_headers(&mut answer, context.random);
    Ok(answer)
}

/// The body with its scope as a string, which may be a list; `None` if it is neither.
fn with_scope(mut body: JsonObject) -> Option<JsonObject> {
    let scope: Option<Value> = body.get("scope").ok()?;
    match scope {
        None | Some(Value::Null | Value::String(_)) => {}
        Some(Value::Array(names)) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            set(&mut body, "scope", names?.join(" "));
        }
        Some(_) => return None,
    }
    Some(body)
}

fn answer(context: &mut WriteContext<'_>, request: &Request, body: JsonObject) -> Answer {
    let Some(grant_type) = string(&body, "grant_type") else {
        return missing(context, "grant_type");
    };
    if MISSING.contains(&grant_type.as_str()) {
        return not_implemented(&format!("the grant {grant_type}"));
    }
    let Some(body) = with_scope(body) else {
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_scope", "Scope must be an array or a string");
    };
    let audience = string(&body, "audience").unwrap_or_default();
    if let Some(signature) = missing_signature(context, &audience) {
        return not_implemented(&signature);
    }
    let not_allowed = || {
        let description = format!("Grant type '{grant_type}' not allowed for the client.");
        oauth_error(StatusCode::FORBIDDEN, "unauthorized_client", &description)
    };
    let known = GRANTS.iter().find(|(name, ..)| *name == grant_type);
    let allows_public = known.is_none_or(|(_, allows_public, _)| *allows_public);
    let application = match authenticate(context, request, &body, allows_public) {
        Ok(application) => application,
        Err(refused) => return *refused,
    };
    match known.filter(|_| application.allows_grant(&grant_type)) {
        Some((.., grant)) => grant(context, &TokenRequest { request, body, application }),
        None => not_allowed(),
    }
}
