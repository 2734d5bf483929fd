//! Queries in the syntax of Auth0's user search, a dialect of Lucene's.

pub(crate) mod balance;
pub(crate) mod escape;
