//! Auth0's users on the real wire: a transport on hyper and rustls, and a clock on tokio.

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!(
    "users-hyper needs cryptography for TLS: switch on its feature `ring` (the default) or `aws-lc-rs`"
);

mod body;
mod clock;
mod connector;
mod error;
mod tls;
mod transport;

pub use clock::TokioClock;
pub use transport::{HyperTransport, HyperTransportBuilder};
