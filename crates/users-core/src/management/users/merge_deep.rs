//! Merging metadata below its first level.

use super::get::GetUser;
use super::update::UpdateUser;
use crate::client::Client;
use crate::error::Error;
use serde::Serialize;
use users_model::{JsonObject, MetadataUpdate, User, UserId, UserUpdate, json};

/// Metadata to merge into that of a user, at every level; see [`merge_deep`](crate::management::UsersManager::merge_deep).
///
/// Objects are merged. Every other value replaces the one that exists, arrays too, and `null` deletes a key (RFC 7396).
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MetadataMerge {
    user_metadata: Option<JsonObject>,
    app_metadata: Option<JsonObject>,
    invalid: Option<&'static str>,
}

impl MetadataMerge {
    /// Creates a merge that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is merged into `user_metadata`: a struct, a map, a [`JsonObject`] or `serde_json::json!({…})`.
    pub fn user_metadata(mut self, values: impl Serialize) -> Self {
        match JsonObject::from_value(&values) {
            Ok(values) => self.user_metadata = Some(values),
            Err(_) => self.invalid = Some("user_metadata must be merged from a JSON object"),
        }
        self
    }

    /// Sets what is merged into `app_metadata`: a struct, a map, a [`JsonObject`] or `serde_json::json!({…})`.
    pub fn app_metadata(mut self, values: impl Serialize) -> Self {
        match JsonObject::from_value(&values) {
            Ok(values) => self.app_metadata = Some(values),
            Err(_) => self.invalid = Some("app_metadata must be merged from a JSON object"),
        }
        self
    }

    /// The update that has this effect on the user who was read. It names the first-level keys that change.
    fn update_of(&self, user: &User) -> Result<UserUpdate, Error> {
        let change = |old: Option<&JsonObject>, values: Option<&JsonObject>| {
            let empty = JsonObject::new();
            values.map_or(Ok(JsonObject::new()), |values| changes(old.unwrap_or(&empty), values))
        };
        let user_metadata = change(user.user_metadata.as_ref(), self.user_metadata.as_ref())?;
        let app_metadata = change(user.app_metadata.as_ref(), self.app_metadata.as_ref())?;
        Ok(UserUpdate::new()
            .user_metadata(MetadataUpdate::from(user_metadata))
            .app_metadata(MetadataUpdate::from(app_metadata)))
    }
}

/// Reads the user, and writes the first-level keys that change.
pub(super) async fn merge_deep(
    client: Client,
    id: Result<UserId, Error>,
    merge: MetadataMerge,
) -> Result<User, Error> {
    let id = id?;
    if let Some(invalid) = merge.invalid {
        return Err(Error::invalid(invalid));
    }
    let user = client.call(GetUser::new(&id)).send().await?;
    let update = merge.update_of(&user)?;
    if update.is_empty() {
        return Ok(user);
    }
    client.call(UpdateUser::new(id, update)).send().await
}

/// The first-level keys that change, with their new values; `null` for one that is deleted.
fn changes(old: &JsonObject, values: &JsonObject) -> Result<JsonObject, Error> {
    let mut changed = JsonObject::new();
    for (key, value) in values.iter() {
        match (old.raw(key), merged(old.raw(key), value)?) {
            (None, None) => {}
            (Some(_), None) => changed.insert_raw(key, "null").map_err(unreadable)?,
            (Some(old), Some(new)) if json::equal(old, &new) => {}
            (_, Some(new)) => changed.insert_raw(key, &new).map_err(unreadable)?,
        }
    }
    Ok(changed)
}

/// The value after merging; `None` if it is deleted. Values keep their text.
fn merged(old: Option<&str>, value: &str) -> Result<Option<String>, Error> {
    if value == "null" {
        return Ok(None);
    }
    if !value.starts_with('{') {
        return Ok(Some(value.to_owned()));
    }
    let old = old.filter(|old| old.starts_with('{'));
    let mut all = old.map_or(Ok(JsonObject::new()), JsonObject::from_json).map_err(unreadable)?;
    for (key, value) in JsonObject::from_json(value).map_err(unreadable)?.iter() {
        match merged(all.raw(key), value)? {
            Some(new) => all.insert_raw(key, &new).map_err(unreadable)?,
            None => {
                all.remove(key);
            }
        }
    }
    Ok(Some(all.to_json()))
}

/// The error of JSON that cannot be read. It quotes no value.
fn unreadable(_: serde_json::Error) -> Error {
    Error::invalid("metadata cannot be merged: it is not readable as JSON")
}
