//! The tests without sockets, one module for each subject.

mod arguments;
mod bodies;
mod bulk;
mod cancellation;
mod downstream;
mod errors;
mod faults;
mod fuzz_bodies;
mod hostile;
mod ids;
mod limits;
mod lists;
mod login_errors;
mod logins;
mod mock;
mod models;
mod operations;
mod pacing;
mod pipeline;
mod recordings;
mod requests;
mod rest;
mod search;
mod secrets;
mod tenant;
mod tokens;
