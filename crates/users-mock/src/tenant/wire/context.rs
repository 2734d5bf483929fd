//! What handlers have access to.

use crate::tenant::config::Config;
use crate::tenant::logins::Logins;
use crate::tenant::random::Random;
use crate::tenant::store::{Store, Transaction};
use crate::tenant::tokens::Tokens;
use crate::tenant::wall_clock::WallClock;

/// What a handler that reads has access to.
pub(crate) struct ReadContext<'a> {
    pub(crate) store: &'a Store,
    pub(crate) tokens: &'a Tokens,
    pub(crate) clock: &'a WallClock,
    pub(crate) config: &'a Config,
    /// Another number for each request.
    pub(crate) turn: u64,
}

/// What a handler that writes has access to.
pub(crate) struct WriteContext<'a> {
    /// Committed if the handler succeeds.
    pub(crate) transaction: Transaction<'a>,
    pub(crate) tokens: &'a mut Tokens,
    pub(crate) logins: &'a mut Logins,
    pub(crate) random: &'a mut Random,
    pub(crate) clock: &'a WallClock,
    pub(crate) config: &'a Config,
}

impl WriteContext<'_> {
    /// The store with the changes so far.
    pub(crate) fn store(&self) -> &Store {
        self.transaction.store()
    }

    pub(crate) fn new_object_id(&mut self) -> String {
        self.random.object_id(self.clock.millis())
    }
}
