//! The users with their indexes.

use crate::tenant::object::string;
use crate::tenant::store::belonging::Belonging;
use crate::tenant::store::index::Index;
use crate::tenant::store::table::{Edit, Table};
use crate::tenant::store::user::{User, full_id};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use users_core::model::{IdentityId, JsonObject};

/// The kinds of objects by which users are looked up, and the key of their objects.
const KEYS: &[(Belonging, &str)] = &[
    (Belonging::BlockedFor, "identifier"),
    (Belonging::Enrollments, "id"),
    (Belonging::Grants, "id"),
    (Belonging::Groups, "id"),
    (Belonging::Organizations, "id"),
    (Belonging::RefreshTokens, "id"),
    (Belonging::Roles, "id"),
    (Belonging::Sessions, "id"),
];

/// The users in the order of their creation, with an index for each property that they are looked up by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    table: Table<User>,
    indexes: Indexes,
}

#[derive(Clone, Debug, PartialEq)]
struct Indexes {
    /// By address in lower case.
    email: Index,
    username: Index,
    /// By `provider|user_id` of each identity.
    identity: Index,
    /// By the connection and address of each linked account.
    linked_email: Index,
    /// By the connection and user name of each linked account.
    linked_username: Index,
    /// By the keys of the objects of each kind that belong to the user.
    belongings: BTreeMap<Belonging, Index>,
}

impl Default for Indexes {
    fn default() -> Self {
        Self {
            email: Index::default(),
            username: Index::default(),
            identity: Index::default(),
            linked_email: Index::default(),
            linked_username: Index::default(),
            belongings: KEYS.iter().map(|(kind, _)| (*kind, Index::default())).collect(),
        }
    }
}

impl Users {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<User>> {
        self.table.get(id)
    }

    /// All users in the order of their creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<User>> {
        self.table.iter()
    }

    /// All users by position, which is the order of their creation.
    pub(crate) fn in_order(&self) -> &BTreeMap<u64, Arc<User>> {
        self.table.in_order()
    }

    /// The position of a user.
    pub(crate) fn position(&self, id: &str) -> Option<u64> {
        self.table.position(id)
    }

    /// The positions of users that may have this address, whatever its capitals.
    pub(crate) fn positions_with_email(&self, email: &str) -> impl Iterator<Item = u64> {
        self.indexes.email.get(&email.to_lowercase())
    }

    /// The users with exactly this address.
    pub(crate) fn with_email(&self, email: &str) -> impl Iterator<Item = &Arc<User>> {
        self.with_email_in_any_case(email).filter(move |user| user.string("email").as_deref() == Some(email))
    }

    /// The users with this address, whatever its capitals.
    pub(crate) fn with_email_in_any_case(&self, email: &str) -> impl Iterator<Item = &Arc<User>> {
        self.found(&self.indexes.email, email.to_lowercase(), emails).map(|(_, user)| user)
    }

    pub(crate) fn with_username(&self, username: &str) -> impl Iterator<Item = &Arc<User>> {
        self.found(&self.indexes.username, username.to_owned(), usernames).map(|(_, user)| user)
    }

    /// The users that have an identity, by its full id `provider|user_id`.
    pub(crate) fn with_identity(&self, full_id: &str) -> impl Iterator<Item = &Arc<User>> {
        self.found(&self.indexes.identity, full_id.to_owned(), identities).map(|(_, user)| user)
    }

    /// Whether an account of this connection that is linked to a user has this address, whatever its capitals.
    pub(crate) fn has_linked_email(&self, connection: &str, email: &str) -> bool {
        let key = linked_key(connection, email);
        self.found(&self.indexes.linked_email, key, linked_emails).next().is_some()
    }

    /// The users who have a linked account of this connection with this address or user name, whatever its capitals.
    pub(crate) fn with_linked(&self, connection: &str, name: &str) -> impl Iterator<Item = &Arc<User>> {
        let key = linked_key(connection, name);
        let by_email = self.found(&self.indexes.linked_email, key.clone(), linked_emails);
        let by_username = self.found(&self.indexes.linked_username, key, linked_usernames);
        by_email.chain(by_username).map(|(_, user)| user)
    }

    /// Whether an account of this connection that is linked to a user has this user name.
    pub(crate) fn has_linked_username(&self, connection: &str, username: &str) -> bool {
        let key = linked_key(connection, username);
        self.found(&self.indexes.linked_username, key, linked_usernames).next().is_some()
    }

    /// The users to whom an object of this kind with this key belongs. [`KEYS`] lists the kinds.
    pub(crate) fn with(&self, kind: Belonging, key: &str) -> impl Iterator<Item = &Arc<User>> {
        self.with_positions(kind, key).map(|(_, user)| user)
    }

    /// The same, with their positions.
    pub(crate) fn with_positions(
        &self,
        kind: Belonging,
        key: &str,
    ) -> impl Iterator<Item = (u64, &Arc<User>)> {
        let own_key = KEYS.iter().find(|(known, _)| *known == kind).map_or("", |(_, own_key)| own_key);
        let index = self.indexes.belongings.get(&kind);
        let wanted = key.to_owned();
        index.into_iter().flat_map(move |index| {
            let wanted = wanted.clone();
            self.found(index, wanted, move |user| strings(user, kind, own_key))
        })
    }

    /// The users that have a key, by an index of these keys.
    fn found<'a, F: Fn(&User) -> Vec<String>>(
        &'a self,
        index: &'a Index,
        key: String,
        keys: F,
    ) -> impl Iterator<Item = (u64, &'a Arc<User>)> + use<'a, F> {
        index
            .get(&key)
            .filter_map(|position| Some((position, self.table.at(position)?)))
            .filter(move |(_, user)| keys(user).contains(&key))
    }

    /// The edit that replaces the user with the same id, or adds one.
    pub(crate) fn put(&self, mut user: User) -> Edit<User> {
        user.compact();
        self.table.put(user)
    }

    /// The edit that removes a user; `None` if there is no such user.
    pub(crate) fn remove(&self, id: &str) -> Option<Edit<User>> {
        self.table.remove(id)
    }

    pub(crate) fn apply(&mut self, edit: &Edit<User>) {
        self.table.apply(edit);
        self.indexes.apply(edit);
    }

    /// Panics unless the indexes are those of the users that are there.
    #[cfg(test)]
    pub(crate) fn assert_indexes(&self) {
        let mut expected = Self::default();
        for (position, user) in self.table.in_order() {
            expected.indexes.apply(&Edit::insertion(*position, Arc::clone(user)));
        }
        assert_eq!(self.indexes, expected.indexes);
    }
}

