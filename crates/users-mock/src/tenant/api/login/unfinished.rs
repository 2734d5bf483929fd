//! Logins of devices and others that the tenant does not implement yet.

use crate::tenant::object::string;
use crate::tenant::wire::answer::{Answer, Failure, not_implemented, oauth_error};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

const FORMER: Handler = Handler::Read(|_, _| Ok(not_implemented("logins by the former endpoints")));
const SAML: Handler = Handler::Read(|_, _| Ok(not_implemented("SAML")));
const DEVICES: Handler = Handler::Read(|_, _| Ok(not_implemented("logins of devices")));
const LINKS: Handler = Handler::Read(|_, _| Ok(not_implemented("one-time links")));

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/bc-authorize", Guard::Handler, Handler::Read(backchannel)),
    missing("/passwordless/verify", FORMER),
    missing("/oauth/ro", FORMER),
    missing("/oauth/access_token", FORMER),
    missing("/delegation", FORMER),
    missing("/tokeninfo", FORMER),
    missing("/co/authenticate", Handler::Read(|_, _| Ok(not_implemented("cross-origin authentication")))),
    missing("/oidc/register", Handler::Read(|_, _| Ok(not_implemented("registration of applications")))),
    missing("/samlp/{client}", SAML),
    Route::new("GET", "/samlp/{client}", Guard::Handler, SAML),
    Route::new("GET", "/activate", Guard::Handler, DEVICES),
    Route::new("GET", "/passwordless/verify_redirect", Guard::Handler, LINKS),
    missing("/otp/challenge", Handler::Read(|_, _| Ok(not_implemented("one-time codes of databases")))),
    missing("/oauth/par", Handler::Read(|_, _| Ok(not_implemented("pushed authorization requests")))),
    missing("/oauth/device/code", DEVICES),
];

const fn missing(template: &'static str, handler: Handler) -> Route {
    Route::new("POST", template, Guard::Handler, handler)
}

/// The recorded errors of a login by another device.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn backchannel(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let scope = string(&body, "scope").unwrap_or_default();
    if !scope.split_whitespace().any(|scope| scope == "openid") {
        let description = "openid scope must be requested";
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description));
    }
    let hint: JsonObject =
        string(&body, "login_hint").and_then(|hint| JsonObject::from_json(&hint).ok()).unwrap_or_default();
    if context.store.users().get(&string(&hint, "sub").unwrap_or_default()).is_none() {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "unknown_user_id", "The user does not exist."));
    }
    Ok(not_implemented("logins by another device"))
}
