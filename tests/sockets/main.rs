//! The tests over real sockets and on tokio's clock, one module for each subject.

mod belongings;
mod binary;
mod bulk;
mod cancellation;
mod control;
mod errors;
mod failures;
mod faults;
mod hostile;
mod isolation;
mod page;
mod protected_service;
mod reqwest_errors;
mod runtimes;
mod state;
mod stories;
mod transports;
mod wire;
mod wrong_transports;
