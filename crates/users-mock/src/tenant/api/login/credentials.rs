//! Checking a name and a password, and the protection against guesses.

use crate::tenant::api::account::options;
use crate::tenant::api::login::mails::send_block;
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::logins::Attempts;
use crate::tenant::object::string;
use crate::tenant::rules::application::Application;
use crate::tenant::rules::brute_force::{self, MAX_ATTEMPTS};
use crate::tenant::rules::linked_password;
use crate::tenant::rules::password_history::is_current;
use crate::tenant::store::{Belonging, Store, User, full_id};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use http::StatusCode;
use serde_json::Value;
use std::sync::Arc;
use users_core::model::JsonObject;

/// The number of characters by which failed logins are counted. No account has a longer name.
const MOST_IDENTIFIER: usize = 320;

/// Why a login is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    WrongPassword,
    TooManyAttempts,
    Blocked,
}

impl Refused {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::WrongPassword | Self::Blocked => StatusCode::FORBIDDEN,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    pub(crate) fn error(self) -> &'static str {
        match self {
            Self::WrongPassword => "invalid_grant",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Blocked => "unauthorized",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::WrongPassword => "Wrong email or password.",
            Self::TooManyAttempts => {
                "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your \
                 preferred contact method with instructions on how to unblock it."
            }
            Self::Blocked => "user is blocked",
        }
    }
}

/// Checks a name and a password. The user may be blocked nevertheless, which [`is_blocked`] tells. A failure is recorded and counted.
pub(crate) fn check(
    context: &mut WriteContext<'_>,
    request: &Request,
    application: &Application,
    connection: &str,
    name: &str,
    password: &str,
) -> Result<Arc<User>, Refused> {
    let identifier = name.trim().to_lowercase();
    let ip = request.ip().to_string();
    let counted: String = identifier.chars().take(MOST_IDENTIFIER).collect();
    let key = format!("{connection} {counted} {ip}");
    let now = context.clock.millis();
    let account = find_account(context.store(), connection, &identifier);
    let user = account.as_ref().map(|account| Arc::clone(&account.user));
    let is_protected = is_protected(context.store(), connection);
    if is_protected && is_shut_out(context, user.as_deref(), &identifier, &ip, &key) {
        return Err(Refused::TooManyAttempts);
    }
    if let Some(account) = account.filter(|account| is_current(password, &account.digests)) {
        if context.config.assumptions.login_resets_failures {
            context.logins.attempts.remove(&key, now);
        }
        return Ok(account.user);
    }
    let event = Event {
        description: Refused::WrongPassword.description().to_owned(),
        user_id: user.as_ref().map_or("", |user| user.id()),
        user_name: user.as_ref().map_or_else(|| name.to_owned(), |user| name_of(user.shown())),
        connection: Some(connection),
        client: Some((&application.id, &application.name)),
        details: details(&serde_json::json!({"error": {"message": Refused::WrongPassword.description()}})),
        ..Event::new(if user.is_some() { "fp" } else { "fu" })
    };
    record(context, request, &event);
    if is_protected {
        count_failure(context, request, application, connection, &key, &identifier, user.as_deref());
    }
    Err(Refused::WrongPassword)
}

/// Whether further logins are refused. A block that was lifted begins the count anew.
fn is_shut_out(
    context: &mut WriteContext<'_>,
    user: Option<&User>,
    identifier: &str,
    ip: &str,
    key: &str,
) -> bool {
    let now = context.clock.millis();
    let is_counted =
        context.logins.attempts.get(key, now).is_some_and(|tried| tried.failures >= MAX_ATTEMPTS);
    let Some(user) = user else { return is_counted };
    let has_block = user.belongings(Belonging::BlockedFor).iter().any(|block| {
        brute_force::stands(block, now)
            && string(block, "identifier").as_deref() == Some(identifier)
            && string(block, "ip").is_none_or(|blocked| blocked == ip)
    });
    if is_counted && !has_block {
        context.logins.attempts.remove(key, now);
    }
    has_block
}

