//! Keeping the data of a tenant: in a snapshot, or in a file from one process to the next.

mod journal;
mod record;
mod snapshot;

pub(crate) use journal::Journal;
pub use journal::StateError;
pub use snapshot::Snapshot;
