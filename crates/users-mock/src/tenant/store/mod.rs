//! The data of a tenant: the one owner of users, connections, organizations, roles and all else that calls change.
//!
//! It is read through `&Store` and changed through a [`Transaction`] only.

mod belonging;
mod change;
mod claims;
mod connection;
mod index;
mod job;
mod objects;
mod ordered;
mod resource_server;
mod table;
mod transaction;
mod user;
mod users;
mod view;

pub(crate) use belonging::Belonging;
pub(crate) use change::Change;
pub(crate) use claims::Claims;
pub(crate) use connection::{Connection, DEFAULT_DATABASE, DEFAULT_USERNAME_LENGTH};
pub(crate) use job::Job;
pub(crate) use objects::{Kind, Object, Objects};
pub(crate) use ordered::{ORDERED, Ordered, Part};
pub(crate) use resource_server::ResourceServer;
pub(crate) use transaction::Transaction;
pub(crate) use user::{PROFILE, User, full_id};
pub(crate) use users::Users;
pub(crate) use view::{Lag, View};

use index::Index;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use table::Table;

/// The data of a tenant. A clone shares the records, and has indexes of its own.
#[derive(Clone)]
pub(crate) struct Store {
    users: Users,
    view: View,
    connections: Table<Connection>,
    clients: Objects,
    device_credentials: Objects,
    invitations: Objects,
    log_entries: Objects,
    organizations: Objects,
    roles: Objects,
    resource_servers: Table<ResourceServer>,
    resource_servers_by_identifier: Index,
    jobs: Table<Job>,
    claims: Table<Claims>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            users: Users::default(),
            view: View::default(),
            connections: Table::default(),
            clients: Objects::new(Kind::Clients),
            device_credentials: Objects::new(Kind::DeviceCredentials),
            invitations: Objects::new(Kind::Invitations),
            log_entries: Objects::new(Kind::LogEntries),
            organizations: Objects::new(Kind::Organizations),
            roles: Objects::new(Kind::Roles),
            resource_servers: Table::default(),
            resource_servers_by_identifier: Index::default(),
            jobs: Table::default(),
            claims: Table::default(),
        }
    }
}

impl Store {
    pub(crate) fn users(&self) -> &Users {
        &self.users
    }

    /// The users as searches see them.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    pub(crate) fn view_mut(&mut self) -> &mut View {
        &mut self.view
    }

    /// The connections in the order in which they were added.
    pub(crate) fn connections(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections.iter()
    }

    /// The connections by position.
    pub(crate) fn connections_in_order(&self) -> &BTreeMap<u64, Arc<Connection>> {
        self.connections.in_order()
    }

    pub(crate) fn connection(&self, name: &str) -> Option<&Arc<Connection>> {
        self.connections.get(name)
    }

    pub(crate) fn connection_by_id(&self, id: &str) -> Option<&Arc<Connection>> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    pub(crate) fn objects(&self, kind: Kind) -> &Objects {
        match kind {
            Kind::Clients => &self.clients,
            Kind::DeviceCredentials => &self.device_credentials,
            Kind::Invitations => &self.invitations,
            Kind::LogEntries => &self.log_entries,
            Kind::Organizations => &self.organizations,
            Kind::Roles => &self.roles,
        }
    }

    fn objects_mut(&mut self, kind: Kind) -> &mut Objects {
        match kind {
            Kind::Clients => &mut self.clients,
            Kind::DeviceCredentials => &mut self.device_credentials,
            Kind::Invitations => &mut self.invitations,
            Kind::LogEntries => &mut self.log_entries,
            Kind::Organizations => &mut self.organizations,
            Kind::Roles => &mut self.roles,
        }
    }

    pub(crate) fn resource_server(&self, id: &str) -> Option<&Arc<ResourceServer>> {
        self.resource_servers.get(id)
    }

    pub(crate) fn resource_server_by_identifier(&self, identifier: &str) -> Option<&Arc<ResourceServer>> {
        let found = self.resource_servers_by_identifier.get(identifier);
        let mut found = found.filter_map(|position| self.resource_servers.at(position));
        found.find(|server| server.identifier() == Some(identifier))
    }

    pub(crate) fn resource_servers(&self) -> impl Iterator<Item = &Arc<ResourceServer>> {
        self.resource_servers.iter()
    }

    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.iter()
    }

    pub(crate) fn all_claims(&self) -> impl Iterator<Item = &Arc<Claims>> {
        self.claims.iter()
    }

    pub(crate) fn job(&self, id: &str) -> Option<&Arc<Job>> {
        self.jobs.get(id)
    }

    /// The custom claims of a user.
    pub(crate) fn claims(&self, user_id: &str) -> Option<&Arc<Claims>> {
        self.claims.get(user_id)
    }

    /// Applies a change. Every change of the data and of its indexes happens here.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::User(edit) => self.users.apply(edit),
            Change::Connection(edit) => self.connections.apply(edit),
            Change::Object(kind, edit) => self.objects_mut(*kind).apply(edit),
            Change::ResourceServer(edit) => {
                self.resource_servers.apply(edit);
                let (before, after) = (identifiers(edit.before()), identifiers(edit.after()));
                self.resource_servers_by_identifier.update(edit.position(), before, after);
            }
            Change::Job(edit) => self.jobs.apply(edit),
            Change::Claims(edit) => self.claims.apply(edit),
        }
    }

    /// Called with the changes of a transaction that is committed.
    fn committed(&mut self, changes: &[Change], lag: &mut Lag, now: u64) {
        for change in changes {
            if let Change::User(edit) = change {
                self.view.record(edit, lag, now);
            }
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
