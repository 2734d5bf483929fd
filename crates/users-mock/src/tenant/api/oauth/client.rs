//! The application that makes a request.

use crate::tenant::object::string;
use crate::tenant::rules::application::Application;
use crate::tenant::rules::assertion::{Assertion, JWT_BEARER};
use crate::tenant::wire::answer::{Answer, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::AUTHORIZATION;
use users_core::model::JsonObject;

/// The id and secret of an application in a request: in the body, or as they stand in the `Basic` scheme.
fn credentials(request: &Request, body: &JsonObject) -> (String, String) {
    let field = |name: &str| string(body, name).unwrap_or_default();
    basic(request).unwrap_or_else(|| (field("client_id"), field("client_secret")))
}

fn basic(request: &Request) -> Option<(String, String)> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The application of a request, which has authenticated itself, or is public and has no secret if that is enough.
pub(crate) fn authenticate(
    context: &mut WriteContext<'_>,
    request: &Request,
    body: &JsonObject,
    allows_public: bool,
) -> Result<Application, Box<Answer>> {
    let (id, secret) = credentials(request, body);
    let refused = || Box::new(oauth_error(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    let mut application = Application::find(context.store(), context.config, &id).ok_or_else(refused)?;
    let assertion = string(body, "client_assertion").unwrap_or_default();
    let is_public = allows_public && application.is_public && secret.is_empty() && assertion.is_empty();
    if is_public {
        // It has shown none, so it must prove otherwise that a code is its own.
        application.secret = None;
        return Ok(application);
    }
    let is_authenticated = if assertion.is_empty() {
        let host = request.authority().unwrap_or_default();
        // A certificate is not checked but assumed of every request to the alias for client certificates.
        let has_certificate = host.starts_with("mtls.") && secret.is_empty();
        // Some programs encode the secret of the `Basic` scheme (RFC 6749), and others do not.
        let encoded = || crate::decode::decode(&secret.replace('+', " "));
        has_certificate || application.secret.as_ref().is_some_and(|own| *own == secret || *own == encoded())
    } else {
        has_asserted(context, request, body, &id, &assertion)
    };
    if is_authenticated { Ok(application) } else { Err(refused()) }
}

fn has_asserted(
    context: &mut WriteContext<'_>,
    request: &Request,
    body: &JsonObject,
    id: &str,
    assertion: &str,
) -> bool {
    let now = context.clock.millis() / 1000;
    let host = request.authority().unwrap_or_default();
    let issuer = request.issuer(context.config);
    let audiences = [
        format!("https://{}/", context.config.domain),
        format!("https://{host}/"),
        format!("http://{host}/"),
        issuer,
    ];
    string(body, "client_assertion_type").as_deref() == Some(JWT_BEARER)
        && Assertion::read(assertion, id, &audiences, now)
            .is_some_and(|assertion| context.tokens.use_once(assertion, now))
}
