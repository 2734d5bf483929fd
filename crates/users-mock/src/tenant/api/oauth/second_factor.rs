//! Tokens for the one-time code of an authenticator.

use crate::tenant::api::oauth::password::finish;
use crate::tenant::api::oauth::token::{TokenRequest, invalid_grant};
use crate::tenant::events::{Event, record};
use crate::tenant::logins::SecondFactor;
use crate::tenant::object::{set, string};
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, json_without_charset, oauth_error};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;
use totp_rs::{Algorithm, Secret, TOTP};
use users_core::model::JsonObject;

/// The time that a login waits for a second factor, in milliseconds.
pub(crate) const LIFETIME: u64 = 600_000;

/// The number of wrong codes after which a login is void.
const MAX_FAILURES: u32 = 10;

/// Whether a user has an authenticator that is confirmed.
pub(crate) fn is_enrolled(user: &User) -> bool {
    authenticators(user).any(is_confirmed)
}

fn authenticators(user: &User) -> impl Iterator<Item = &JsonObject> {
    let methods = user.belongings(Belonging::AuthenticationMethods).iter();
    methods.filter(|method| {
        string(method, "type").as_deref() == Some("totp") && method.contains_key("totp_secret")
    })
}

/// An authenticator is confirmed unless it says otherwise, as Auth0 shows one that the Management API created.
fn is_confirmed(method: &JsonObject) -> bool {
    method.get::<bool>("confirmed").ok().flatten() != Some(false)
}

/// Whether a code is that of one of a user's authenticators now, or in the half minute before or after. The authenticator is confirmed by
/// it.
pub(crate) fn redeem(context: &mut WriteContext<'_>, user: &User, code: &str) -> bool {
    let now = context.clock.millis();
    let is_its = |method: &&JsonObject| {
        string(method, "totp_secret").is_some_and(|secret| matches(&secret, code, now))
    };
    let Some(method) = authenticators(user).find(is_its) else { return false };
    if !is_confirmed(method) {
        let id = string(method, "id");
        context.transaction.update_user(user.id(), |user| {
            let mut methods = user.belongings_mut(Belonging::AuthenticationMethods).iter_mut();
            if let Some(method) = methods.find(|method| string(method, "id") == id) {
                set(method, "confirmed", true);
            }
        });
    }
    true
}

/// Whether a code is that of a secret in base 32.
fn matches(secret: &str, code: &str, now: u64) -> bool {
    let Ok(bytes) = Secret::Encoded(secret.to_uppercase()).to_bytes() else { return false };
    TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, bytes).check(code, now / 1000)
}

/// Asks for a second factor.
pub(crate) fn challenge(context: &mut WriteContext<'_>, pending: SecondFactor) -> Answer {
    let now = context.clock.millis();
    let token = format!("Fe26.2*{}", context.random.alphanumeric(64));
    context.logins.second_factors.insert(token.clone(), pending, now.saturating_add(LIFETIME), now);
    let mut body = JsonObject::new();
    set(&mut body, "error", "mfa_required");
    set(&mut body, "error_description", "Multifactor authentication required");
    set(&mut body, "mfa_token", token);
    json_without_charset(StatusCode::FORBIDDEN, &body)
}

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
