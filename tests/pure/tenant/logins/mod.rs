//! Logins in a browser and by applications, and what they leave behind.

mod assumptions;
mod browser;
mod codes;
mod imported;
mod keys;
mod log_entries;
mod organizations;
mod protocol;
mod refresh_tokens;
mod second_factors;
mod sessions;
mod signups;
mod stories;

use super::{DATABASE, PASSWORD};
