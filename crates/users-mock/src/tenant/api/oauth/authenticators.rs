//! The authenticators of users: applications that make one-time codes.

use crate::tenant::logins::SecondFactor;
use crate::tenant::object::{set, string};
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, json_without_charset};
use crate::tenant::wire::context::WriteContext;
use http::StatusCode;
use totp_rs::{Algorithm, Secret, TOTP};
use users_core::model::JsonObject;

/// The time that a login waits for a second factor, in milliseconds.
const LIFETIME: u64 = 600_000;

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
