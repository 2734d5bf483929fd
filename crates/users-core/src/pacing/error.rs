//! Why a pacer grants no permit.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a [`Pacer`](super::Pacer) grants no permit.
#[derive(Debug)]
pub struct PaceError(Kind);

#[derive(Debug)]
enum Kind {
    WaitTooLong(Duration),
    Unavailable(Box<dyn StdError + Send + Sync>),
}

impl PaceError {
    /// The permit would come after this time, which is longer than the call can wait. The call fails, rate limited, with this
    /// time as [`retry_after`](crate::Error::retry_after).
    pub fn wait_too_long(wait: Duration) -> Self {
        Self(Kind::WaitTooLong(wait))
    }

    /// The store that holds the permits cannot be reached. The call fails with an error of kind
    /// [`Pacing`](crate::ErrorKind::Pacing). The source must not contain secrets.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Kind::Unavailable(source.into()))
    }

    pub(crate) fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        match self.0 {
            Kind::WaitTooLong(_) => None,
            Kind::Unavailable(source) => Some(source),
        }
    }

    /// The wait for the permit, where it is too long.
    pub fn wait(&self) -> Option<Duration> {
        match self.0 {
            Kind::WaitTooLong(wait) => Some(wait),
            Kind::Unavailable(_) => None,
        }
    }
}

impl fmt::Display for PaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::WaitTooLong(wait) => write!(
                f,
                "the rate limit requires a wait of {:.1} s, longer than the call may take; call again after that, or \
                 raise its timeout or max_server_delay",
                wait.as_secs_f32()
            ),
            Kind::Unavailable(_) => f.write_str("the pacer's store is unavailable"),
        }
    }
}

impl StdError for PaceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::WaitTooLong(_) => None,
            Kind::Unavailable(source) => Some(&**source as _),
        }
    }
}
