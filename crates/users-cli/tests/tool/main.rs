//! Stories of `auth0-users`: the binary against a tenant of this process.

#![allow(clippy::unwrap_used)]

mod exits;
mod reading;
mod support;
