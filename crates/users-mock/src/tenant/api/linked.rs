//! Updates of a linked account, which `connection` in the body names.

use crate::tenant::api::account::{
    is_email_taken, is_username_taken, lower_case, options, reject_provider_attributes,
};
use crate::tenant::assumptions::Assumptions;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::rules::credentials::check_username;
use crate::tenant::rules::password::{PasswordPolicy, check_password_length};
use crate::tenant::store::{Connection, Store, User, full_id};
use crate::tenant::wire::answer::Failure;
use users_core::model::JsonObject;

/// The attributes that belong to an account. The others are the user's.
const OF_ACCOUNT: &[&str] =
    &["email", "email_verified", "password", "phone_number", "phone_verified", "username"];

/// The changes of a linked account.
pub(crate) struct LinkedUpdate {
    index: usize,
    changes: JsonObject,
}

impl LinkedUpdate {
    /// Takes the changes of a linked account out of a body. `None` if the body is about the user's first account.
    pub(crate) fn take(
        body: &mut JsonObject,
        user: &User,
        store: &Store,
        assumptions: &Assumptions,
    ) -> Result<Option<Self>, Failure> {
        let identities = user.identities();
        let Some(name) = string(body, "connection").filter(|_| !identities.is_empty()) else {
            return Ok(None);
        };
        let is_its = |identity: &JsonObject| string(identity, "connection").as_ref() == Some(&name);
        let Some(index) = identities.iter().position(is_its) else {
            return Err(Failure::assumed(&assumptions.update_of_other_connection, &[("connection", &name)]));
        };
        let Some(identity) = identities.get(index).filter(|_| index > 0) else { return Ok(None) };
        let mut changes = JsonObject::new();
        for key in OF_ACCOUNT {
            if let Some(json) = body.raw(key) {
                set_raw(&mut changes, key, json);
                body.remove(key);
            }
        }
        let connection: Option<&Connection> = store.connection(&name).map(|connection| &**connection);
        if connection.is_some_and(Connection::is_database) {
            lower_case(&mut changes, "email");
            lower_case(&mut changes, "username");
        }
        let update = Self { index, changes };
        let provider = string(identity, "provider").unwrap_or_default();
        update.check(&profile(identity), (&name, &provider), connection, store, assumptions)?;
        Ok(Some(update))
    }

    /// Checks the changes as those of a user of the connection.
    fn check(
        &self,
        profile: &JsonObject,
        (name, provider): (&str, &str),
        connection: Option<&Connection>,
        store: &Store,
        assumptions: &Assumptions,
    ) -> Result<(), Failure> {
        if !matches!(provider, "auth0" | "email" | "sms") {
            reject_provider_attributes(&self.changes, provider, name, assumptions)?;
        }
        // The present value is in use by the account itself.
        let new =
            |key: &str| string(&self.changes, key).filter(|new| string(profile, key).as_ref() != Some(new));
        if self.changes.contains_key("username") && !profile.contains_key("username") {
            return Err(Failure::assumed(&assumptions.set_username, &[]));
        }
        if let (Some(username), Some(connection)) = (string(&self.changes, "username"), connection) {
            check_username(&username, &connection.username_length)?;
        }
        if is_username_taken(store, name, new("username"), None) {
            return Err(Failure::bad_request("auth0_idp_error", "The username provided is in use already."));
        }
        if is_email_taken(store, name, new("email"), None) {
            return Err(Failure::bad_request("auth0_idp_error", "The specified new email already exists"));
        }
        if let (Some(password), Some(connection)) = (string(&self.changes, "password"), connection) {
            check_password_length(&password, assumptions)?;
            PasswordPolicy::of(&options(connection)).check(&password, profile)?;
        }
        Ok(())
    }

    /// The new password of the account, with its identity.
    pub(crate) fn new_password(&self, user: &User) -> Option<(String, String)> {
        Some((full_id(user.identities().get(self.index)?)?, string(&self.changes, "password")?))
    }

    /// Applies the changes, except for the password.
    pub(crate) fn apply(&self, user: &mut User) {
        let mut identities = user.identities();
        let Some(identity) = identities.get_mut(self.index) else { return };
        let mut profile = profile(identity);
        let old_email = string(&profile, "email");
        for (key, value) in self.changes.iter().filter(|(key, _)| *key != "password") {
            if value == "null" {
                profile.remove(key);
            } else {
                set_raw(&mut profile, key, value);
            }
        }
        if string(&profile, "email") != old_email && !self.changes.contains_key("email_verified") {
            set(&mut profile, "email_verified", false);
        }
        set(identity, "profileData", &profile);
        user.set_identities(&identities);
    }
}

fn profile(identity: &JsonObject) -> JsonObject {
    identity.get("profileData").ok().flatten().unwrap_or_default()
}
