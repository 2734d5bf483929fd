//! The data of a tenant at one time.

use crate::tenant::logins::Logins;
use crate::tenant::persist::journal::StateError;
use crate::tenant::persist::record::Record;
use crate::tenant::store::Store;
use std::fmt;
use std::sync::Arc;

/// The data of a tenant at one time: users with what belongs to them, connections, organizations, roles, jobs and logs, and what
/// logins have left behind: messages, links, codes, refresh tokens, the sessions of browsers, failed logins. Access tokens, the request log and
/// the state of the rate limits are not part of it.
///
/// Returned by [`Tenant::snapshot`](crate::Tenant::snapshot), and restored by [`Tenant::restore`](crate::Tenant::restore).
#[derive(Clone)]
pub struct Snapshot {
    /// Shared with the tenant until that one changes something.
    pub(crate) store: Arc<Store>,
    pub(crate) random: u64,
    /// What logins have left behind, which is not part of the JSON.
    pub(crate) logins: Arc<Logins>,
}

impl Snapshot {
    /// The data as JSON, without what logins have left behind, which [`from_json`](Self::from_json) reads. The format is not stable from one version to another.
    ///
    /// # Errors
    ///
    /// None that is known: every record has a JSON form.
    pub fn to_json(&self) -> Result<String, StateError> {
        let random = Record::Random { state: self.random };
        let records: Vec<Record> = Record::all(&self.store).chain([random]).collect();
        serde_json::to_string(&records).map_err(|error| StateError::of_snapshot(&error))
    }

    /// Parses the JSON of [`to_json`](Self::to_json).
    ///
    /// # Errors
    ///
    /// If it is not the JSON of a snapshot.
    pub fn from_json(json: &str) -> Result<Self, StateError> {
        let records: Vec<Record> =
            serde_json::from_str(json).map_err(|error| StateError::of_snapshot(&error))?;
        let mut random = 0;
        let mut store = Store::default();
        let mut transaction = store.transaction();
        for record in records {
            let state = record.apply(&mut transaction).map_err(|reason| StateError::of_snapshot(&reason))?;
            random = state.unwrap_or(random);
        }
        transaction.commit();
        Ok(Self { store: Arc::new(store), random, logins: Arc::default() })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("users", &self.store.users().len()).finish_non_exhaustive()
    }
}
