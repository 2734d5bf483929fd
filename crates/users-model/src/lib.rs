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

mod error_body;
mod flag;
mod id;
mod identity;
mod impersonation;
pub mod json;
mod link;
mod metadata;
mod new_user;
mod object;
mod page;
mod patch;
mod provider;
mod secret;
mod timestamp;
mod user;
mod user_update;
mod userinfo;

pub use error_body::ErrorBody;
pub use flag::Flag;
pub use id::{IdentityId, InvalidId, UserId};
pub use identity::{Identity, ProfileData};
pub use impersonation::{Impersonation, Protocol};
pub use json::JsonObject;
pub use link::LinkTarget;
pub use metadata::MetadataUpdate;
pub use new_user::NewUser;
pub use page::{Listed, Page};
pub use patch::Patch;
pub use provider::{MultifactorProvider, Provider};
pub use secret::Secret;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use user::User;
pub use user_update::UserUpdate;
pub use userinfo::{UpdatedAt, UserInfo};
