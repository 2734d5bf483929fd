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

/// The ids and secrets that a request may mean: those of the body, or of the `Basic` scheme, which some programs encode (RFC 6749) and others
/// do not.
fn credentials(request: &Request, body: &JsonObject) -> Vec<(String, String)> {
    let field = |name: &str| string(body, name).unwrap_or_default();
    basic(request).unwrap_or_else(|| vec![(field("client_id"), field("client_secret"))])
}

fn basic(request: &Request) -> Option<Vec<(String, String)>> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |part: &str| crate::encoding::decode(&part.replace('+', " "));
    Some(vec![(id.to_owned(), secret.to_owned()), (decode(id), decode(secret))])
}

/// The application of a request, which has authenticated itself, or is public and has no secret if that is enough.
pub(crate) fn authenticate(
    context: &mut WriteContext<'_>,
    request: &Request,
    body: &JsonObject,
    allows_public: bool,
) -> Result<Application, Box<Answer>> {
    let refused = || Box::new(oauth_error(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    let assertion = string(body, "client_assertion").unwrap_or_default();
    for (id, secret) in credentials(request, body) {
        let Some(mut application) = Application::find(context.store(), context.config, &id) else { continue };
        if !assertion.is_empty() {
            let has_asserted = has_asserted(context, request, body, &id, &assertion);
            return if has_asserted { Ok(application) } else { Err(refused()) };
        }
        if allows_public && application.is_public && secret.is_empty() {
            // It has shown none, so it must prove otherwise that a code is its own.
            application.secret = None;
            return Ok(application);
        }
        // A certificate is not checked but assumed of every request to the alias for client certificates.
        let has_certificate =
            request.authority().unwrap_or_default().starts_with("mtls.") && secret.is_empty();
        if has_certificate || application.secret.as_ref() == Some(&secret) {
            return Ok(application);
        }
    }
    Err(refused())
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
