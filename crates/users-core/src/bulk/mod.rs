//! Operations of several calls: an operation over many inputs, imports of any size, and exports as users or as a file.

mod builder;
mod calls;
mod export;
mod files;
mod gzip;
mod import;
mod importing;
mod job;
mod journal;
mod matching;
mod outcome;
mod progress;
mod report;
mod resolve;
mod run;
mod run_report;
mod runner;
mod work;
mod yielding;

pub use builder::Bulk;
pub use export::{Export, ExportProgress, ExportedUsers, RunningExport};
pub use import::{ImportAll, ImportProgress};
pub use journal::BulkJournal;
pub use outcome::{Applied, BulkOutcome, BulkStatus};
pub use progress::BulkProgress;
pub use report::{ImportError, ImportReport, RefusedRow, UnfinishedImport};
pub use resolve::Resolution;
pub use run::BulkRun;
pub use run_report::{BulkError, BulkReport};
