//! The report of a bulk run, also of one that failed.

use super::progress::BulkProgress;
use crate::descriptor::{Access, Descriptor};
use crate::error::Error;
use std::error::Error as StdError;
use std::fmt;

/// The results of a run, without the inputs that were carried out.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkReport<I> {
    /// The counts.
    pub progress: BulkProgress,
    /// The inputs that were not carried out, with their positions. The error is missing if the journal has them from an earlier run.
    pub failed: Vec<(u64, I, Option<Error>)>,
    /// The inputs that may have been carried out, with their positions.
    pub uncertain: Vec<(u64, I, Option<Error>)>,
}

/// The error of a bulk run, with the report up to the failure: its journal cannot be read, written or used, or its options are not valid.
///
/// Each input that was sent has its outcome in the report. `?` converts it into an [`Error`] of the same kind, with this error as its
/// source.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager, ids: Vec<String>) {
/// use users_core::BulkJournal;
///
/// let Ok(journal) = BulkJournal::open("delete.journal") else { return };
/// if let Err(failed) = users.bulk().journal(journal).delete(ids).finish().await {
///     eprintln!("{failed}: {}", failed.error());
///     for (position, id, error) in &failed.report().failed {
///         eprintln!("{position}: {id} was not deleted: {error:?}");
///     }
/// }
/// # }
/// ```
pub struct BulkError<I> {
    error: Error,
    report: Box<BulkReport<I>>,
    /// The operation, if any input was prepared.
    descriptor: Option<Box<Descriptor>>,
    /// Whether this is the source of `error` itself, so that only the causes of `error` follow.
    is_below_error: bool,
}

impl<I> BulkError<I> {
    pub(super) fn new(error: Error, report: BulkReport<I>, descriptor: Option<Descriptor>) -> Self {
        Self { error, report: Box::new(report), descriptor: descriptor.map(Box::new), is_below_error: false }
    }

    /// Returns the report up to the failure.
    pub fn report(&self) -> &BulkReport<I> {
        &self.report
    }

    /// Returns the report up to the failure.
    pub fn into_report(self) -> BulkReport<I> {
        *self.report
    }

    /// Returns the error that ended the run.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Returns whether the operation of any input may have been carried out, and is one that writes.
    pub fn may_have_been_applied(&self) -> bool {
        let BulkProgress { done, uncertain, .. } = self.report.progress;
        let writes = self.descriptor.as_ref().is_some_and(|descriptor| descriptor.access != Access::Read);
        writes && done + uncertain > 0
    }
}

impl<I> fmt::Display for BulkError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BulkProgress { done, failed, uncertain, total, .. } = self.report.progress;
        f.write_str("the bulk run failed")?;
        match total {
            Some(total) => write!(f, " after {} of {total} inputs", done + failed + uncertain)?,
            None => write!(f, " after {} inputs", done + failed + uncertain)?,
        }
        write!(f, " (carried out: {done}, not carried out: {failed}, not known: {uncertain})")?;
        f.write_str(
            "; its report has those that were not, and the same inputs with the same journal continue it",
        )
    }
}

impl<I> fmt::Debug for BulkError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkError")
            .field("error", &self.error)
            .field("progress", &self.report.progress)
            .finish_non_exhaustive()
    }
}

impl<I> StdError for BulkError<I> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if self.is_below_error { self.error.source() } else { Some(&self.error) }
    }
}

impl<I: Send + Sync + 'static> From<BulkError<I>> for Error {
    /// The error that ended the run, with the `BulkError` as its source.
    fn from(mut failed: BulkError<I>) -> Self {
        let applied = failed.may_have_been_applied();
        failed.is_below_error = true;
        let mut error = failed.error.without_source();
        if let Some(descriptor) = failed.descriptor.as_ref().filter(|_| applied) {
            error = error.with_applied(descriptor, applied);
        }
        error.with_source(failed)
    }
}
