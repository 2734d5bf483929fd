//! Tokens for a one-time code that was sent.

use crate::tenant::api::login::credentials::is_blocked;
use crate::tenant::api::login::passwordless::{self, Recipient};
use crate::tenant::api::oauth::issue::is_known_audience;
use crate::tenant::api::oauth::password::{Way, continue_login};
use crate::tenant::api::oauth::request::{TokenRequest, invalid_grant};
use crate::tenant::events::{Event, record};
use crate::tenant::wire::answer::{Answer, assumed_oauth_error, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let audience = asked.field("audience");
    if audience.as_ref().is_some_and(|audience| !is_known_audience(context, asked.request, audience)) {
        let description = "invalid audience specified for password grant exchange";
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description);
    }
    let realm = asked.field("realm").unwrap_or_default();
    let Some(recipient) = Recipient::new(&realm, &asked.field("username").unwrap_or_default()) else {
        return assumed_oauth_error(&context.config.assumptions.unknown_realm);
    };
    let code = asked.field("otp").unwrap_or_default();
    let refuse = |context: &mut WriteContext<'_>, user_id: &str, description: &str| {
        let event = Event {
            description: description.to_owned(),
            user_id,
            user_name: recipient.address.clone(),
            client: Some((&asked.application.id, &asked.application.name)),
            ..Event::new("fepotpft")
        };
        record(context, asked.request, &event);
    };
    let user_id = match passwordless::redeem(context, &recipient, &code) {
        Ok(user_id) => user_id,
        Err(description) => {
            refuse(context, "", description);
            return invalid_grant(description);
        }
    };
    match context.store().users().get(&user_id).cloned() {
        Some(user) if !is_blocked(&user) => {
            let way = Way::passcode(&context.config.assumptions);
            continue_login(context, asked, &user, audience, way)
        }
        _ => {
            refuse(context, &user_id, "user is blocked");
            oauth_error(StatusCode::FORBIDDEN, "access_denied", "user is blocked")
        }
    }
}