impl Indexes {
    fn apply(&mut self, edit: &Edit<User>) {
        let position = edit.position();
        let (before, after) = (edit.before(), edit.after());
        let update = |index: &mut Index, keys: fn(&User) -> Vec<String>| {
            let keys = |user: Option<&Arc<User>>| user.map_or_else(Vec::new, |user| keys(user));
            index.update(position, keys(before), keys(after));
        };
        let both = before.zip(after);
        if both.is_none_or(|(before, after)| !before.shares_attributes(after)) {
            update(&mut self.email, emails);
            update(&mut self.username, usernames);
            update(&mut self.identity, identities);
            update(&mut self.linked_email, linked_emails);
            update(&mut self.linked_username, linked_usernames);
        }
        let is_changed =
            |kind| both.is_none_or(|(before, after): (&Arc<User>, _)| !before.shares_belongings(after, kind));
        for (kind, key) in KEYS.iter().filter(|(kind, _)| is_changed(*kind)) {
            let keys =
                |user: Option<&Arc<User>>| user.map_or_else(Vec::new, |user| strings(user, *kind, key));
            let index = self.belongings.entry(*kind).or_default();
            index.update(position, keys(before), keys(after));
        }
    }
}

fn emails(user: &User) -> Vec<String> {
    user.string("email").map(|email| email.to_lowercase()).into_iter().collect()
}

fn usernames(user: &User) -> Vec<String> {
    user.string("username").into_iter().collect()
}

fn identities(user: &User) -> Vec<String> {
    #[derive(Deserialize)]
    struct Key {
        provider: String,
        user_id: IdentityId,
    }
    // Most identities have both, so that the slower reading of each as an object is not needed.
    match user.shown().get::<Vec<Key>>("identities") {
        Ok(keys) => {
            let keys = keys.into_iter().flatten();
            keys.map(|key| format!("{}|{}", key.provider, key.user_id)).collect()
        }
        Err(_) => user.identities().iter().filter_map(full_id).collect(),
    }
}

fn linked_emails(user: &User) -> Vec<String> {
    linked(user, "email")
}

fn linked_usernames(user: &User) -> Vec<String> {
    linked(user, "username")
}

/// The values of an attribute of the linked accounts, each with its connection.
fn linked(user: &User, key: &str) -> Vec<String> {
    // Most users have none.
    if !user.shown().raw("identities").is_some_and(|identities| identities.contains("profileData")) {
        return Vec::new();
    }
    let value = |identity: &JsonObject| {
        let profile: JsonObject = identity.get("profileData").ok().flatten()?;
        Some(linked_key(&string(identity, "connection")?, &string(&profile, key)?))
    };
    user.identities().iter().skip(1).filter_map(value).collect()
}

fn linked_key(connection: &str, value: &str) -> String {
    format!("{connection}|{}", value.to_lowercase())
}

fn strings(user: &User, kind: Belonging, key: &str) -> Vec<String> {
    user.belongings(kind).iter().filter_map(|object| string(object, key)).collect()
}
