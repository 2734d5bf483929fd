//! The transport over real sockets, against servers that send scripted bytes.
#![cfg(all(any(feature = "ring", feature = "aws-lc-rs"), feature = "gzip", feature = "http2"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bodies;
mod connecting;
mod failures;
mod http1_race;
mod http2;
mod http2_peer;
mod http2_race;
mod limits;
mod mtls;
mod pool;
mod private_key_jwt;
mod proxy;
mod runtimes;
mod support;
mod tls;
mod version_race;
