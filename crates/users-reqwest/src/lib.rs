//! A client for Auth0's users on an existing `reqwest::Client`: a transport of users-core.
//!
//! Use this crate in an application that has a `reqwest::Client` already, with its proxies, certificates and connection pool. Use
//! [`users-hyper`](https://docs.rs/users-hyper) for a client that needs no configuration, and
//! [`users-core`](https://docs.rs/users-core) alone on another HTTP stack.
//!
//! ```console
//! $ cargo add users-core users-reqwest
//! ```
//!
//! ```no_run
//! use std::time::Duration;
//! use users_core::ManagementClient;
//! use users_reqwest::ReqwestTransport;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10));
//! let client = ManagementClient::builder(ReqwestTransport::from_builder(http)?)
//!     .domain("tenant.eu.auth0.com")
//!     .client_credentials("client id", "client secret")
//!     .build()?;
//! for user in client.users().get_all().per_page(10).await? {
//!     println!("{}", user.name.unwrap_or_default());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`ReqwestTransport::from_builder`] makes a client that follows no redirect and repeats no request; [`ReqwestTransport::new`] takes a
//! client as it is, which must be configured so.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2, if the server offers it, and the recognition of requests that an HTTP/2 server has not processed |
//! | `rustls` | yes | TLS by rustls with the cryptography of aws-lc-rs |
//! | `rustls-no-provider` | | TLS by rustls with the cryptography that the process installs |
//!
//! Other features of reqwest, such as `gzip`, `system-proxy` or another TLS library, are enabled on `reqwest` itself.
//!
//! # Types
//!
//! The crate has one type, [`ReqwestTransport`]. Clients, models and errors are those of [`users-core`](https://docs.rs/users-core),
//! whose front page lists them.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod transport;

pub use transport::ReqwestTransport;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
