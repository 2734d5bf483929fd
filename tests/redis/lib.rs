//! A Redis server for tests: a process of its own on a loopback port, with its files in a temporary folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

mod server;

pub use server::RedisServer;
