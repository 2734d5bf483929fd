//! Revoking a refresh token.

use crate::tenant::api::oauth::client::authenticate;
use crate::tenant::api::oauth::refresh::revoke as revoke_family;
use crate::tenant::events::{Event, record};
use crate::tenant::object::string;
use crate::tenant::wire::answer::{Answer, Failure, oauth_error};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

pub(crate) const ROUTES: &[Route] =
    &[Route::new("POST", "/oauth/revoke", Guard::Handler, Handler::Write(revoke))];

/// Succeeds also for a token that is not known, or is one of another application, which remains.
fn revoke(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let Ok(application) = authenticate(context, request, &body, true) else {
        return Ok(oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed"));
    };
    let Some(token) = string(&body, "token").filter(|token| !token.is_empty()) else {
        return Ok(oauth_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Missing required parameter: token",
        ));
    };
    let now = context.clock.millis();
    let family = context.logins.refresh_tokens.family(&token, now).cloned();
    if let Some(family) = family.filter(|family| family.client_id == application.id) {
        revoke_family(context, &family);
        let event = Event {
            user_id: &family.user_id,
            client: Some((&application.id, &application.name)),
            ..Event::new("srrt")
        };
        record(context, request, &event);
    }
    let mut answer = Answer::new(Bytes::new());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}
