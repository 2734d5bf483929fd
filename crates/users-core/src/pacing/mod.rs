//! Pacing: keeping requests within the tenant's rate limits.

mod adaptive;
mod bucket;
mod cap;
pub(crate) mod error;
mod pace;
mod per_group;

pub use adaptive::AdaptivePacer;

pub use error::PaceError;

use crate::descriptor::{Access, Descriptor};
use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

/// Limits the rate at which a client sends requests. One pacer is shared by a client and its clones.
///
/// A Management API client has an [`AdaptivePacer`] unless its builder is [given](crate::ClientBuilder::pacer) another one. To
/// pace several processes together, with a counter in a store that they share for example, implement this trait:
///
/// ```
/// use async_trait::async_trait;
/// use http::{HeaderMap, StatusCode};
/// use users_core::{PaceError, PaceRequest, Pacer, Permit};
///
/// #[derive(Debug)]
/// struct Shared; // a connection to the store
///
/// #[async_trait]
/// impl Pacer for Shared {
///     async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
///         // Wait for a permit here, or fail with `PaceError::wait_too_long` if it would not come within `request.time_left`.
///         Ok(Permit::returning(request.access, || { /* The request was not sent: return the permit. */ }))
///     }
///
///     fn observe(&self, _permit: &Permit, status: StatusCode, _headers: &HeaderMap) {
///         if status == StatusCode::TOO_MANY_REQUESTS { /* Tell the other processes. */ }
///     }
/// }
/// ```
#[async_trait]
pub trait Pacer: fmt::Debug + Send + Sync + 'static {
    /// Waits for a permit. Fails at once where the wait would not fit into the call's time, where the server requested a longer
    /// delay than the call accepts, or where a shared store is unavailable. Dropping the future leaves the queue.
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError>;

    /// Learns from the response to the request that this permit was for.
    fn observe(&self, permit: &Permit, status: StatusCode, headers: &HeaderMap);

    /// Returns the known state of the tenant's rate limits.
    fn limits(&self) -> Vec<RateLimitState> {
        Vec::new()
    }
}

/// A request for a [`Permit`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PaceRequest<'a> {
    /// How Auth0 groups the request's rate limit.
    pub access: Access,
    /// The operation that is to be sent.
    pub descriptor: &'a Descriptor,
    /// How long the call may still take in all; `None` if it has no deadline.
    pub time_left: Option<Duration>,
    /// The longest delay requested by the server that the call accepts:
    /// [`Retry::max_server_delay`](crate::Retry::max_server_delay), zero for [`Retry::never`](crate::Retry::never). The pacer's
    /// own queue is limited by `time_left` alone.
    pub max_server_delay: Duration,
}

impl<'a> PaceRequest<'a> {
    /// Creates a request without a deadline that accepts a delay of one hour.
    pub fn new(descriptor: &'a Descriptor) -> Self {
        Self {
            access: descriptor.access,
            descriptor,
            time_left: None,
            max_server_delay: Duration::from_secs(3600),
        }
    }

    /// Sets how long the call may still take; `None` if it has no deadline.
    #[must_use]
    pub fn time_left(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.time_left = time.into();
        self
    }

    /// Sets the longest delay requested by the server that the call accepts.
    #[must_use]
    pub fn max_server_delay(mut self, delay: Duration) -> Self {
        self.max_server_delay = delay;
        self
    }
}

/// The state of one rate limit of the tenant, as a [`Pacer`] knows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateLimitState {
    /// Which requests count towards it.
    pub groups: Vec<Access>,
    /// The size of the bucket: how many requests may be sent at once.
    pub limit: u64,
    /// How many requests are left now, an estimate.
    pub remaining: u64,
    /// The refill rate in requests per second, an estimate, less what other clients of the tenant use.
    pub per_second: f64,
    /// How long no request is sent, where the server requested a delay.
    pub paused: Option<Duration>,
}

impl RateLimitState {
    /// Creates a state, in a custom [`Pacer`]: which requests count, the size of the bucket, how many requests are left, and the
    /// refill rate in requests per second.
    pub fn new(groups: Vec<Access>, limit: u64, remaining: u64, per_second: f64) -> Self {
        Self { groups, limit, remaining, per_second, paused: None }
    }

    /// Sets how long no request is sent; zero means that none is held back.
    #[must_use]
    pub fn paused(mut self, time: Duration) -> Self {
        self.paused = (!time.is_zero()).then_some(time);
        self
    }
}

/// The permission to send one request. Dropping it unused returns it.
pub struct Permit {
    group: Access,
    number: u64,
    on_drop: OnDrop,
}

/// What happens to a permit that is dropped unused.
enum OnDrop {
    Nothing,
    Call(Box<dyn FnOnce() + Send>),
    Return(Arc<dyn ReturnPermit>),
}

/// A pacer that takes permits back by their numbers.
trait ReturnPermit: Send + Sync {
    fn return_permit(&self, number: u64);
}

impl Permit {
    /// Creates a permit that is not returned when it is dropped.
    pub fn free(group: Access) -> Self {
        Self { group, number: 0, on_drop: OnDrop::Nothing }
    }

    /// Creates a permit that calls a function if it is dropped unused.
    pub fn returning(group: Access, on_drop: impl FnOnce() + Send + 'static) -> Self {
        Self { group, number: 0, on_drop: OnDrop::Call(Box::new(on_drop)) }
    }

    /// Creates a permit that is returned to this pacer, without an allocation of its own.
    fn returned_to(pacer: Arc<dyn ReturnPermit>, group: Access, number: u64) -> Self {
        Self { group, number, on_drop: OnDrop::Return(pacer) }
    }

    /// Sets a number by which the pacer recognizes the permit when the response comes.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// Returns the group of the request.
    pub fn group(&self) -> Access {
        self.group
    }

    /// Returns the pacer's number of the permit.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Marks the request as sent: the permit is not returned any more.
    pub fn used(&mut self) {
        self.on_drop = OnDrop::Nothing;
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
        match mem::replace(&mut self.on_drop, OnDrop::Nothing) {
            OnDrop::Nothing => {}
            OnDrop::Call(on_drop) => on_drop(),
            OnDrop::Return(pacer) => pacer.return_permit(self.number),
        }
    }
}

/// Grants every permit at once. A 429 then delays the call that received it, and no other.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Unpaced;

impl Unpaced {
    /// Creates a pacer that grants every permit at once.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Pacer for Unpaced {
    async fn acquire(&self, request: &PaceRequest<'_>) -> Result<Permit, PaceError> {
        Ok(Permit::free(request.access))
    }

    fn observe(&self, _permit: &Permit, _status: StatusCode, _headers: &HeaderMap) {}
}
