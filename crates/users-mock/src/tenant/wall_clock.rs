//! The time of day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use users_core::Clock;
use users_core::model::Timestamp;

/// The time of day by a tenant's clock, which can be set and frozen. Its unit is a millisecond.
pub(crate) struct WallClock {
    clock: Arc<dyn Clock>,
    setting: Mutex<Setting>,
}

/// How the time of day differs from that of the clock.
#[derive(Clone, Copy, Default)]
struct Setting {
    /// Added to the time of the clock.
    offset: i64,
    /// The time of the clock at which it was frozen, if it is.
    frozen_at: Option<i64>,
}

impl WallClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, setting: Mutex::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.unix_millis())
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        self.unix_millis().try_into().unwrap_or(0)
    }

    /// How many milliseconds it is ahead of the clock.
    pub(crate) fn ahead(&self) -> i64 {
        let (clock, setting) = (self.clock_millis(), *self.setting());
        setting.time(clock).saturating_sub(clock)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.setting().frozen_at.is_some()
    }

    /// Sets the time. A frozen clock stays frozen.
    pub(crate) fn set(&self, millis: i64) {
        let (clock, mut setting) = (self.clock_millis(), self.setting());
        setting.offset = millis.saturating_sub(setting.frozen_at.unwrap_or(clock));
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut setting = self.setting();
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        setting.offset = setting.offset.saturating_add(millis);
    }

    /// Freezes the time, or lets it pass from the present one on.
    pub(crate) fn freeze(&self, is_frozen: bool) {
        let (clock, mut setting) = (self.clock_millis(), self.setting());
        if is_frozen == setting.frozen_at.is_some() {
            return;
        }
        let time = setting.time(clock);
        *setting = Setting { offset: time.saturating_sub(clock), frozen_at: is_frozen.then_some(clock) };
    }

    /// Returns to the time of the clock.
    pub(crate) fn reset(&self) {
        *self.setting() = Setting::default();
    }

    fn unix_millis(&self) -> i64 {
        let clock = self.clock_millis();
        self.setting().time(clock)
    }

    fn clock_millis(&self) -> i64 {
        let since = self.clock.unix_now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn setting(&self) -> MutexGuard<'_, Setting> {
        self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Setting {
    fn time(self, clock: i64) -> i64 {
        self.frozen_at.unwrap_or(clock).saturating_add(self.offset)
    }
}
