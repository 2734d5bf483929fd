//! Sign-ups and logins, which the tenant does not implement yet.

use crate::tenant::wire::answer::{Answer, oauth_error};
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;

pub(crate) const ROUTES: &[Route] = &[
    missing("/dbconnections/signup", Handler::Read(|_, _| Ok(not_implemented("sign-ups")))),
    missing(
        "/dbconnections/change_password",
        Handler::Read(|_, _| Ok(not_implemented("e-mails to change a password"))),
    ),
    missing("/passwordless/start", Handler::Read(|_, _| Ok(not_implemented("logins without a password")))),
    missing("/oauth/revoke", Handler::Read(|_, _| Ok(not_implemented("the revocation of refresh tokens")))),
];

const fn missing(template: &'static str, handler: Handler) -> Route {
    Route::new("POST", template, Guard::Handler, handler)
}

/// The grants of `POST /oauth/token` that Auth0 has and the tenant does not.
pub(crate) const MISSING_GRANTS: &[&str] = &[
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "authorization_code",
    "refresh_token",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// The answer where Auth0 has something that the tenant has not.
pub(crate) fn not_implemented(what: &str) -> Answer {
    let description =
        format!("The embedded tenant does not implement {what} yet. Script the response with MockTransport.");
    oauth_error(StatusCode::NOT_IMPLEMENTED, "not_implemented", &description)
}
