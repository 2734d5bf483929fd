//! What the tenant knows.

use super::answer::Failure;
use super::connection::Connection;
use super::grant::Issued;
use super::limits::Limiter;
use super::record::Record;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use users_core::Clock;
use users_core::model::{JsonObject, Timestamp};

pub(super) struct State {
    pub(super) domain: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) fixed_token: Option<String>,
    pub(super) token_lifetime: Duration,
    pub(super) legacy_delete_all: bool,
    pub(super) limiter: Limiter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: fastrand::Rng,
    pub(super) rng_seed: u64,
    /// How many users were generated so far.
    pub(super) generated: u64,
    /// In the order in which they were created.
    pub(super) users: Vec<Record>,
    pub(super) connections: Vec<Connection>,
    pub(super) tokens: HashMap<String, Issued>,
    pub(super) tokens_fetched: u64,
    /// Claims that a tenant's own rules would add to `/userinfo`, by user.
    pub(super) claims: BTreeMap<String, JsonObject>,
    /// `{id, name, description}` each.
    pub(super) roles: Vec<JsonObject>,
    /// APIs, with the scopes that are permissions there.
    pub(super) servers: Vec<JsonObject>,
    pub(super) jobs: Vec<JobRecord>,
    pub(super) log: Vec<super::logged::Logged>,
}

/// A job, and what came of it.
pub(super) struct JobRecord {
    pub(super) id: String,
    /// What the API shows once it is done.
    pub(super) shown: JsonObject,
    /// The rows that were refused.
    pub(super) errors: Vec<JsonObject>,
    /// The file of an export.
    pub(super) file: Vec<u8>,
}

impl State {
    /// Milliseconds since 1970.
    pub(super) fn now_millis(&self) -> u64 {
        let since = self.clock.unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.unix_now().into()
    }

    pub(super) fn random_hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.random.u32(..16), 16).unwrap_or('0')).collect()
    }

    /// An id as databases make them: 24 hexadecimal digits, the first eight of which tell the time.
    pub(super) fn new_id(&mut self) -> String {
        let seconds = u32::try_from(self.now_millis() / 1000).unwrap_or(u32::MAX);
        format!("{seconds:08x}{}", self.random_hex(16))
    }

    /// An id as Auth0 gives it to other things: a prefix, and 16 letters and digits.
    pub(super) fn named_id(&mut self, prefix: &str) -> String {
        let tail: String = (0..16).map(|_| self.random.alphanumeric()).collect();
        format!("{prefix}{tail}")
    }

    /// The user whose belongings are meant.
    pub(super) fn owner(&self, id: &str) -> Result<&Record, Failure> {
        super::validate::user_id(id)?;
        self.user(id).ok_or_else(Failure::no_such_user)
    }

    /// The user whose belongings are to change.
    pub(super) fn owner_mut(&mut self, id: &str) -> Result<&mut Record, Failure> {
        super::validate::user_id(id)?;
        self.user_mut(id).ok_or_else(Failure::no_such_user)
    }

    pub(super) fn user(&self, id: &str) -> Option<&Record> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn user_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    pub(super) fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == name)
    }
}
