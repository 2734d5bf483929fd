//! The endpoints for tokens: `/oauth/…`, `/.well-known/…` and `/mfa/…`.

pub(crate) mod client;
mod client_credentials;
mod code;
pub(crate) mod discovery;
pub(crate) mod issue;
pub(crate) mod mfa;
mod passcode;
mod password;
mod refresh;
pub(crate) mod revoke;
pub(crate) mod second_factor;
pub(crate) mod token;
