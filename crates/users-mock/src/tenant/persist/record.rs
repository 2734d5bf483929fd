//! A record of the data in JSON.

use crate::tenant::store::{
    Belonging, Change, Claims, Connection, Job, Kind, Object, ResourceServer, Store, Transaction, User,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use users_core::model::JsonObject;

/// A record of the data, or the removal of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    User {
        id: String,
        shown: JsonObject,
        supplied: u16,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        belongings: BTreeMap<String, Vec<JsonObject>>,
    },
    Connection {
        id: String,
        name: String,
        strategy: String,
        username_length: (usize, usize),
        shown: JsonObject,
    },
    Object {
        kind: String,
        id: String,
        shown: JsonObject,
    },
    ResourceServer {
        id: String,
        shown: JsonObject,
    },
    Job {
        id: String,
        shown: JsonObject,
        errors: Vec<JsonObject>,
        /// In base64.
        file: String,
    },
    Claims {
        user_id: String,
        claims: JsonObject,
    },
    /// A user or an object does not exist any more.
    Removed {
        kind: String,
        id: String,
    },
    /// The state of the random numbers, so that no id is made twice.
    Random {
        state: u64,
    },
}

const USERS: &str = "users";
const CONNECTIONS: &str = "connections";
const RESOURCE_SERVERS: &str = "resource_servers";

impl Record {
    /// The record of a change; `None` for a removal of what is never removed.
    pub(crate) fn of(change: &Change) -> Option<Self> {
        let removed = |kind: &str, id: &str| Some(Self::Removed { kind: kind.to_owned(), id: id.to_owned() });
        match change {
            Change::User(edit) => match (edit.after(), edit.before()) {
                (Some(user), _) => Some(Self::of_user(user)),
                (None, before) => removed(USERS, before?.id()),
            },
            Change::Connection(edit) => match (edit.after(), edit.before()) {
                (Some(connection), _) => Some(Self::of_connection(connection)),
                (None, before) => removed(CONNECTIONS, &before?.name),
            },
            Change::Object(kind, edit) => match (edit.after(), edit.before()) {
                (Some(object), _) => Some(Self::of_object(*kind, object)),
                (None, before) => removed(kind.name(), &before?.id),
            },
            Change::ResourceServer(edit) => match (edit.after(), edit.before()) {
                (Some(server), _) => Some(Self::of_resource_server(server)),
                (None, before) => removed(RESOURCE_SERVERS, before?.id()),
            },
            Change::Job(edit) => Some(Self::of_job(edit.after()?)),
            Change::Claims(edit) => Some(Self::of_claims(edit.after()?)),
        }
    }

    /// The records of everything in a store, in the order of creation.
    pub(crate) fn all(store: &Store) -> impl Iterator<Item = Self> {
        let objects = Kind::ALL
            .iter()
            .flat_map(|kind| store.objects(*kind).iter().map(|object| Self::of_object(*kind, object)));
        store
            .connections()
            .map(|connection| Self::of_connection(connection))
            .chain(objects)
            .chain(store.resource_servers().map(|server| Self::of_resource_server(server)))
            .chain(store.users().iter().map(|user| Self::of_user(user)))
            .chain(store.jobs().map(|job| Self::of_job(job)))
            .chain(store.all_claims().map(|claims| Self::of_claims(claims)))
    }

    fn of_user(user: &User) -> Self {
        let (shown, supplied) = (user.shown().clone(), user.supplied_bits());
        let lists =
            Belonging::ALL.iter().map(|kind| (kind.name().to_owned(), user.belongings(*kind).to_vec()));
        let belongings = lists.filter(|(_, list)| !list.is_empty()).collect();
        Self::User { id: user.id().to_owned(), shown, supplied, belongings }
    }

    fn of_connection(connection: &Connection) -> Self {
        let length = &connection.username_length;
        Self::Connection {
            id: connection.id.clone(),
            name: connection.name.clone(),
            strategy: connection.strategy.clone(),
            username_length: (*length.start(), *length.end()),
            shown: connection.shown.clone(),
        }
    }

    fn of_object(kind: Kind, object: &Object) -> Self {
        Self::Object { kind: kind.name().to_owned(), id: object.id.clone(), shown: object.shown.clone() }
    }

    fn of_resource_server(server: &ResourceServer) -> Self {
        Self::ResourceServer { id: server.id().to_owned(), shown: server.shown().clone() }
    }

    fn of_job(job: &Job) -> Self {
        let (id, shown, errors) = (job.id.clone(), job.shown.clone(), job.errors.clone());
        Self::Job { id, shown, errors, file: STANDARD.encode(&job.file) }
    }

    fn of_claims(claims: &Claims) -> Self {
        Self::Claims { user_id: claims.user_id.clone(), claims: claims.claims.clone() }
    }

    /// Applies the record; returns the state of the random numbers if it is one, or why it is not valid.
    pub(crate) fn apply(self, transaction: &mut Transaction<'_>) -> Result<Option<u64>, String> {
        match self {
            Self::User { id, shown, supplied, belongings } => {
                let mut user = User::restored(&id, shown, supplied);
                for (kind, objects) in belongings {
                    let kind =
                        Belonging::from_name(&kind).ok_or_else(|| format!("unknown belongings {kind:?}"))?;
                    *user.belongings_mut(kind) = objects;
                }
                transaction.put_user(user);
            }
            Self::Connection { id, name, strategy, username_length: (least, most), shown } => {
                let connection = Connection { id, name, strategy, username_length: least..=most, shown };
                transaction.put_connection(connection);
            }
            Self::Object { kind, id, shown } => {
                transaction.put_object(kind_named(&kind)?, Object { id, shown });
            }
            Self::ResourceServer { id, shown } => {
                transaction.put_resource_server(ResourceServer::new(id, &shown));
            }
            Self::Job { id, shown, errors, file } => {
                let file = STANDARD.decode(file).map_err(|_| "a file is not base64".to_owned())?;
                transaction.put_job(Job { id, shown, errors, file: file.into() });
            }
            Self::Claims { user_id, claims } => transaction.put_claims(Claims { user_id, claims }),
            Self::Removed { kind, id } => match kind.as_str() {
                USERS => transaction.remove_user(&id),
                CONNECTIONS => transaction.remove_connection(&id),
                RESOURCE_SERVERS => transaction.remove_resource_server(&id),
                other => transaction.remove_object(kind_named(other)?, &id),
            },
            Self::Random { state } => return Ok(Some(state)),
        }
        Ok(None)
    }
}

fn kind_named(name: &str) -> Result<Kind, String> {
    let kind = Kind::ALL.iter().copied().find(|kind| kind.name() == name);
    kind.ok_or_else(|| format!("unknown kind of objects {name:?}"))
}
