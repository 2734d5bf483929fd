//! Cassettes: recorded exchanges, in a file that can be replayed.

mod assignments;
mod exchange;
mod har;
mod links;
mod names;
mod notation;
mod personal;
mod recorder;
mod replay;
mod scrub;

pub use exchange::Exchange;
pub use recorder::Recorder;
pub use replay::{CassetteError, Replay};
pub use scrub::Scrub;
