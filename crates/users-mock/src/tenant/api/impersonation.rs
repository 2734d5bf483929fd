//! Impersonation of a user.

use crate::tenant::rules::grant::Grant;
use crate::tenant::wire::answer::{Answer, Failure, oauth_error, text};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/users/{user_id}/impersonate", Guard::Handler, Handler::Write(impersonate))];

fn impersonate(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let now = context.clock.millis();
    let grant = Request::bearer(request.headers()).and_then(|token| context.tokens.grant(token, now));
    let is_global = grant == Some(&Grant::Global);
    if !is_global {
        return Ok(oauth_error(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A token of the global client is needed.",
        ));
    }
    let body = request.body()?;
    let field = |name| body.get::<String>(name).ok().flatten().filter(|text| !text.is_empty());
    for name in ["impersonator_id", "protocol", "client_id"] {
        if field(name).is_none() {
            return Ok(oauth_error(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &format!("{name} is missing"),
            ));
        }
    }
    let protocol = field("protocol").unwrap_or_default();
    if !matches!(protocol.as_str(), "oauth2" | "samlp" | "wsfed" | "wstrust-usernamemixed") {
        let description = format!("protocol {protocol} is not known");
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", &description));
    }
    if context.store().users().get(request.parameter(0)).is_none() {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "The user does not exist."));
    }
    let ticket = context.random.hex(32);
    let url = &context.config.assumptions.impersonation_url;
    let link = url.replace("{origin}", &request.origin(&context.config.domain)).replace("{ticket}", &ticket);
    Ok(text(StatusCode::OK, &link))
}
