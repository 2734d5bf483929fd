//! Auth0's users, on any HTTP stack.
//!
//! This crate makes requests, reads answers, and takes each call down one road:
//!
//! ```text
//! NewUser → CreateUser: Operation → http::Request<Bytes> → pace → authorize → send ⟲ retry → http::Response<Bytes> → decode → User
//!           └────────── pure ──────────────────────────┘   └────────── client ──────────┘   └───────── pure ──────────────┘
//! ```
//!
//! What it does not bring is a network: [`HttpTransport`] is the one trait to implement. A program that just wants to work
//! depends on `users-hyper`, which has done so; tests depend on `users-mock`.
//!
//! ```
//! use users_core::{Body, ManagementClient, transport_fn};
//!
//! let transport = transport_fn(|_request, _deadline| async {
//!     Ok(http::Response::new(Body::from(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)))
//! });
//! let client = ManagementClient::builder(transport).domain("tenant.eu.auth0.com").token("token").build()?;
//! # futures_util::FutureExt::now_or_never(async move {
//! let user = client.users().get("auth0|1").await?;
//! assert_eq!(user.email.as_deref(), Some("ada@example.com"));
//! # Ok::<(), users_core::Error>(()) }).unwrap()?;
//! # Ok::<(), users_core::Error>(())
//! ```
//!
//! # Without async, without this client
//!
//! Both ends of the road are pure: [`Call::into_request`] gives the `http::Request<Bytes>`, and [`Operation::decode`] reads an
//! `http::Response<Bytes>`, so a request can travel by any means at all.
//!
//! # What never happens
//!
//! - A path with an empty, blank or dot segment is never sent; such an id is refused when it is made.
//! - A write that may have been carried out is not sent again without [your word](Call::idempotent).
//! - Tokens, secrets and passwords are in no `Debug`, no `Display`, no error and no span.
//! - The access token goes to the tenant's own authority only, and in the clear to this machine only.
//!
//! # Operations
#![doc = include_str!("../OPERATIONS.md")]

pub mod authentication;
pub mod management;

mod attempt;
mod base_url;
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
mod execute;
mod operation;
mod operation_macro;
mod outcome;
mod pacing;
mod paging;
mod path_template;
mod prepare;
mod rate_limit;
mod redact;
mod request;
mod response;
mod rest;
mod retry;
mod token;
mod trace;
mod transport;

pub use authentication::{AuthenticationClient, ClientCredentials};
pub use base_url::BaseUrl;
pub use builder::{ApiClient, AuthenticationApi, ClientBuilder, ManagementApi};
pub use bulk::{ImportAll, ImportError, ImportReport, RefusedRow, UnfinishedImport};
pub use call::{Call, CallFuture, Meta, Optional, WithMeta};
pub use catalogue::CATALOGUE;
pub use clock::{Clock, Instant, SystemClock};
pub use descriptor::{Access, Api, Descriptor, Paging, Safety};
pub use error::{Error, ErrorKind};
pub use management::ManagementClient;
pub use operation::Operation;
pub use pacing::{AdaptivePacer, PaceError, PaceRequest, Pacer, Permit, RateLimitState, Unpaced};
pub use paging::{CheckpointPaged, CheckpointPaging, Items, OffsetPaged, OffsetPaging, Paged, Pages};
pub use path_template::{InvalidPath, PathTemplate};
pub use rate_limit::RateLimit;
pub use request::RequestBuilder;
pub use response::{decode_empty, decode_json, decode_text};
pub use rest::{Rest, RestClient};
pub use retry::{FailedAttempt, Retry};
pub use token::{AccessToken, StaticToken, TokenFn, TokenSource, token_fn};
pub use transport::{
    Body, ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind, transport_fn,
};
pub use users_model as model;
