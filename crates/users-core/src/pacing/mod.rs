//! The seam for keeping to the tenant's pace.

mod adaptive;
mod bucket;
mod pace;
mod per_group;

pub use adaptive::AdaptivePacer;

use crate::Access;
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::time::Duration;

/// Lets requests go at the tenant's pace. One pacer is shared by a client and its clones.
///
/// A client's own is an [`AdaptivePacer`], unless its builder is [given](crate::Builder::pacer) another. To pace several
/// processes together, by a counter that they share, say, implement this trait:
///
/// ```
/// use async_trait::async_trait;
/// use http::{HeaderMap, StatusCode};
/// use users_core::{Access, Pacer, Permit};
///
/// #[derive(Debug)]
/// struct Shared; // a connection to wherever the places are counted
///
/// #[async_trait]
/// impl Pacer for Shared {
///     async fn acquire(&self, group: Access) -> Permit {
///         // Wait for a place here.
///         Permit::returning(group, || { /* The request was not sent after all: give the place back. */ })
///     }
///
///     fn observe(&self, _permit: &Permit, status: StatusCode, _headers: &HeaderMap) {
///         if status == StatusCode::TOO_MANY_REQUESTS { /* Tell the others. */ }
///     }
/// }
/// ```
#[async_trait]
pub trait Pacer: fmt::Debug + Send + Sync + 'static {
    /// Waits until a request of this group may go. Dropping the future leaves the queue.
    async fn acquire(&self, group: Access) -> Permit;

    /// Learns from the answer to the request that this permit let go.
    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap);

    /// How long a request of this group would have to wait at least; a call with less time left than this ends at once.
    fn least_wait(&self, group: Access) -> Duration {
        let _ = group;
        Duration::ZERO
    }

    /// What is known of the tenant's limits.
    fn known(&self) -> Vec<KnownLimit> {
        Vec::new()
    }
}

/// A limit of the tenant's, as a [`Pacer`] knows it: one bucket that requests draw from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KnownLimit {
    /// Which requests draw from it.
    pub groups: Vec<Access>,
    /// How many requests may come at once: the bucket's size.
    pub limit: u64,
    /// How many are left now, by an estimate.
    pub remaining: u64,
    /// How many requests are added per second, by an estimate, less what other clients of the tenant take.
    pub per_second: f64,
    /// How long no request may go, where the server asked to wait.
    pub paused: Option<Duration>,
}

/// The leave to send one request. Dropping it unused gives the place back.
pub struct Permit {
    group: Access,
    number: u64,
    give_back: Option<Box<dyn FnOnce() + Send>>,
}

impl Permit {
    /// A permit with nothing to give back.
    pub fn free(group: Access) -> Self {
        Self { group, number: 0, give_back: None }
    }

    /// A permit that runs this if it is dropped unused.
    pub fn returning(group: Access, give_back: impl FnOnce() + Send + 'static) -> Self {
        Self { group, number: 0, give_back: Some(Box::new(give_back)) }
    }

    /// Gives it a number, by which the pacer knows it again when the answer comes.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// The group of the request.
    pub fn group(&self) -> Access {
        self.group
    }

    /// The pacer's number for it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The request is being sent, so the place is taken.
    pub fn used(&mut self) {
        self.give_back = None;
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("group", &self.group)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(give_back) = self.give_back.take() {
            give_back();
        }
    }
}

/// Lets every request go at once; 429s are waited out when they come.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Unpaced;

impl Unpaced {
    /// No pacing.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Pacer for Unpaced {
    async fn acquire(&self, group: Access) -> Permit {
        Permit::free(group)
    }

    fn observe(&self, _permit: &Permit, _status: StatusCode, _headers: &HeaderMap) {}
}
