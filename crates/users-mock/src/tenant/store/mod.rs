//! The data of a tenant: the one owner of users, connections, roles, resource servers, jobs and claims.
//!
//! It is read through `&Store` and changed through a [`Transaction`] only.

mod belonging;
mod change;
mod claims;
mod connection;
mod index;
mod job;
mod resource_server;
mod role;
mod table;
mod transaction;
mod user;
mod users;

pub(crate) use belonging::Belonging;
pub(crate) use claims::Claims;
pub(crate) use connection::{Connection, DEFAULT_DATABASE, DEFAULT_USERNAME_LENGTH};
pub(crate) use job::Job;
pub(crate) use resource_server::ResourceServer;
pub(crate) use role::Role;
pub(crate) use transaction::Transaction;
pub(crate) use user::{PROFILE, User, full_id};
pub(crate) use users::Users;

use change::Change;
use index::Index;
use std::fmt;
use std::sync::Arc;
use table::Table;

/// The data of a tenant.
#[derive(Default)]
pub(crate) struct Store {
    users: Users,
    connections: Table<Connection>,
    roles: Table<Role>,
    resource_servers: Table<ResourceServer>,
    resource_servers_by_identifier: Index,
    jobs: Table<Job>,
    claims: Table<Claims>,
    followers: Vec<Follower>,
}

/// A function that is called with the changes of each transaction that is committed.
type Follower = Box<dyn FnMut(&[Change]) + Send>;

impl Store {
    pub(crate) fn users(&self) -> &Users {
        &self.users
    }

    /// The connections in the order in which they were added.
    pub(crate) fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.iter()
    }

    pub(crate) fn connection(&self, name: &str) -> Option<&Arc<Connection>> {
        self.connections.get(name)
    }

    pub(crate) fn connection_by_id(&self, id: &str) -> Option<&Arc<Connection>> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    pub(crate) fn role(&self, id: &str) -> Option<&Arc<Role>> {
        self.roles.get(id)
    }

    pub(crate) fn roles(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.roles.iter()
    }

    pub(crate) fn resource_server(&self, id: &str) -> Option<&Arc<ResourceServer>> {
        self.resource_servers.get(id)
    }

    pub(crate) fn resource_server_by_identifier(&self, identifier: &str) -> Option<&Arc<ResourceServer>> {
        let position = self.resource_servers_by_identifier.get(identifier).next()?;
        self.resource_servers.at(position)
    }

    pub(crate) fn job(&self, id: &str) -> Option<&Arc<Job>> {
        self.jobs.get(id)
    }

    /// The custom claims of a user.
    pub(crate) fn claims(&self, user_id: &str) -> Option<&Arc<Claims>> {
        self.claims.get(user_id)
    }

    /// Calls a function with the changes of each transaction that is committed from now on.
    // A journal will be the first caller outside the tests.
    #[cfg_attr(not(test), expect(dead_code))]
    pub(crate) fn follow(&mut self, follower: impl FnMut(&[Change]) + Send + 'static) {
        self.followers.push(Box::new(follower));
    }

    /// Applies a change. Every change of the data and of its indexes happens here.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::User(edit) => self.users.apply(edit),
            Change::Connection(edit) => self.connections.apply(edit),
            Change::Role(edit) => self.roles.apply(edit),
            Change::ResourceServer(edit) => {
                self.resource_servers.apply(edit);
                let (before, after) = (identifiers(edit.before()), identifiers(edit.after()));
                self.resource_servers_by_identifier.update(edit.position(), before, after);
            }
            Change::Job(edit) => self.jobs.apply(edit),
            Change::Claims(edit) => self.claims.apply(edit),
        }
    }

    fn notify(&mut self, changes: &[Change]) {
        for follower in &mut self.followers {
            follower(changes);
        }
    }
}

fn identifiers(server: Option<&Arc<ResourceServer>>) -> Vec<String> {
    server.and_then(|server| server.identifier()).map(ToOwned::to_owned).into_iter().collect()
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("users", &self.users.len()).finish_non_exhaustive()
    }
}
