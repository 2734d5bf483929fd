//! Test doubles for clients of Auth0's users, without network or waiting: a scripted mock, an embedded tenant and a virtual clock.
//!
//! Use this crate in the tests of a Rust program. All of its test doubles give clients of the type that `users-hyper` gives, so a test
//! swaps one in without changing a signature. Use [`users-tenant`](https://docs.rs/users-tenant), the same tenant over HTTP, if the code
//! under test is another process or written in another language.
//!
//! ```console
//! $ cargo add --dev users-mock
//! ```
//!
//! ```
//! use users_core::model::NewUser;
//! use users_mock::Tenant;
//!
//! let tenant = Tenant::new();
//! let users = tenant.management().users();
//! tenant.clock().block_on(async {
//!     let ada = NewUser::new("Username-Password-Authentication")
//!         .email("ada@example.com")
//!         .password("Correct horse 1");
//!     let ada = users.create(ada).await?;
//!     assert_eq!(ada.nickname.as_deref(), Some("ada"));
//!     Ok::<(), users_core::Error>(())
//! })?;
//! # Ok::<(), users_core::Error>(())
//! ```
//!
//! # Features
//!
//! The crate has no features.
//!
//! # Types
//!
//! | Use | when |
//! |---|---|
//! | [`MockTransport`] | the test states which requests are expected and how each is answered: [`Expectation`], [`Matcher`], [`Captured`] |
//! | [`Tenant`] | the test needs Auth0's behaviour: create, search, update, link, delete, log in |
//! | [`TenantBuilder`], [`Seed`] | the tenant starts with data, faults, rate limits ([`Limits`]) or other [`Assumptions`] |
//! | [`Template`], [`Snapshot`] | many tests start from the same data, or return to it |
//! | [`TokenSpec`], [`IssuedToken`], [`SigningKey`] | the test needs tokens of users, without a login |
//! | [`Mail`] | the test follows the link or enters the code of a message |
//! | [`FaultyTransport`], [`FaultSpec`], [`Fault`] | the test injects failures: no connection, a reset, a timeout, a truncated body |
//! | [`Recorder`], [`Replay`], [`Scrub`] | the answers of a real tenant are to be kept in a file, without its secrets, and replayed |
//! | [`NeverTransport`] | the test needs a server that never answers |
//! | [`VirtualClock`] | time matters: retries, deadlines, expiring tokens; the mock and the tenant have one |
//! | [`conformance`] | you implement [`HttpTransport`](users_core::HttpTransport), and want to know whether it keeps its contract |

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
