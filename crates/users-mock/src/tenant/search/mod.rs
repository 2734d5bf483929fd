//! The search for users: the query syntax, sorting, and the selection of attributes.

mod filter;
mod normal;
mod projection;
mod query;
mod sort;
mod users;

pub(crate) use projection::{project, select};
pub(crate) use users::list;
