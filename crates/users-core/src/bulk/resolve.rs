//! Whether an operation of an earlier run was carried out.

use crate::client::Client;
use crate::error::Error;
use crate::management::users::{GetUser, GetUsersByEmail};
use users_model::{JsonObject, NewUser, User, UserId, UserUpdate, json};

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

/// A user who existed this long before the request was not created by it, in milliseconds: clocks may differ.
const CLOCKS_DIFFER: i64 = 10 * 60 * 1000;

/// Looks for a user that a request may have created at this time.
pub(super) async fn created(
    client: &Client,
    user: &NewUser,
    sent: Option<i64>,
) -> Result<Resolution<User>, Error> {
    let connection = user.connection.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    let mut was_looked_up = false;
    if let Some(email) = user.email.as_deref() {
        // Addresses are compared with regard to case, and databases store them in lower case.
        let mut spellings = vec![email.to_owned(), email.to_lowercase()];
        spellings.dedup();
        for email in spellings {
            was_looked_up = true;
            found.extend(client.call(Ok(GetUsersByEmail::new(email))).send().await?);
        }
        found
            .retain(|user| has_identity(user, |identity| identity.connection.as_deref() == Some(connection)));
    } else if let Some(id) = user.user_id.as_deref() {
        // A database, which is the only kind of connection that takes ids.
        if let Ok(id) = UserId::new(format!("auth0|{id}")) {
            was_looked_up = true;
            found.extend(client.call(GetUser::new(id)).optional().send().await?);
        }
    }
    if !was_looked_up {
        return Ok(Resolution::Unknown);
    }
    let is_new = |user: &User| match (&user.created_at, sent) {
        (Some(created), Some(sent)) => created.unix_millis() >= sent.saturating_sub(CLOCKS_DIFFER),
        _ => true,
    };
    // A user who was there before makes the request fail as it would have done then.
    Ok(found.into_iter().find(is_new).map_or(Resolution::NotApplied, Resolution::Applied))
}

fn has_identity(user: &User, is_it: impl Fn(&users_model::Identity) -> bool) -> bool {
    user.identities.iter().flatten().any(is_it)
}

/// Compares a user with an update that may have been applied. A password cannot be compared.
pub(super) async fn updated(
    client: &Client,
    id: UserId,
    update: &UserUpdate,
) -> Result<Resolution<User>, Error> {
    let wanted = JsonObject::from_value(update).unwrap_or_default();
    if wanted.contains_key("password") {
        return Ok(Resolution::Unknown);
    }
    let Some(user) = client.call(GetUser::new(id)).optional().send().await? else {
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
