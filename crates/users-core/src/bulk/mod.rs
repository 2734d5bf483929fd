//! Operations of several calls: imports of any size, and exports to a writer.

mod export;
mod files;
mod gzip;
mod import;
mod job;
mod matching;
mod report;
mod yielding;

pub use import::ImportAll;
pub use report::{ImportError, ImportReport, RefusedRow, UnfinishedImport};
