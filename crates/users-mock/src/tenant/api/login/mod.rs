//! Logins, sign-ups and what else a user does in a browser or an application.

pub(crate) mod authorize;
pub(crate) mod change_password;
mod complete;
pub(crate) mod credentials;
pub(crate) mod logout;
pub(crate) mod mails;
pub(crate) mod organization;
pub(crate) mod pages;
pub(crate) mod passwordless;
mod session;
pub(crate) mod signup;
pub(crate) mod unfinished;
