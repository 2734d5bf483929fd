//! The data types of Auth0's user endpoints: users, identities, updates, pages and error bodies, without HTTP or async code.
//!
//! Use this crate alone to read or write what Auth0 sends: exports, webhooks, fixtures. The clients re-export it as `model`:
//! [`users-hyper`](https://docs.rs/users-hyper), which is ready to use, and [`users-core`](https://docs.rs/users-core), on any HTTP stack.
//!
//! ```console
//! $ cargo add users-model
//! ```
//!
//! ```
//! use users_model::{NewUser, User};
//!
//! let json = r#"{"user_id":"auth0|1","email":"ada@example.com","locale":"en"}"#;
//! let user: User = serde_json::from_str(json)?;
//! assert_eq!(user.email.as_deref(), Some("ada@example.com"));
//! assert_eq!(user.unknown.get::<String>("locale")?.as_deref(), Some("en"));
//!
//! let new = NewUser::new("Username-Password-Authentication").email("grace@example.com");
//! assert_eq!(
//!     serde_json::to_string(&new)?,
//!     r#"{"connection":"Username-Password-Authentication","email":"grace@example.com"}"#,
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Lossless decoding
//!
//! Encoding a decoded value returns the same JSON. A model keeps the keys that it has no field for in `unknown`. A value of an
//! unexpected type (a date that is `{}`, a `null`, a number in place of a string) is kept there too, as its original text, and
//! the field is `None`. Numbers keep their length and precision.
//!
//! Models are decoded from and encoded to JSON by `serde_json` (text, bytes or `Value`). Other formats are not supported.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `chrono` | | conversions between [`Timestamp`] and `chrono::DateTime<Utc>` |
//! | `jiff` | | conversions between [`Timestamp`] and `jiff::Timestamp` |
//!
//! # Types
//!
//! | For | Types |
//! |---|---|
//! | users | [`User`], [`NewUser`], [`UserUpdate`] with [`Patch`], [`UserId`], [`Identity`], [`LinkTarget`] |
//! | metadata | [`JsonObject`], [`MetadataUpdate`] |
//! | values | [`Timestamp`], [`Secret`], [`Number`], [`Flag`], [`UnknownValue`] |
//! | lists | [`Page`] |
//! | roles and permissions | [`Role`], [`RoleUser`], [`EffectiveRole`], [`Permission`], [`PermissionRef`], [`EffectivePermission`] |
//! | organizations | [`Organization`], [`OrganizationMember`], [`Invitation`], [`NewInvitation`] |
//! | multi-factor authentication | [`AuthenticationMethod`], [`Enrollment`], [`EnrollmentTicket`], [`MultifactorProvider`] |
//! | sessions and tokens | [`Session`], [`RefreshToken`], [`TokenResponse`], [`Grant`], [`DeviceCredential`] |
//! | jobs and tickets | [`Job`], [`JobRowErrors`], [`UsersExport`], [`EmailVerificationTicket`], [`PasswordChangeTicket`] |
//! | blocks and logs | [`UserBlocks`], [`RiskAssessmentClearance`], [`LogEvent`] |
//! | connections and groups | [`Connection`], [`Provider`], [`ConnectedAccount`], [`Group`] |
//! | sign-ups and logins | [`NewSignup`], [`UserInfo`], [`PasswordlessStart`], [`Impersonation`] |
//! | errors | [`ErrorBody`], [`PasswordRules`] |
//! | JSON text | [`json`] |
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