fn count_failure(
    context: &mut WriteContext<'_>,
    request: &Request,
    application: &Application,
    connection: &str,
    key: &str,
    identifier: &str,
    user: Option<&User>,
) {
    let now = context.clock.millis();
    let failures = context.logins.attempts.get(key, now).copied().unwrap_or_default().failures + 1;
    let expires_at = now.saturating_add(brute_force::LASTS);
    context.logins.attempts.insert(key.to_owned(), Attempts { failures }, expires_at, now);
    if failures != MAX_ATTEMPTS {
        return;
    }
    let event = Event {
        description: format!(
            "User ({identifier}) attempted {MAX_ATTEMPTS} consecutive logins unsuccessfully. Brute force protection is enabled for this \
             connection, further attempts are blocked from this IP address for this user."
        ),
        user_name: identifier.to_owned(),
        connection: Some(connection),
        client: Some((&application.id, &application.name)),
        ..Event::new("limit_wc")
    };
    record(context, request, &event);
    let Some(user) = user else { return };
    let block = brute_force::new_block(identifier, &request.ip().to_string(), connection, now);
    context.transaction.update_user(user.id(), |user| {
        let blocks = user.belongings_mut(Belonging::BlockedFor);
        blocks.retain(|block| brute_force::stands(block, now));
        blocks.push(block);
    });
    send_block(context, request, user);
}

fn is_protected(store: &Store, connection: &str) -> bool {
    store.connection(connection).is_none_or(|connection| {
        options(connection).get("brute_force_protection").and_then(Value::as_bool).unwrap_or(true)
    })
}

/// An account that a name belongs to.
struct Account {
    user: Arc<User>,
    digests: Vec<JsonObject>,
}

/// The account of a connection with this e-mail address or user name: that of a user, or one that is linked to a user.
fn find_account(store: &Store, connection: &str, name: &str) -> Option<Account> {
    if let Some(user) = find(store, connection, name) {
        return Some(Account {
            user: Arc::clone(user),
            digests: user.belongings(Belonging::Passwords).to_vec(),
        });
    }
    let user = store.users().with_linked(connection, name).next()?;
    let is_its = |identity: &JsonObject| {
        let profile: JsonObject = identity.get("profileData").ok().flatten().unwrap_or_default();
        let has = |key| string(&profile, key).is_some_and(|value| value.to_lowercase() == name);
        string(identity, "connection").as_deref() == Some(connection) && (has("email") || has("username"))
    };
    let identity = full_id(user.identities().iter().skip(1).find(|identity| is_its(identity))?)?;
    let digests = linked_password::digests(user.belongings(Belonging::LinkedPasswords), &identity);
    Some(Account { user: Arc::clone(user), digests })
}

/// The user of a connection with this e-mail address or user name.
pub(crate) fn find<'a>(store: &'a Store, connection: &str, name: &str) -> Option<&'a Arc<User>> {
    let is_of_connection = |user: &&'a Arc<User>| user.connection().as_deref() == Some(connection);
    let by_email = store.users().with_email(name).find(is_of_connection);
    by_email.or_else(|| store.users().with_username(name).find(is_of_connection))
}

/// Whether an administrator has blocked a user.
pub(crate) fn is_blocked(user: &User) -> bool {
    user.shown().get::<bool>("blocked").ok().flatten() == Some(true)
}

/// Counts a login. Auth0 shows its time as that of the last update too.
pub(crate) fn count_login(context: &mut WriteContext<'_>, request: &Request, id: &str) {
    let (now, ip) = (context.clock.now(), request.ip().to_string());
    context.transaction.update_user(id, |user| {
        let count: u64 = user.shown().get("logins_count").ok().flatten().unwrap_or_default();
        user.set("logins_count", count.saturating_add(1));
        user.set("last_login", &now);
        user.set("last_ip", &ip);
        user.set_updated_at(&now);
    });
}
