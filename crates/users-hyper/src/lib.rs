//! Auth0's users, ready to use: the SDK of `users-core` on hyper and rustls.
//!
//! ```no_run
//! # async fn example() -> Result<(), users_hyper::Error> {
//! let client = users_hyper::management("tenant.eu.auth0.com")
//!     .client_credentials("client id", "client secret")
//!     .build()?;
//!
//! let user = client.users().get("auth0|507f1f77bcf86cd799439020").await?;
//! println!("{}", user.email.unwrap_or_default());
//! # Ok(())
//! # }
//! ```
//!
//! Everything of `users-core` is here under the same name, and its models in [`model`], so that this is the only dependency.
//! [`management()`] and [`authentication()`] begin a client with every default. For proxies, extra root certificates and timeouts,
//! build a transport and a client on it:
//!
//! ```no_run
//! use std::time::Duration;
//! use users_hyper::{HyperTransport, ManagementClient};
//!
//! let transport = HyperTransport::builder().connect_timeout(Duration::from_secs(3)).build()?;
//! let client = ManagementClient::builder(transport).domain("tenant.eu.auth0.com").token("token").build()?;
//! # let _ = client;
//! # Ok::<(), users_hyper::Error>(())
//! ```
//!
//! Calls run inside a tokio runtime. With the feature `blocking`, code without async waits for them instead: see
//! `users_hyper::blocking`.

mod body;
mod builder;
mod clock;
mod connector;
mod error;
mod gate;
mod pools;
mod resolver;
mod tls;
mod transport;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use builder::HyperTransportBuilder;
pub use clock::TokioClock;
pub use transport::HyperTransport;
pub use users_core::*;

/// Begins a client of the Management API of this tenant, with every default.
///
/// The domain is the tenant's, `tenant.eu.auth0.com`; `https://…/` around it does not matter. Say where access tokens come from:
/// [`client_credentials`](ClientBuilder::client_credentials), [`token`](ClientBuilder::token) or [`token_source`](ClientBuilder::token_source).
///
/// ```no_run
/// let client = users_hyper::management("tenant.eu.auth0.com").token("a Management API token").build()?;
/// # let _ = client;
/// # Ok::<(), users_hyper::Error>(())
/// ```
pub fn management(domain: impl Into<String>) -> ClientBuilder<ManagementClient> {
    match HyperTransport::new() {
        Ok(transport) => ManagementClient::builder(transport),
        Err(error) => ManagementClient::builder(no_transport()).refuse(error.into()),
    }
    .domain(domain)
}

/// Begins a client of the Authentication API of this tenant, with every default.
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
    match HyperTransport::new() {
        Ok(transport) => AuthenticationClient::builder(transport),
        Err(error) => AuthenticationClient::builder(no_transport()).refuse(error.into()),
    }
    .domain(domain)
}

/// The transport of a builder that will fail, since the real one could not be made.
fn no_transport() -> impl HttpTransport {
    transport_fn(|_, _| async { Err(TransportError::connect("there is no transport")) })
}
