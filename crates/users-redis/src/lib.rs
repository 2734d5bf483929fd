//! One pace and one access token for many processes that manage the users of one Auth0 tenant, shared through Redis.
//!
//! Use this crate where several processes use one tenant: the pods of a service, the workers of a batch, functions of a serverless
//! platform. A tenant has one allowance of requests, and each process alone learns its part only after some seconds; a token for
//! each process costs money and time. [`users-core`](https://docs.rs/users-core) alone is enough for one process, and for a few
//! that run long.
//!
//! ```console
//! $ cargo add users-redis users-hyper
//! ```
//!
//! ```
//! use users_core::ManagementClient;
//! use users_redis::{RedisPacer, RedisStore, RedisTokenSource, TokenKey};
//! # use users_core::{Body, HttpTransport, transport_fn};
//! # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
//!
//! let store = RedisStore::open("redis://127.0.0.1:6379")?;
//! let pacer = RedisPacer::new(&store, "tenant.eu.auth0.com");
//! let key = TokenKey::from_bytes([7; 32]); // 32 random bytes, from a secret store
//! let client = ManagementClient::builder(my_transport())
//!     .domain("tenant.eu.auth0.com")
//!     .client_credentials("client id", "client secret")
//!     .pacer(pacer)
//!     .wrap_token_source(move |source| {
//!         RedisTokenSource::new(&store, "tenant.eu.auth0.com/client id", source, &key)
//!     })
//!     .build()?;
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! While Redis is unavailable, calls go on: each process paces itself by its last known share, and fetches a token of its own.
//! [`WhenUnavailable::Fail`] lets them fail instead.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `cluster` | yes | a cluster of Redis servers |
//! | `tls` | yes | TLS by rustls, for `rediss://` addresses, with the trust roots of the platform |
//!
//! # Types
//!
//! | type | what it is |
//! |---|---|
//! | [`RedisStore`] | the connection to a server or a cluster; pacers and token sources of one process share it |
//! | [`RedisPacer`] | a [`Pacer`](users_core::Pacer): one pace for all processes of a tenant |
//! | [`RedisTokenSource`], [`TokenKey`] | a [`TokenSource`](users_core::TokenSource) that shares the token of another one, encrypted with a key |
//! | [`WhenUnavailable`] | what happens while Redis is unavailable |
//! | [`redis`] | the crate that connects, for a client with settings of its own |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
mod backoff;
mod pacing;
mod script;
mod store;
mod token;
mod when;

pub use pacing::RedisPacer;
pub use redis;
pub use store::RedisStore;
pub use token::{RedisTokenSource, TokenKey, TokenKeyError};
pub use when::WhenUnavailable;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
