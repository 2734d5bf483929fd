//! The token endpoint.

use crate::tenant::api::oauth::client::authenticate;
use crate::tenant::api::oauth::{client_credentials, code, passcode, password, refresh, second_factor};
use crate::tenant::object::string;
use crate::tenant::rules::application::Application;
use crate::tenant::wire::answer::{Answer, Failure, json_without_charset, not_implemented, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::{CACHE_CONTROL, HeaderName, PRAGMA};
use http::{HeaderValue, StatusCode};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/oauth/token", Guard::Handler, Handler::Write(token))];

/// What a token request consists of.
pub(crate) struct TokenRequest<'a> {
    pub(crate) request: &'a Request,
    pub(crate) body: JsonObject,
    pub(crate) application: Application,
}

impl TokenRequest<'_> {
    /// A property of the body that is not empty.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        string(&self.body, name).filter(|text| !text.is_empty())
    }
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

fn token(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let grant_type = string(&body, "grant_type").unwrap_or_default();
    if MISSING.contains(&grant_type.as_str()) {
        return Ok(not_implemented(&format!("the grant {grant_type}")));
    }
    let not_allowed = || {
        let description = format!("Grant type '{grant_type}' not allowed for the client.");
        oauth_error(StatusCode::FORBIDDEN, "unauthorized_client", &description)
    };
    let Some((_, allows_public, grant)) = GRANTS.iter().find(|(name, ..)| *name == grant_type) else {
        return Ok(not_allowed());
    };
    let application = match authenticate(context, request, &body, *allows_public) {
        Ok(application) => application,
        Err(refused) => return Ok(*refused),
    };
    if !application.allows_grant(&grant_type) {
        return Ok(not_allowed());
    }
    Ok(grant(context, &TokenRequest { request, body, application }))
}

/// A response with tokens.
pub(crate) fn granted(context: &mut WriteContext<'_>, tokens: &JsonObject) -> Answer {
    let mut answer = json_without_charset(StatusCode::OK, tokens);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(id) = HeaderValue::from_str(&context.random.hex(20)) {
        answer.headers_mut().insert(HeaderName::from_static("x-auth0-requestid"), id);
    }
    answer
}

/// What every user's grant answers to a wrong code, password or token.
pub(crate) fn invalid_grant(description: &str) -> Answer {
    oauth_error(StatusCode::FORBIDDEN, "invalid_grant", description)
}
