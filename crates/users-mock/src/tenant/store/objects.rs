//! Objects of the tenant that are kept as the API shows them.

use crate::tenant::object::string;
use crate::tenant::store::index::Index;
use crate::tenant::store::table::{Edit, Record, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use users_core::model::JsonObject;

/// The kinds of objects of the tenant that are kept as the API shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Clients,
    DeviceCredentials,
    Invitations,
    LogEntries,
    Organizations,
    Roles,
}

impl Kind {
    pub(crate) const ALL: &[Self] = &[
        Self::Clients,
        Self::DeviceCredentials,
        Self::Invitations,
        Self::LogEntries,
        Self::Organizations,
        Self::Roles,
    ];

    /// The name in a seed document and in a state file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::DeviceCredentials => "device_credentials",
            Self::Invitations => "organization_invitations",
            Self::LogEntries => "logs",
            Self::Organizations => "organizations",
            Self::Roles => "roles",
        }
    }

    /// The key, beside the id, by which objects of this kind are looked up.
    fn key(self) -> &'static str {
        match self {
            Self::Clients | Self::Organizations | Self::Roles => "name",
            Self::DeviceCredentials | Self::LogEntries => "user_id",
            Self::Invitations => "organization_id",
        }
    }
}

/// An object, with its id in the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) id: String,
    pub(crate) shown: JsonObject,
}

impl Object {
    pub(crate) fn string(&self, key: &str) -> Option<String> {
        string(&self.shown, key)
    }
}

impl Record for Object {
    fn key(&self) -> &str {
        &self.id
    }
}

/// The objects of one kind in the order of their creation, with an index of one key.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    table: Table<Object>,
    index: Index,
    key: &'static str,
}

impl Objects {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { table: Table::default(), index: Index::default(), key: kind.key() }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Object>> {
        self.table.get(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// All objects in the order of their creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.table.iter()
    }

    /// All objects by position, which is the order of their creation.
    pub(crate) fn in_order(&self) -> &BTreeMap<u64, Arc<Object>> {
        self.table.in_order()
    }

    /// The objects with this value of the key by which they are looked up, in the order of their creation.
    pub(crate) fn with<'a>(&'a self, value: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
        let found = self.index.get(value).filter_map(|position| self.table.at(position));
        found.filter(move |object| object.string(self.key).as_deref() == Some(value))
    }

    /// The edit that replaces the object with the same id, or adds one.
    pub(crate) fn put(&self, object: Object) -> Edit<Object> {
        self.table.put(object)
    }

    /// The edit that removes an object; `None` if there is no such object.
    pub(crate) fn remove(&self, id: &str) -> Option<Edit<Object>> {
        self.table.remove(id)
    }

    pub(crate) fn apply(&mut self, edit: &Edit<Object>) {
        self.table.apply(edit);
        let value = |object: Option<&Arc<Object>>| {
            object.and_then(|object| object.string(self.key)).into_iter().collect()
        };
        self.index.update(edit.position(), value(edit.before()), value(edit.after()));
    }
}
