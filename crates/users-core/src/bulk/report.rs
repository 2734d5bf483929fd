//! The report of an import, also of one that failed.

use super::files::File;
use super::matching::Rows;
use crate::error::Error;
use crate::management::jobs::{ImportUsers, JobErrors};
use std::collections::BinaryHeap;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use users_model::{Job, JobRowErrors, JobSummary};

/// The results of an import.
///
/// Rows are numbered from 0 across the whole import.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// The jobs that ended, in the order in which they ended. A job with the status `failed` has imported nothing.
    pub jobs: Vec<Job>,
    /// The rows of each of the `jobs`, in the same order.
    pub job_rows: Vec<Range<usize>>,
    /// The sum of the summaries of `jobs`.
    pub summary: JobSummary,
    /// The rows that Auth0 rejected.
    pub refused: Vec<RefusedRow>,
    /// The jobs that Auth0 accepted and whose results are unknown: they are still running, or have ended and their errors could
    /// not be read. Empty unless the import failed, or continued a [journal](crate::ImportAll::journal) with jobs that Auth0 no longer
    /// knows.
    pub unfinished: Vec<UnfinishedImport>,
    /// The rows of the files that Auth0 may or may not have accepted. Empty unless the import failed, or continued a
    /// [journal](crate::ImportAll::journal) that does not say whether they were. [`ImportAll::idempotent`](crate::ImportAll::idempotent)
    /// sends them again.
    pub uncertain: Vec<Range<usize>>,
}

/// A row that Auth0 rejected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefusedRow {
    /// The number of the row, from 0; `None` if Auth0 does not return it as it was sent.
    pub row: Option<usize>,
    /// Auth0's errors for the row.
    pub errors: JobRowErrors,
}

/// A job that was accepted before an import failed. Read it with [`get`](crate::management::JobsManager::get) and
/// [`errors`](crate::management::JobsManager::errors).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnfinishedImport {
    /// The id: `job_…`.
    pub job_id: String,
    /// The numbers of its rows, from 0.
    pub rows: Range<usize>,
    /// The job, with its summary, if it has ended and only its errors could not be read; `None` if it was running when last
    /// polled.
    pub job: Option<Job>,
}

impl ImportReport {
    pub(super) async fn add(&mut self, file: &File, job: Job, errors: JobErrors) {
        if let Some(summary) = &job.summary {
            let add =
                |all: &mut Option<u64>, some: Option<u64>| *all = Some(all.unwrap_or(0) + some.unwrap_or(0));
            add(&mut self.summary.failed, summary.failed);
            add(&mut self.summary.updated, summary.updated);
            add(&mut self.summary.inserted, summary.inserted);
            add(&mut self.summary.total, summary.total);
        }
        self.jobs.push(job);
        self.job_rows.push(file.rows());
        let JobErrors::Rows(rows) = errors else { return };
        if rows.is_empty() {
            return;
        }
        let mut sent = Rows::new(&file.texts).await;
        // From the end: of equal rows, Auth0 rejects the later ones.
        for errors in rows.into_iter().rev() {
            let index = match &errors.user {
                Some(user) => sent.take_last(user).await,
                None => None,
            };
            self.refused.push(RefusedRow { row: index.map(|index| file.first + index), errors });
        }
    }

    /// Orders the rejected rows by their numbers. Those without one come last.
    pub(super) fn sort_refused(&mut self) {
        let row = |refused: &RefusedRow| refused.row.unwrap_or(usize::MAX);
        // A heap sorts with a tenth of the code of `sort`. The index keeps the order of rows of equal numbers.
        let order: BinaryHeap<(usize, usize)> =
            self.refused.iter().enumerate().map(|(index, refused)| (row(refused), index)).collect();
        let mut rows: Vec<Option<RefusedRow>> =
            std::mem::take(&mut self.refused).into_iter().map(Some).collect();
        for (_, index) in order.into_sorted_vec() {
            self.refused.extend(rows.get_mut(index).and_then(Option::take));
        }
    }
}

/// The error of an import, with the report up to the failure.
///
/// After the first failure no further file is sent. `?` converts it into an [`Error`] of the same kind, with this error as its
/// source.
///
/// ```
/// # async fn example(client: users_core::ManagementClient) {
/// let rows = (0..100_000).map(|n| serde_json::json!({"email": format!("user{n}@example.com")}));
/// if let Err(failed) = client.jobs().import_all("con_ftSSLHb0O7rcUGmF", rows).await {
///     eprintln!("{failed}: {}", failed.error());
///     for job in &failed.report().unfinished {
///         eprintln!("rows {:?} are still being imported by {}", job.rows, job.job_id);
///     }
/// }
/// # }
/// ```
pub struct ImportError {
    error: Error,
    report: Box<ImportReport>,
    rows: Option<Range<usize>>,
    /// Whether this is the source of `error` itself, so that only the causes of `error` follow.
    is_below_error: bool,
}

impl ImportError {
    pub(super) fn new(error: Error, report: ImportReport, rows: Option<Range<usize>>) -> Self {
        Self { error, report: Box::new(report), rows, is_below_error: false }
    }

    /// Returns the report up to the failure.
    pub fn report(&self) -> &ImportReport {
        &self.report
    }

    /// Returns the report up to the failure.
    pub fn into_report(self) -> ImportReport {
        *self.report
    }

    /// Returns the error that ended the import.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Returns the rows of the file that failed, numbered from 0: the file was not accepted, or not sent because of one of its
    /// rows, or its job could not be read.
    pub fn rows(&self) -> Option<Range<usize>> {
        self.rows.clone()
    }

    /// Returns whether any row may have been imported: by a job of the report, or by a file that may have been accepted.
    pub fn may_have_been_applied(&self) -> bool {
        let report = &*self.report;
        let has_jobs = !report.jobs.is_empty() || !report.unfinished.is_empty();
        has_jobs || !report.uncertain.is_empty() || self.error.may_have_been_applied()
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the import failed")?;
        if let Some(rows) = &self.rows {
            write!(f, " with the file of rows {} to {}", rows.start, rows.end.saturating_sub(1))?;
        }
        let report = &*self.report;
        write!(f, " (jobs ended: {}, unfinished: {}", report.jobs.len(), report.unfinished.len())?;
        if !report.uncertain.is_empty() {
            write!(f, ", files that may have been accepted: {}", report.uncertain.len())?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportError")
            .field("error", &self.error)
            .field("rows", &self.rows)
            .field("jobs", &self.report.jobs.len())
            .field("refused", &self.report.refused.len())
            .field("unfinished", &self.report.unfinished)
            .field("uncertain", &self.report.uncertain)
            .finish_non_exhaustive()
    }
}

impl StdError for ImportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if self.is_below_error { self.error.source() } else { Some(&self.error) }
    }
}

impl From<Error> for ImportError {
    /// The error of an import that could not start.
    fn from(error: Error) -> Self {
        Self::new(error, ImportReport::default(), None)
    }
}

impl From<ImportError> for Error {
    /// The error that ended the import, with the `ImportError` as its source.
    fn from(mut failed: ImportError) -> Self {
        let applied = failed.may_have_been_applied();
        failed.is_below_error = true;
        let error = failed.error.without_source().with_applied(ImportUsers::DESCRIPTOR, applied);
        error.with_source(failed)
    }
}
