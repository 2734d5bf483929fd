//! A client for Auth0's users over any HTTP stack: operations, tokens, retries, pacing and errors over one transport trait.
//!
//! Use this crate with an HTTP stack of your own, which implements [`HttpTransport`], or with a [`tower`](https://docs.rs/tower) service
//! ([`TowerTransport`]). Use [`users-hyper`](https://docs.rs/users-hyper) for a client that is ready to use,
//! [`users-reqwest`](https://docs.rs/users-reqwest) on an existing `reqwest::Client`, and [`users-mock`](https://docs.rs/users-mock) in tests.
//! All of them use the clients of this crate.
//!
//! ```console
//! $ cargo add users-core
//! ```
//!
//! ```
//! use users_core::{Body, ManagementClient, transport_fn};
//!
//! let transport = transport_fn(|_request, _timeout| async {
//!     Ok(http::Response::new(Body::from(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)))
//! });
//! let client = ManagementClient::builder(transport)
//!     .domain("tenant.eu.auth0.com")
//!     .token("token")
//!     .build()?;
//! # futures_util::FutureExt::now_or_never(async move {
//! let user = client.users().get("auth0|1").await?;
//! assert_eq!(user.email.as_deref(), Some("ada@example.com"));
//! # Ok::<(), users_core::Error>(()) }).unwrap()?;
//! # Ok::<(), users_core::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `tracing` | yes | a `tracing` span for each call and each attempt |
//! | `tower` | | [`TowerTransport`], a transport on any `tower` service for HTTP |
//! | `chrono` | | conversions between [`Timestamp`](model::Timestamp) and `chrono::DateTime<Utc>` |
//! | `jiff` | | conversions between [`Timestamp`](model::Timestamp) and `jiff::Timestamp` |
//! | `contract` | | what this project's own checks need; not part of the public API |
//!
//! # Without a client
//!
//! Each call is an [`Operation`], a value that makes a request and decodes the response. A client executes it:
//!
//! ```text
//! CreateUser → Request<Bytes> → pace → authorize → send ⟲ retry → Response<Bytes> → User
//! └───────── pure ──────────┘   └────────── client ──────────┘   └──────── pure ───────┘
//! ```
//!
//! [`Operation::request`] and [`Operation::decode`] are pure functions, without a client and without a runtime:
//!
//! ```
//! use users_core::management::GetUser;
//! use users_core::{BaseUrl, Operation as _};
//!
//! let base = BaseUrl::parse("https://tenant.eu.auth0.com/api/v2")?;
//! let request = GetUser::new("auth0|1")?.request(&base)?;
//! // … send the request by any means …
//! let response = http::Response::new(bytes::Bytes::from(r#"{"user_id":"auth0|1"}"#));
//! let user = GetUser::decode(response)?;
//! # let _ = (request, user);
//! # Ok::<(), users_core::Error>(())
//! ```
//!
//! # Guarantees
//!
//! - A path with an empty, blank or dot segment is never sent: such an id is an error.
//! - A write that may have been carried out is not repeated unless the call is [idempotent](Call::idempotent).
//! - Access tokens, secrets and passwords do not appear in `Debug`, `Display`, errors or spans.
//! - The access token is sent to the tenant's authority only, and over plain HTTP to loopback only.
//!
//! # Types
//!
#![doc = include_str!("../TYPES.md")]
//!
//! # Operations
//!
#![doc = include_str!("../OPERATIONS.md")]
//!
#![cfg_attr(
    not(feature = "tower"),
    doc = "[`TowerTransport`]: https://docs.rs/users-core/latest/users_core/struct.TowerTransport.html"
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod authentication;
pub mod management;
pub mod search;

mod attempt;
mod base_url;
#[cfg(feature = "contract")]
#[doc(hidden)]
pub mod bodies;
mod budget;
mod builder;
mod bulk;
mod call;
mod catalogue;
mod client;
mod clock;
mod deadline;
mod descriptor;
mod error;
mod error_chain;
mod execute;
mod operation;
mod operation_macro;
mod outcome;
mod pacing;
mod paging;
mod path_template;
mod prepare;
mod queue;
mod rate_limit;
mod redact;
mod request;
mod response;
mod rest;
mod retry;
mod token;
mod trace;
mod transport;

pub use async_trait::async_trait;
pub use authentication::{
    AssertionRequest, AssertionSource, AuthenticationClient, ClientCredentials, assertion_fn,
};
pub use base_url::BaseUrl;
pub use builder::{ApiClient, AuthenticationApi, ClientBuilder, ManagementApi};
pub use bulk::{
    Applied, Bulk, BulkError, BulkJournal, BulkOutcome, BulkProgress, BulkReport, BulkRun, BulkStatus,
    Export, ExportProgress, ExportedUsers, ImportAll, ImportError, ImportProgress, ImportReport, RefusedRow,
    Resolution, RunningExport, UnfinishedImport,
};
pub use bytes;
pub use call::{Call, CallFuture, Meta, Optional, WithMeta};
pub use catalogue::CATALOGUE;
#[cfg(feature = "contract")]
#[doc(hidden)]
pub use catalogue::bodies;
pub use clock::{Clock, Instant, SystemClock};
pub use descriptor::{Access, Api, Descriptor, Paging, Safety};
pub use error::{Error, ErrorKind};
pub use error_chain::error_chain;
pub use futures_core::Stream;
pub use http;
pub use management::ManagementClient;
pub use operation::Operation;
pub use pacing::{AdaptivePacer, PaceError, PaceRequest, Pacer, Permit, RateLimitState, Unpaced};
pub use paging::{
    CheckpointPaged, CheckpointPaging, Items, ListPage, ListPosition, OffsetPaged, OffsetPaging, Paged, Pages,
};
pub use path_template::{InvalidPath, PathTemplate};
pub use rate_limit::{RateLimit, server_delay};
pub use redact::is_sensitive;
#[doc(hidden)]
pub use redact::{SecretSet, replace_secrets};
pub use request::RequestBuilder;
pub use response::{decode_empty, decode_json, decode_text};
pub use rest::{Rest, RestClient};
pub use retry::{FailedAttempt, Retry};
pub use token::{AccessToken, StaticToken, TokenFn, TokenSource, token_fn};
#[cfg(feature = "tower")]
pub use transport::TowerTransport;
pub use transport::{
    Body, ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind, transport_fn,
};
pub use users_model as model;
