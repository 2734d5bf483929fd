//! The search for users and log entries: the query syntax, sorting, and the selection of attributes.

mod candidates;
mod filter;
mod normal;
mod projection;
mod query;
mod sort;
mod users;

pub(crate) use filter::Effort;
pub(crate) use projection::{project, select};
pub(crate) use query::{LOGS, Query, Unusable};
pub(crate) use users::{list, rejected};
