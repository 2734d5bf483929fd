//! A fault as the transport keeps it.

use crate::fault::kind::Fault;
use crate::script::Matcher;
use bytes::Bytes;
use http::HeaderMap;

/// A fault, and the requests that it applies to.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) fault: Fault,
    pub(crate) matcher: Option<Matcher>,
    /// The number of matching requests that succeed first.
    pub(crate) skipped: u32,
    pub(crate) times: Times,
    /// The probability in units of 2⁻⁶⁴; `None` if every matching request fails.
    pub(crate) chance: Option<u64>,
    pub(crate) reply: Reply,
}

/// What a fault answers with beside its status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    /// An error of Auth0's form if `None`.
    pub(crate) body: Option<Bytes>,
}

/// The number of requests that are still to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// One, or with a probability any number.
    Unspecified,
    Left(u32),
    Always,
}

impl Rule {
    /// A fault of the next request.
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            matcher: None,
            skipped: 0,
            times: Times::Unspecified,
            chance: None,
            reply: Reply::default(),
        }
    }

    /// Sets the probability, from 0 to 1.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(crate) fn chance(&mut self, chance: f64) {
        // A cast of a float saturates at the bounds of the integer.
        self.chance = Some((chance * u64::MAX as f64) as u64);
    }
}
