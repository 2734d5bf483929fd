//! The time of day.

use std::sync::Arc;
use std::time::SystemTime;
use users_core::Clock;
use users_core::model::Timestamp;

/// The time of day by a tenant's clock.
pub(crate) struct WallClock(Arc<dyn Clock>);

impl WallClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.unix_now().into()
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        let since = self.0.unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
