//! A role, as the store keeps it.

use crate::tenant::store::table::Record;
use users_core::model::JsonObject;

/// A role.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) id: String,
    /// `{id, name, description, permissions?}`
    pub(crate) shown: JsonObject,
}

impl Record for Role {
    fn key(&self) -> &str {
        &self.id
    }
}
