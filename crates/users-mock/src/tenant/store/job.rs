//! A job, as the store keeps it.

use crate::tenant::store::table::Record;
use bytes::Bytes;
use users_core::model::JsonObject;

/// A job that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    /// What the API shows.
    pub(crate) shown: JsonObject,
    /// The rejected rows of an import.
    pub(crate) errors: Vec<JsonObject>,
    /// The file of an export.
    pub(crate) file: Bytes,
}

impl Record for Job {
    fn key(&self) -> &str {
        &self.id
    }
}
