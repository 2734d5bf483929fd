//! Tokens for the one-time code of an authenticator.

use crate::tenant::api::login::credentials::{Refused, is_blocked};
use crate::tenant::api::oauth::authenticators::redeem;
use crate::tenant::api::oauth::password::{Way, finish, refuse};
use crate::tenant::api::oauth::request::{TokenRequest, invalid_grant};
use crate::tenant::events::{Event, record};
use crate::tenant::wire::answer::{Answer, assumed_oauth_error};
use crate::tenant::wire::context::WriteContext;

pub(crate) fn token(context: &mut WriteContext<'_>, asked: &TokenRequest<'_>) -> Answer {
    let text = asked.field("mfa_token").unwrap_or_default();
    let now = context.clock.millis();
    let Some(pending) = context.logins.second_factors.get(&text, now).cloned() else {
        let is_token = text.starts_with("Fe26.2*");
        return if is_token {
            assumed_oauth_error(&context.config.assumptions.expired_mfa_token)
        } else {
            invalid_grant("Malformed mfa_token")
        };
    };
    let code = asked.field("otp").unwrap_or_default();
    let user = context.store().users().get(&pending.user_id).cloned();
    let is_right = user.as_ref().is_some_and(|user| redeem(context, asked.request, user, &code));
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
    if user.is_some_and(|user| is_blocked(&user)) {
        return refuse(context, asked, Refused::Blocked);
    }
    finish(
        context,
        asked,
        &pending.user_id,
        pending.scope.as_deref(),
        pending.audience.as_deref(),
        Way::SECOND_FACTOR,
    )
}
