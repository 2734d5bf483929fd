//! Queries in the syntax of Auth0's user search, a dialect of Lucene's.
//!
//! [`field`] has a constant for each attribute that can be searched, with the conditions that its type has; a [`Query`] combines them.
//! `get_all().q(…)` takes a query or a text.
//!
//! ```no_run
//! use std::time::{Duration, SystemTime};
//! use users_core::ManagementClient;
//! use users_core::search::field;
//!
//! # async fn example(client: ManagementClient) -> Result<(), users_core::Error> {
//! let a_year_ago = SystemTime::now() - Duration::from_secs(365 * 24 * 60 * 60);
//! let dormant = field::LAST_LOGIN.before(a_year_ago).or(field::LAST_LOGIN.exists().not());
//! let query = dormant
//!     .and(field::EMAIL_DOMAIN.equals("example.com"))
//!     .and(field::app_metadata("plan").equals("free"));
//! for user in client.users().get_all().q(query).await? {
//!     println!("{:?}", user.user_id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Values are escaped: no text changes what a query means. What Auth0 does not support cannot be written, such as a range on
//! `user_metadata`, or is refused with the reason before anything is sent, such as a wildcard before two letters. Negations and
//! groups are written so that they mean the same in Lucene, where a negation only excludes, and in Boolean logic.
//!
//! | For a condition on | Use |
//! |---|---|
//! | text, such as [`EMAIL`](field::EMAIL) | [`TextField`] |
//! | a date, such as [`LAST_LOGIN`](field::LAST_LOGIN) | [`DateField`] |
//! | a number, such as [`LOGINS_COUNT`](field::LOGINS_COUNT) | [`NumberField`] |
//! | yes or no, such as [`BLOCKED`](field::BLOCKED) | [`FlagField`] |
//! | whether an object is there, such as [`APP_METADATA`](field::APP_METADATA) | [`ObjectField`] |
//! | a value in metadata | [`AppMetadataField`], [`UserMetadataField`], made by [`app_metadata`](field::app_metadata) and [`user_metadata`](field::user_metadata); [`MetadataValue`], [`RangeEnd`] |
//! | several properties of the same identity | [`IdentityFilter`] |
//! | what these cannot express | [`Query::raw`] |
//!
//! <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>

pub(crate) mod balance;
mod condition;
pub(crate) mod escape;
pub mod field;
mod identity;
mod metadata;
mod query;

pub use field::{DateField, FlagField, NumberField, ObjectField, TextField};
pub use identity::IdentityFilter;
pub use metadata::{AppMetadataField, MetadataValue, RangeEnd, UserMetadataField};
pub use query::Query;
