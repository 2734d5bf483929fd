//! Stories of `auth0-users`: the binary against a tenant of this process.

#![allow(clippy::unwrap_used)]

#[cfg(unix)]
mod asking;
mod changing;
mod debugging;
mod exits;
mod exporting;
mod rate;
mod reading;
mod resuming;
mod support;
mod unfinished;
