//! The authenticators of users: applications that make one-time codes.

use crate::tenant::events::{Event, name_of, record};
use crate::tenant::logins::{Guesses, SecondFactor};
use crate::tenant::object::{set, string};
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, json_without_charset};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::StatusCode;
use totp_rs::{Algorithm, Secret, TOTP};
use users_core::model::JsonObject;

/// The time that a login waits for a second factor, in milliseconds.
const LIFETIME: u64 = 600_000;

/// The time in which a code may be right, in milliseconds: its half minute, and those before and after.
const CODE_LASTS: u64 = 90_000;

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

/// Whether a code is that of one of a user's authenticators now, or in the half minute before or after, and was not used before. The
/// authenticator is confirmed by it. After ten wrong codes, none is right for six minutes.
pub(crate) fn redeem(context: &mut WriteContext<'_>, request: &Request, user: &User, code: &str) -> bool {
    let now = context.clock.millis();
    let mut guesses = context.logins.guesses.get(user.id(), now).copied().unwrap_or_default();
    if !guesses.are_left(now) {
        record(context, request, &event(user, "gd_otp_rate_limit_exceed"));
        return false;
    }
    let key = format!("{} {code}", user.id());
    let is_its = |method: &&JsonObject| {
        string(method, "totp_secret").is_some_and(|secret| matches(&secret, code, now))
    };
    let found = authenticators(user).find(is_its);
    let Some(method) = found.filter(|_| context.logins.used_codes.get(&key, now).is_none()) else {
        guesses.count(now);
        let kept_until = now.saturating_add(Guesses::LASTS);
        context.logins.guesses.insert(user.id().to_owned(), guesses, kept_until, now);
        return false;
    };
    context.logins.guesses.remove(user.id(), now);
    context.logins.used_codes.insert(key, (), now.saturating_add(CODE_LASTS), now);
    if !is_confirmed(method) {
        let id = string(method, "id");
        context.transaction.update_user(user.id(), |user| {
            let mut methods = user.belongings_mut(Belonging::AuthenticationMethods).iter_mut();
            if let Some(method) = methods.find(|method| string(method, "id") == id) {
                set(method, "confirmed", true);
            }
        });
        record(context, request, &event(user, "gd_enrollment_complete"));
    }
    true
}

/// An entry of the log about the authenticators of a user.
pub(crate) fn event<'a>(user: &'a User, kind: &'static str) -> Event<'a> {
    Event { user_id: user.id(), user_name: name_of(user.shown()), ..Event::new(kind) }
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
