//! The pacer of one process while Redis is unavailable.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_core::{AdaptivePacer, Clock};

/// An adaptive pacer that grants no more than this process's last known share of the tenant's rate, and none at once.
pub(crate) struct Fallback {
    pub(crate) pacer: AdaptivePacer,
    share: Option<f64>,
}

impl Fallback {
    /// Uses a share in requests per second; without one, the pacer learns from responses alone.
    pub(crate) fn new(clock: Arc<dyn Clock>, share: Option<f64>) -> Self {
        let random = clock.random();
        let pacer = AdaptivePacer::new(clock);
        let share = share.filter(|share| share.is_finite() && *share > 0.0);
        let limited = share.and_then(|share| pacer.clone().max_rate(share).ok().map(|pacer| (pacer, share)));
        let pacer = match limited {
            // The processes begin at random moments, so that they do not send at the same time.
            Some((pacer, share)) => pacer.without_burst(random_part(random, share)),
            None => pacer,
        };
        Self { pacer, share }
    }
}

/// A random part of the time between two requests at this rate.
fn random_part(random: u64, per_second: f64) -> Duration {
    let part = f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 1000.0;
    Duration::try_from_secs_f64(part / per_second).unwrap_or_default()
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("share", &self.share).finish_non_exhaustive()
    }
}
