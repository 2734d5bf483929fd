//! A scripted transport and its expectations.

mod captured;
mod differences;
mod expectation;
mod matcher;
mod mock;
mod response;
mod rule;

pub use captured::Captured;
pub(crate) use differences::differences;
pub use expectation::Expectation;
pub use matcher::Matcher;
pub use mock::MockTransport;
