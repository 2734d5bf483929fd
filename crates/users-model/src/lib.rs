//! What travels between a program and Auth0's users endpoints.
//!
//! Plain data with serde: [`User`], [`NewUser`], [`UserUpdate`], [`Identity`], [`Page`], the error bodies, the ids. No
//! HTTP and no async; those are in `users-core`, and a program that just wants to work depends on `users-hyper`.
//!
//! # Nothing is lost
//!
//! Decoding and encoding again gives the JSON that came. A model keeps what it has no field for in `unknown`, and a value
//! of an unexpected shape (a date that is `{}`, a `null`, a number where text should be) goes there too, as the text it
//! came in, while its field stays empty. Numbers of any length and precision survive.
//!
//! Models are read from and written to JSON by `serde_json` (text, bytes or `Value`); other formats are not meant.

mod authentication_method;
mod connected_account;
mod entries;
mod error_body;
mod flag;
mod group;
mod id;
mod identity;
mod impersonation;
mod job;
pub mod json;
mod link;
mod log_event;
mod memory;
mod metadata;
mod new_user;
mod number;
mod object;
mod organization;
mod page;
mod patch;
mod permission;
mod provider;
mod refresh_token;
mod role;
mod secret;
mod session;
mod ticket;
mod timestamp;
mod unknown_value;
mod user;
mod user_block;
mod user_update;
mod userinfo;

pub use authentication_method::*;
pub use connected_account::*;
pub use error_body::ErrorBody;
pub use flag::Flag;
pub use group::*;
pub use id::{IdentityId, InvalidId, UserId};
pub use identity::*;
pub use impersonation::*;
pub use job::*;
pub use json::JsonObject;
pub use link::*;
pub use log_event::*;
pub use memory::{MemoryExceeded, within_memory};
pub use metadata::MetadataUpdate;
pub use new_user::*;
pub use number::Number;
pub use organization::*;
pub use page::{Listed, Page};
pub use patch::Patch;
pub use permission::*;
pub use provider::*;
pub use refresh_token::*;
pub use role::*;
pub use secret::Secret;
pub use session::*;
pub use ticket::*;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use unknown_value::UnknownValue;
pub use user::*;
pub use user_block::*;
pub use user_update::*;
pub use userinfo::*;
