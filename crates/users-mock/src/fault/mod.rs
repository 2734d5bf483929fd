//! Faults of a transport.

mod kind;
mod rule;
mod spec;
mod transport;

pub use kind::Fault;
pub use spec::{FaultSpec, FaultSpecError};
pub use transport::{FaultyTransport, Injected};
