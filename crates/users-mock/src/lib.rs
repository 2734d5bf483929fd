//! Test doubles for Auth0's users: no network, no waiting, and nothing that only looks like a test.
//!
//! | Use | when |
//! |---|---|
//! | [`MockTransport`] | your test says which requests come and what they are answered with |
//! | [`Tenant`] | your test should see what Auth0 would make of them: create, search, change, link, delete |
//! | [`FaultyTransport`] | things go wrong on the way: no connection, a reset, no answer, half of one |
//! | [`VirtualClock`] | time matters: retries, deadlines, expiring tokens; both of the above come with one |
//! | the binary `users-tenant` | the code under test is another process, or another language (crate of its own) |
//!
//! All of them give clients of the same type as `users-hyper` does, so a test swaps one in without touching a signature:
//! [`MockTransport::management`], [`Tenant::management`].

mod captured;
mod clock;
mod expectation;
mod fault;
mod fault_spec;
mod mock;
mod tenant;

pub use captured::Captured;
pub use clock::VirtualClock;
pub use expectation::{Expectation, Matcher};
pub use fault::{Fault, FaultyTransport, Injected};
pub use fault_spec::{FaultSpec, FaultSpecError};
pub use mock::MockTransport;
pub use tenant::{Bucket, Limits, Logged, Seed, SeedError, Tenant, TenantBuilder, UnknownTier};
