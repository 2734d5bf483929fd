//! Test doubles for clients of Auth0's user endpoints: no network and no waiting.
//!
//! | Use | when |
//! |---|---|
//! | [`MockTransport`] | the test states which requests are expected and how each is answered |
//! | [`Tenant`] | the test needs Auth0's behaviour: create, search, update, link, delete |
//! | [`FaultyTransport`] | the test injects failures: no connection, a reset, a timeout, a truncated body |
//! | [`Recorder`] and [`Replay`] | the answers of a real tenant are to be kept in a file, without its secrets, and replayed |
//! | [`NeverTransport`] | the test needs a server that never answers |
//! | [`conformance`] | you implement `HttpTransport`, and want to know whether it keeps its contract |
//! | [`VirtualClock`] | time matters: retries, deadlines, expiring tokens; the mock and the tenant have one |
//! | the crate `users-tenant` | the code under test is another process or written in another language |
//!
//! All of them give clients of the type that `users-hyper` gives, so a test swaps one in without changing a signature:
//! [`MockTransport::management`], [`Tenant::management`].
//!
//! ```toml
//! [dev-dependencies]
//! users-mock = "0.1"
//! ```
//!
//! The crate has no features.

mod cassette;
mod client;
mod clock;
pub mod conformance;
mod encoding;
mod fault;
mod never;
mod script;
mod tenant;

pub use cassette::{CassetteError, Exchange, Recorder, Replay, Scrub};
pub use clock::VirtualClock;
pub use fault::{Fault, FaultSpec, FaultSpecError, FaultyTransport, Injected};
pub use never::NeverTransport;
pub use script::{Captured, Expectation, Matcher, MockTransport};
pub use tenant::{
    AssumedError, Assumptions, Bucket, ClientAddress, ErrorHeader, InvalidTokenSpec, IssuedToken, Limits,
    Logged, Mail, MailKind, MountPath, Page, PageUser, Seed, SeedError, SigningKey, SigningKeyError,
    Snapshot, StateError, Template, Tenant, TenantBuilder, TokenQuota, TokenSpec, UnknownTier,
};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
