//! A ready client for Auth0's users, on hyper and rustls.
//!
//! Use this crate in an application. It re-exports [`users-core`](https://docs.rs/users-core) under the same names, and its models in
//! [`model`], so that no other dependency is needed. Use [`users-reqwest`](https://docs.rs/users-reqwest) on an existing `reqwest::Client`,
//! `users-core` alone on another HTTP stack, and [`users-mock`](https://docs.rs/users-mock) in tests: the client's type stays the same.
//!
//! ```console
//! $ cargo add users-hyper
//! $ cargo add tokio --features macros,rt-multi-thread
//! ```
//!
//! ```no_run
//! #[tokio::main]
//! async fn main() -> Result<(), users_hyper::Error> {
//!     let client = users_hyper::management("tenant.eu.auth0.com")
//!         .client_credentials("client id", "client secret")
//!         .build()?;
//!
//!     let user = client.users().get("auth0|507f1f77bcf86cd799439020").await?;
//!     println!("{}", user.email.unwrap_or_default());
//!     Ok(())
//! }
//! ```
//!
//! [`management()`] and [`authentication()`] return builders of clients with default settings; [`management_from_env`] reads the
//! tenant and the credentials from the environment. For proxies, additional root certificates and timeouts, build a transport and a
//! client on it:
//!
//! ```no_run
//! use std::time::Duration;
//! use users_hyper::{HyperTransport, ManagementClient};
//!
//! let transport = HyperTransport::builder()
//!     .connect_timeout(Duration::from_secs(3))
//!     .build()?;
//! let client = ManagementClient::builder(transport)
//!     .domain("tenant.eu.auth0.com")
//!     .token("token")
//!     .build()?;
//! # let _ = client;
//! # Ok::<(), users_hyper::Error>(())
//! ```
//!
//! Calls must be awaited inside a tokio runtime. Code without async can block on them, with the feature `blocking`: see [`blocking`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `ring` | yes | TLS and signatures of [`PrivateKeyJwt`] with the cryptography of ring |
//! | `aws-lc-rs` | | the same with aws-lc-rs; without it and `ring`, no client can be built, and with both, ring is used |
//! | `http2` | yes | HTTP/2, if the server offers it |
//! | `gzip` | yes | compressed responses |
//! | `tracing` | yes | a `tracing` span for each call and each attempt |
//! | `blocking` | | [`blocking`]: `call.wait()` and iterators, for code without async |
//! | `tower` | | [`TowerTransport`], a transport on any `tower` service for HTTP |
//! | `chrono` | | conversions between [`Timestamp`](model::Timestamp) and `chrono::DateTime<Utc>` |
//! | `jiff` | | conversions between [`Timestamp`](model::Timestamp) and `jiff::Timestamp` |
//!
//! # Types
//!
//! The types of this crate:
//!
//! | You want | Use |
//! |---|---|
//! | a client with default settings | [`management()`], [`authentication()`], [`management_from_env`], [`authentication_from_env`] |
//! | a proxy, certificates, a connection pool, timeouts | [`HyperTransport`], made by a [`HyperTransportBuilder`] |
//! | to authenticate by a private key | [`PrivateKeyJwt`], [`SigningAlgorithm`] |
//! | to authenticate by a client certificate | [`HyperTransportBuilder::client_certificate_pem`], [`ClientBuilder::mtls_credentials`] |
//! | calls without async | [`blocking`] |
//! | tokio's clock for another transport | [`TokioClock`] |
//!
//! The types of `users-core`:
//!
#![doc = include_str!("../TYPES.md")]
//!
//! # Operations
//!
#![doc = include_str!("../OPERATIONS.md")]
//!
#![cfg_attr(
    not(feature = "blocking"),
    doc = "[`blocking`]: https://docs.rs/users-hyper/latest/users_hyper/blocking/index.html"
)]
#![cfg_attr(
    not(feature = "tower"),
    doc = "[`TowerTransport`]: https://docs.rs/users-core/latest/users_core/struct.TowerTransport.html"
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod clock;
mod connection;
mod connector;
mod error;
mod exchange;
#[cfg(feature = "http2")]
mod gate;
#[cfg(feature = "gzip")]
mod gzip;
mod host;
mod pem;
mod pool;
mod pools;
mod private_key_jwt;
mod resolver;
mod target;
mod tls;
mod transport;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use builder::HyperTransportBuilder;
pub use clock::TokioClock;
pub use private_key_jwt::{PrivateKeyJwt, SigningAlgorithm};
pub use transport::HyperTransport;
pub use users_core::*;

/// Returns a builder of a client of the Management API, with a default transport and the settings of the
/// [environment](ClientBuilder::from_env): `AUTH0_DOMAIN`, and `AUTH0_CLIENT_ID` with `AUTH0_CLIENT_SECRET` or
/// `AUTH0_MANAGEMENT_API_TOKEN`.
///
/// ```no_run
/// # async fn example() -> Result<(), users_hyper::Error> {
/// let users = users_hyper::management_from_env().build()?.users();
/// println!("{:?}", users.by_email("ada@example.com").await?);
/// # Ok(())
/// # }
/// ```
pub fn management_from_env() -> ClientBuilder<ManagementClient> {
    management_builder().from_env()
}

/// Returns a builder of a client of the Authentication API, with a default transport and the settings of the
/// [environment](ClientBuilder::from_env).
pub fn authentication_from_env() -> ClientBuilder<AuthenticationClient> {
    authentication_builder().from_env()
}

/// Returns a builder of a client of the Management API, with a default transport.
///
/// The domain is that of the tenant, `tenant.eu.auth0.com`; `https://` before it and `/` after it are ignored. Set a source of
/// access tokens on the builder: [`client_credentials`](ClientBuilder::client_credentials),
/// [`client_assertion`](ClientBuilder::client_assertion), [`token`](ClientBuilder::token) or
/// [`token_source`](ClientBuilder::token_source).
///
/// ```no_run
/// let client = users_hyper::management("tenant.eu.auth0.com").token("a Management API token").build()?;
/// # let _ = client;
/// # Ok::<(), users_hyper::Error>(())
/// ```
pub fn management(domain: impl Into<String>) -> ClientBuilder<ManagementClient> {
    management_builder().domain(domain)
}

/// Returns a builder of a client of the Authentication API, with a default transport.
///
/// ```no_run
/// # async fn example() -> Result<(), users_hyper::Error> {
/// let client = users_hyper::authentication("tenant.eu.auth0.com").client_id("my app").build()?;
/// let info = client.users().get_info("a user's access token").await?;
/// # let _ = info;
/// # Ok(())
/// # }
/// ```
pub fn authentication(domain: impl Into<String>) -> ClientBuilder<AuthenticationClient> {
    authentication_builder().domain(domain)
}

fn management_builder() -> ClientBuilder<ManagementClient> {
    match HyperTransport::new() {
        Ok(transport) => ManagementClient::builder(transport),
        Err(error) => ManagementClient::builder(no_transport()).refuse(error.into()),
    }
}

fn authentication_builder() -> ClientBuilder<AuthenticationClient> {
    match HyperTransport::new() {
        Ok(transport) => AuthenticationClient::builder(transport),
        Err(error) => AuthenticationClient::builder(no_transport()).refuse(error.into()),
    }
}

/// The placeholder transport of a builder whose `build` fails.
fn no_transport() -> impl HttpTransport {
    transport_fn(|_, _| async { Err(TransportError::connect("the transport could not be built")) })
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
