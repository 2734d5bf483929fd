//! The endpoints for tokens: `/oauth/…`, `/.well-known/…` and `/mfa/…`.

pub(crate) mod authenticators;
pub(crate) mod client;
mod client_credentials;
mod code;
pub(crate) mod direct;
pub(crate) mod discovery;
pub(crate) mod issue;
pub(crate) mod mfa;
mod passcode;
mod password;
mod refresh;
mod request;
pub(crate) mod revoke;
mod second_factor;
pub(crate) mod token;
