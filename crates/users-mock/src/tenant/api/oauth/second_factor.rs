//! Tokens for the one-time code of an authenticator.

use crate::tenant::api::oauth::authenticators::redeem;
use crate::tenant::api::oauth::password::finish;
use crate::tenant::api::oauth::request::{TokenRequest, invalid_grant};
use crate::tenant::events::{Event, record};
use crate::tenant::wire::answer::{Answer, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;

/// The number of wrong codes after which a login is void.
const MAX_FAILURES: u32 = 10;

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let text = asked.field("mfa_token").unwrap_or_default();
    let now = context.clock.millis();
    let Some(pending) = context.logins.second_factors.get_mut(&text, now) else {
        let is_token = text.starts_with("Fe26.2*");
        return if is_token {
            oauth_error(StatusCode::UNAUTHORIZED, "expired_token", "mfa_token is expired")
        } else {
            invalid_grant("Malformed mfa_token")
        };
    };
    pending.failures += 1;
    let (pending, has_tries) = (pending.clone(), pending.failures <= MAX_FAILURES);
    let code = asked.field("otp").unwrap_or_default();
    let user = context.store().users().get(&pending.user_id).cloned();
    let is_right = has_tries && user.as_ref().is_some_and(|user| redeem(context, user, &code));
    if !is_right || pending.client_id != asked.application.id {
        let event = Event {
            description: "Invalid otp_code.".to_owned(),
            user_id: &pending.user_id,
            client: Some((&asked.application.id, &asked.application.name)),
            ..Event::new("feotpft")
        };
        record(context, asked.request, &event);
        return invalid_grant("Invalid otp_code.");
    }
    context.logins.second_factors.remove(&text, now);
    finish(context, asked, &pending.user_id, pending.scope.as_deref(), pending.audience.as_deref(), true)
}
