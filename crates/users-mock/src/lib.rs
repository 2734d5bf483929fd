//! The test wire.

mod clock;
mod expectation;
mod mock;

pub use clock::VirtualClock;
pub use expectation::{Expectation, Matcher};
pub use mock::{Captured, MockTransport};
