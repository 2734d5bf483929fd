//! A Redis server for tests: a process of its own on a loopback port, with its files in a temporary folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

mod cluster;
mod identity;
mod issuer;
mod server;

pub use cluster::RedisCluster;
pub use identity::Identity;
pub use issuer::Issuer;
pub use server::RedisServer;
