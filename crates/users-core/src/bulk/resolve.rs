//! Whether an operation of an earlier run was carried out.

use super::calls::Calls;
use super::journal::Claims;
use crate::error::Error;
use crate::management::users::{GetUser, GetUsersByEmail};
use users_model::{Identity, JsonObject, NewUser, User, UserId, UserUpdate, json};

/// Whether an operation of an interrupted run was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution<T> {
    /// It was; the value is its result, or what is there now.
    Applied(T),
    /// It was not, so it is executed.
    NotApplied,
    /// It cannot be determined, so it is not executed.
    Unknown,
}

/// A request of an earlier run that may have been carried out.
#[derive(Clone)]
pub(super) struct Doubt {
    /// When it was sent first, in milliseconds since 1970, if that is known.
    pub(super) sent: Option<i64>,
    /// The hash of what a look-up would find.
    pub(super) subject: Option<u64>,
    pub(super) claims: Claims,
}

impl Doubt {
    /// Whether no other input may have made what a look-up finds. Asked after the look-up: another input may have begun since.
    pub(super) fn is_sole(&self) -> bool {
        self.subject.is_some_and(|subject| self.claims.is_sole(subject))
    }
}

/// A user who existed this long before the request was not created by it, in milliseconds: clocks may differ.
const CLOCKS_DIFFER: i64 = 10 * 60 * 1000;

/// What a user who may have been created is looked up by: no two users of a connection have the same.
pub(super) fn subject(user: &NewUser) -> Option<String> {
    let connection = user.connection.as_deref().unwrap_or_default();
    match (&user.email, &user.user_id) {
        (Some(email), _) => Some(format!("{connection}\nemail {}", email.to_lowercase())),
        (None, Some(id)) => Some(format!("{connection}\nid {id}")),
        (None, None) => None,
    }
}

/// Looks for a user that a request of an earlier run may have created.
pub(super) async fn created(calls: &Calls, user: &NewUser, doubt: &Doubt) -> Result<Resolution<User>, Error> {
    let Some(found) = look_up(calls, user).await? else { return Ok(Resolution::Unknown) };
    let mut is_old = true;
    for found in found {
        match (&found.created_at, doubt.sent) {
            (Some(created), Some(sent)) if created.unix_millis() < sent.saturating_sub(CLOCKS_DIFFER) => {}
            (Some(_), Some(_)) if is_as_created(&found, user) && doubt.is_sole() => {
                return Ok(Resolution::Applied(found));
            }
            // Another one may have created the user: someone else, another input, or it is not known when.
            _ => is_old = false,
        }
    }
    // A user who was there before makes the request fail as it would have done then.
    Ok(if is_old { Resolution::NotApplied } else { Resolution::Unknown })
}

/// The users of the connection with the address or id of a new one; `None` if there is neither.
async fn look_up(calls: &Calls, user: &NewUser) -> Result<Option<Vec<User>>, Error> {
    let connection = user.connection.as_deref().unwrap_or_default();
    if let Some(email) = user.email.as_deref() {
        // Addresses are compared with regard to case, and databases store them in lower case.
        let mut spellings = vec![email.to_owned(), email.to_lowercase()];
        spellings.dedup();
        let mut found = Vec::new();
        for email in spellings {
            found.extend(calls.call(GetUsersByEmail::new(email)).send().await?);
        }
        let is_there = |identity: &Identity| identity.connection.as_deref() == Some(connection);
        found.retain(|user| user.identities.iter().flatten().any(is_there));
        return Ok(Some(found));
    }
    // A database, which is the only kind of connection that takes ids.
    let id = user.user_id.as_deref().map(|id| UserId::new(format!("auth0|{id}")));
    let Some(Ok(id)) = id else { return Ok(None) };
    Ok(Some(calls.call(GetUser::new(id)?).optional().send().await?.into_iter().collect()))
}

/// Whether a user has what a new one was created with.
fn is_as_created(user: &User, created: &NewUser) -> bool {
    let wanted = JsonObject::from_value(created).unwrap_or_default();
    let current = JsonObject::from_value(user).unwrap_or_default();
    wanted.iter().all(|(key, value)| match key {
        // Looked for already, or not shown.
        "connection" | "password" | "verify_email" => true,
        "user_id" => {
            let id = created.user_id.as_deref().unwrap_or_default();
            user.user_id
                .as_ref()
                .is_some_and(|full| full.as_str() == id || full.as_str().ends_with(&format!("|{id}")))
        }
        // Empty metadata is none.
        "user_metadata" | "app_metadata" if value == "{}" => true,
        _ if created.unknown.contains_key(key) && !current.contains_key(key) => true,
        _ => is_current(&current, key, value),
    })
}

/// Compares a user with an update that may have been applied. A password cannot be compared.
pub(super) async fn updated(
    calls: &Calls,
    id: UserId,
    update: &UserUpdate,
) -> Result<Resolution<User>, Error> {
    let wanted = JsonObject::from_value(update).unwrap_or_default();
    if wanted.contains_key("password") {
        return Ok(Resolution::Unknown);
    }
    let Some(user) = calls.call(GetUser::new(id)?).optional().send().await? else {
        return Ok(Resolution::NotApplied);
    };
    let current = JsonObject::from_value(&user).unwrap_or_default();
    let is_applied = wanted.iter().all(|(key, value)| is_current(&current, key, value));
    Ok(if is_applied { Resolution::Applied(user) } else { Resolution::NotApplied })
}

/// Whether an attribute has the value of an update.
fn is_current(current: &JsonObject, key: &str, wanted: &str) -> bool {
    let value = current.raw(key);
    match key {
        // They have no effect that a user shows.
        "verify_email" | "verify_phone_number" | "connection" | "client_id" => true,
        "user_metadata" | "app_metadata" => {
            let object = |json: &str| JsonObject::from_json(json).unwrap_or_default();
            let (changes, current) = (object(wanted), value.map(object).unwrap_or_default());
            if changes.is_empty() {
                return current.is_empty();
            }
            changes.iter().all(|(key, wanted)| is_value(current.raw(key), wanted))
        }
        // Databases store them in lower case.
        "email" | "username" => is_value(value, wanted) || is_value(value, &wanted.to_lowercase()),
        _ => is_value(value, wanted),
    }
}

/// `null` removes a value.
fn is_value(current: Option<&str>, wanted: &str) -> bool {
    match current {
        None | Some("null") => wanted == "null",
        Some(current) => json::equal(current, wanted),
    }
}
