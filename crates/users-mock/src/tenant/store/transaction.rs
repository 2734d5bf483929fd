//! Changes to the store that take effect together or not at all.

use crate::tenant::store::Store;
use crate::tenant::store::change::Change;
use crate::tenant::store::claims::Claims;
use crate::tenant::store::connection::Connection;
use crate::tenant::store::job::Job;
use crate::tenant::store::objects::{Kind, Object};
use crate::tenant::store::resource_server::ResourceServer;
use crate::tenant::store::user::User;
use crate::tenant::store::view::Lag;

/// Changes to a store that take effect together or not at all.
///
/// It borrows the store exclusively and applies each change at once, so that reads through [`store`](Self::store) see it without a second
/// set of indexes. Unless it is [committed](Self::commit), it reverts its changes when it is dropped, each by its inverse and the last
/// one first.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    store: &'a mut Store,
    changes: Vec<Change>,
}

impl Store {
    /// Begins a transaction.
    pub(crate) fn transaction(&mut self) -> Transaction<'_> {
        Transaction { store: self, changes: Vec::new() }
    }
}

impl Transaction<'_> {
    /// The store with the changes of this transaction.
    pub(crate) fn store(&self) -> &Store {
        self.store
    }

    /// Adds a user at the end, or replaces the one with the same id.
    pub(crate) fn put_user(&mut self, user: User) {
        self.change(Change::User(self.store.users.put(user)));
    }

    /// Changes a copy of a user and replaces the user with it; `None` if there is no such user.
    pub(crate) fn update_user<R>(&mut self, id: &str, change: impl FnOnce(&mut User) -> R) -> Option<R> {
        let mut user = User::clone(self.store.users.get(id)?);
        let result = change(&mut user);
        self.put_user(user);
        Some(result)
    }

    /// Removes a user if it exists, with the credentials of its devices.
    pub(crate) fn remove_user(&mut self, id: &str) {
        self.remove_objects_with(Kind::DeviceCredentials, id);
        if let Some(edit) = self.store.users.remove(id) {
            self.change(Change::User(edit));
        }
    }

    /// Adds a connection at the end, and removes another one of the same name.
    pub(crate) fn put_connection(&mut self, connection: Connection) {
        if let Some(edit) = self.store.connections.remove(&connection.name) {
            self.change(Change::Connection(edit));
        }
        self.change(Change::Connection(self.store.connections.put(connection)));
    }

    /// Removes a connection if it exists.
    pub(crate) fn remove_connection(&mut self, name: &str) {
        if let Some(edit) = self.store.connections.remove(name) {
            self.change(Change::Connection(edit));
        }
    }

    /// Adds an object at the end, or replaces the one with the same id.
    pub(crate) fn put_object(&mut self, kind: Kind, object: Object) {
        self.change(Change::Object(kind, self.store.objects(kind).put(object)));
    }

    /// Removes an object if it exists. Users keep the id of a role or an organization, which names none from then on.
    pub(crate) fn remove_object(&mut self, kind: Kind, id: &str) {
        if let Some(edit) = self.store.objects(kind).remove(id) {
            self.change(Change::Object(kind, edit));
        }
    }

    /// Removes the objects with this value of the key by which they are looked up.
    pub(crate) fn remove_objects_with(&mut self, kind: Kind, value: &str) {
        let found: Vec<String> =
            self.store.objects(kind).with(value).map(|object| object.id.clone()).collect();
        for id in found {
            self.remove_object(kind, &id);
        }
    }

    pub(crate) fn put_resource_server(&mut self, server: ResourceServer) {
        self.change(Change::ResourceServer(self.store.resource_servers.put(server)));
    }

    /// Removes a resource server if it exists.
    pub(crate) fn remove_resource_server(&mut self, id: &str) {
        if let Some(edit) = self.store.resource_servers.remove(id) {
            self.change(Change::ResourceServer(edit));
        }
    }

    pub(crate) fn put_job(&mut self, job: Job) {
        self.change(Change::Job(self.store.jobs.put(job)));
    }

    pub(crate) fn put_claims(&mut self, claims: Claims) {
        self.change(Change::Claims(self.store.claims.put(claims)));
    }

    /// The changes so far.
    pub(crate) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Keeps the changes. Searches see them at once.
    pub(crate) fn commit(self) {
        self.commit_with(&mut Lag::default(), 0);
    }

    /// Keeps the changes. Searches see them with this lag after `now`, in milliseconds since 1970.
    pub(crate) fn commit_with(mut self, lag: &mut Lag, now: u64) {
        let changes = std::mem::take(&mut self.changes);
        self.store.committed(&changes, lag, now);
    }

    fn change(&mut self, change: Change) {
        self.store.apply(&change);
        self.changes.push(change);
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        while let Some(change) = self.changes.pop() {
            self.store.apply(&change.inverse());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::object::set;
    use crate::tenant::store::Belonging;
    use users_core::model::JsonObject;

    fn user(number: u32, email: &str) -> User {
        let mut user = User::new(&format!("auth0|{number}"));
        user.set("email", email);
        user
    }

    fn object(key: &str, value: &str) -> JsonObject {
        let mut object = JsonObject::new();
        set(&mut object, key, value);
        object
    }

    /// Everything that reads can observe of the users and roles.
    fn contents(store: &Store) -> Vec<String> {
        store.users.assert_indexes();
        let users = store.users.iter().map(|user| format!("{user:?} {}", user.shown().to_json()));
        users.chain(store.roles.iter().map(|role| role.shown.to_json())).collect()
    }

    fn ids<'a>(users: impl Iterator<Item = &'a std::sync::Arc<User>>) -> Vec<&'a str> {
        users.map(|user| user.id()).collect()
    }

    #[test]
    fn reads_see_the_changes_of_their_transaction_and_a_drop_reverts_them() {
        let mut store = Store::default();
        let mut transaction = store.transaction();
        (0..5).for_each(|number| transaction.put_user(user(number, "Ada@example.com")));
        transaction.put_object(Kind::Roles, Object { id: "rol_1".into(), shown: object("name", "admin") });
        transaction.commit();
        let before = contents(&store);

        let mut transaction = store.transaction();
        transaction.update_user("auth0|3", |user| {
            user.set("email", "grace@example.com");
            user.belongings_mut(Belonging::Roles).push(object("id", "rol_1"));
        });
        transaction.remove_user("auth0|0");
        transaction.remove_user("auth0|4");
        transaction.put_user(user(9, "ADA@example.com"));
        transaction.remove_object(Kind::Roles, "rol_1");
        let users = transaction.store().users();
        users.assert_indexes();
        assert_eq!(ids(users.iter()), ["auth0|1", "auth0|2", "auth0|3", "auth0|9"]);
        assert_eq!(ids(users.with_email("Ada@example.com")), ["auth0|1", "auth0|2"]);
        assert_eq!(ids(users.with_email_in_any_case("ada@EXAMPLE.com")), ["auth0|1", "auth0|2", "auth0|9"]);
        assert_eq!(ids(users.with(Belonging::Roles, "rol_1")), ["auth0|3"]);
        let roles = transaction.store().objects(Kind::Roles);
        assert!(roles.get("rol_1").is_none());
        assert_eq!(roles.with("admin").count(), 0);
        drop(transaction);
        assert_eq!(contents(&store), before);
    }

    #[test]
    fn any_sequence_of_changes_keeps_the_indexes_and_can_be_reverted() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut store = Store::default();
        for round in 0..200 {
            let before = contents(&store);
            let mut transaction = store.transaction();
            for _ in 0..random.usize(..20) {
                let id = format!("auth0|{}", random.u32(..10));
                match random.u32(..4) {
                    0 => transaction.remove_user(&id),
                    1 => transaction.put_user(user(random.u32(..10), ["a", "A", "b"][random.usize(..3)])),
                    2 => drop(transaction.update_user(&id, |user| user.remove("email"))),
                    _ => drop(transaction.update_user(&id, |user| {
                        user.belongings_mut(Belonging::Sessions).push(object("id", "s1"));
                        user.belongings_mut(Belonging::BlockedFor).push(object("identifier", "b"));
                    })),
                }
            }
            transaction.store().users.assert_indexes();
            if round % 2 == 0 {
                drop(transaction);
                assert_eq!(contents(&store), before);
            } else {
                transaction.commit();
            }
        }
    }
}
