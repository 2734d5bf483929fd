//! The data types of Auth0's user endpoints.
//!
//! Plain data with serde: [`User`], [`NewUser`], [`UserUpdate`], [`Identity`], [`Page`], error bodies and ids. The crate contains
//! no HTTP and no async code: those are in `users-core`. Applications depend on `users-hyper`.
//!
//! # Lossless decoding
//!
//! Encoding a decoded value returns the same JSON. A model keeps the keys that it has no field for in `unknown`. A value of an
//! unexpected type (a date that is `{}`, a `null`, a number in place of a string) is kept there too, as its original text, and
//! the field is `None`. Numbers keep their length and precision.
//!
//! Models are decoded from and encoded to JSON by `serde_json` (text, bytes or `Value`). Other formats are not supported.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod authentication_method;
mod connected_account;
mod connection;
mod device_credential;
mod error_body;
mod flag;
mod grant;
mod group;
mod guardian;
mod id;
mod identity;
mod impersonation;
mod invitation;
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
mod password_rules;
mod passwordless;
mod patch;
mod permission;
mod provider;
mod refresh_token;
mod role;
mod secret;
mod session;
mod signup;
mod ticket;
mod timestamp;
mod token_response;
mod unknown_value;
mod user;
mod user_block;
mod user_update;
mod userinfo;

pub use authentication_method::*;
pub use connected_account::*;
pub use connection::*;
pub use device_credential::*;
pub use error_body::ErrorBody;
pub use flag::Flag;
pub use grant::*;
pub use group::*;
pub use guardian::*;
pub use id::{IdentityId, InvalidId, UserId};
pub use identity::*;
pub use impersonation::*;
pub use invitation::*;
pub use job::*;
pub use json::{JsonObject, Model};
pub use link::*;
pub use log_event::*;
pub use memory::{MemoryExceeded, within_memory};
pub use metadata::MetadataUpdate;
pub use new_user::*;
pub use number::Number;
pub use organization::*;
pub use page::{Listed, Page};
pub use password_rules::*;
pub use passwordless::*;
pub use patch::Patch;
pub use permission::*;
pub use provider::*;
pub use refresh_token::*;
pub use role::*;
pub use secret::Secret;
pub use session::*;
pub use signup::*;
pub use ticket::*;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use token_response::*;
pub use unknown_value::UnknownValue;
pub use user::*;
pub use user_block::*;
pub use user_update::*;
pub use userinfo::*;
