//! Everything that a tenant consists of.

use crate::tenant::config::Config;
use crate::tenant::log::Log;
use crate::tenant::random::Random;
use crate::tenant::rules::grant::Grant;
use crate::tenant::rules::limiter::Limiter;
use crate::tenant::seed::Generator;
use crate::tenant::store::Store;
use crate::tenant::tokens::Tokens;
use crate::tenant::wall_clock::WallClock;
use std::time::Duration;

/// Everything that a tenant consists of.
pub(crate) struct State {
    /// The data.
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) clock: WallClock,
    pub(crate) random: Random,
    pub(crate) limiter: Limiter,
    pub(crate) tokens: Tokens,
    pub(crate) generator: Generator,
    pub(crate) log: Log,
}

impl State {
    pub(crate) fn issue_token(&mut self, grant: Grant, audience: &str, lifetime: Duration) -> String {
        let now = self.clock.millis();
        self.tokens.issue(grant, audience, lifetime, &self.config, now, &mut self.random)
    }
}
