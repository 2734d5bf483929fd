//! Imports of any size, split into files.

use super::files::Rows;
use super::journal::BulkJournal;
use super::report::ImportReport;
use crate::client::Client;
use crate::error::Error;
use crate::management::jobs::{JobsManager, check_row};
use futures_core::Stream;
use futures_util::stream::StreamExt as _;
use serde::Serialize;
use std::fmt;
use users_model::{Job, JobStatus};

/// An import of any size: rows are split into files, two jobs run at a time, and their results are combined. `.await` it.
///
/// Created by [`JobsManager::import_all`](crate::management::JobsManager::import_all).
#[must_use = "nothing is imported until it is awaited"]
pub struct ImportAll {
    pub(super) client: Client,
    pub(super) rows: Rows,
    /// The number of all rows, if they state it.
    pub(super) total: Option<usize>,
    pub(super) options: ImportOptions,
    pub(super) journal: Option<BulkJournal>,
    pub(super) on_progress: Option<Box<OnProgress>>,
}

pub(super) type OnProgress = dyn FnMut(&ImportProgress) + Send;

/// How far an import has come, in numbers of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The rows of the files that Auth0 accepted.
    pub rows_sent: usize,
    /// The rows of the jobs that ended.
    pub rows_done: usize,
    /// The users who were created by the jobs that ended.
    pub inserted: u64,
    /// The users who were updated by the jobs that ended.
    pub updated: u64,
    /// The rows that the jobs that ended have rejected, and all rows of a job that failed without a summary.
    pub failed: u64,
    /// The jobs that were accepted, and of which no end is known.
    pub jobs_running: usize,
    /// The number of all rows, if the iterator or stream states it.
    pub total: Option<usize>,
}

/// The options of each job.
#[derive(Clone)]
pub(super) struct ImportOptions {
    pub(super) connection_id: String,
    pub(super) upsert: Option<bool>,
    pub(super) send_completion_email: Option<bool>,
    /// Whether a file that Auth0 may have accepted is sent again.
    pub(super) is_idempotent: bool,
}

impl JobsManager {
    /// Imports any number of users into a database connection (`con_…`). The rows are split into files of a size that Auth0
    /// accepts, two jobs run at a time, as Auth0 allows, and their results are combined. Each rejected row is reported with its
    /// number.
    ///
    /// Scopes `create:users` and `read:users`.
    ///
    /// # Errors
    ///
    /// The first failure ends the import: no further file is sent. The [`ImportError`](crate::ImportError) contains the report up to the failure,
    /// with the jobs that are still running and the rows of the file that failed. A row that is not a JSON object, or larger than
    /// a file, is refused before its file is sent.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let rows = (0..100_000).map(|n| serde_json::json!({"email": format!("user{n}@example.com")}));
    /// let report = client.jobs().import_all("con_ftSSLHb0O7rcUGmF", rows).upsert(true).await?;
    /// for refused in &report.refused {
    ///     println!("row {:?}: {:?}", refused.row, refused.errors.errors);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn import_all<I>(&self, connection_id: impl Into<String>, rows: I) -> ImportAll
    where
        I: IntoIterator<Item: Serialize>,
        I::IntoIter: Send + 'static,
    {
        self.import_stream(connection_id, futures_util::stream::iter(rows))
    }

    /// Imports users from a stream, like [`import_all`](Self::import_all). Holds the rows of the running jobs and of one more
    /// file.
    pub fn import_stream<T: Serialize>(
        &self,
        connection_id: impl Into<String>,
        rows: impl Stream<Item = T> + Send + 'static,
    ) -> ImportAll {
        ImportAll::new(self.0.clone(), connection_id.into(), rows)
    }
}

impl ImportAll {
    pub(crate) fn new<T: Serialize>(
        client: Client,
        connection_id: String,
        rows: impl Stream<Item = T> + Send + 'static,
    ) -> Self {
        let (least, most) = rows.size_hint();
        let total = most.filter(|most| *most == least);
        let rows = rows.enumerate().map(|(number, row)| {
            let row = serde_json::to_string(&row)
                .map_err(|_| Error::invalid(format!("row {number} cannot be serialized as JSON")))?;
            check_row(number, row.as_bytes()).map(|()| row)
        });
        let options = ImportOptions {
            connection_id,
            upsert: None,
            send_completion_email: Some(false),
            is_idempotent: false,
        };
        Self { client, rows: Box::pin(rows), total, options, journal: None, on_progress: None }
    }

    /// Sets whether existing users are updated rather than rejected. `false` unless set.
    pub fn upsert(mut self, upsert: bool) -> Self {
        self.options.upsert = Some(upsert);
        self
    }

    /// Sets whether administrators get an e-mail for each job. `false` unless set.
    pub fn send_completion_email(mut self, send: bool) -> Self {
        self.options.send_completion_email = Some(send);
        self
    }

    /// Sets whether a file that Auth0 may have accepted is sent again: after a lost response, and when an import continues that was
    /// killed while it sent the file. With [`upsert`](Self::upsert), its users are then updated again; otherwise, Auth0 rejects the rows
    /// of those who were created. `false` unless set: the rows of such a file are [`uncertain`](ImportReport::uncertain).
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.is_idempotent = idempotent;
        self
    }

    /// Records the import in a journal, and continues the import that the journal records, with the same rows in the same order.
    ///
    /// A file that Auth0 accepted is not sent again: its job is waited for, and its errors are read, so that the report is that of the
    /// whole import. Auth0 deletes the data of jobs after 24 hours; a job that was running when the journal was written last, and is
    /// no longer known, is among the [`unfinished`](ImportReport::unfinished) ones.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient, rows: Vec<serde_json::Value>) -> Result<(), users_core::Error> {
    /// use users_core::BulkJournal;
    ///
    /// let import = client.jobs().import_all("con_ftSSLHb0O7rcUGmF", rows);
    /// let report = import.journal(BulkJournal::open("import.journal")?).await?;
    /// println!("{:?} of {:?} users are new", report.summary.inserted, report.summary.total);
    /// # Ok(())
    /// # }
    /// ```
    pub fn journal(mut self, journal: BulkJournal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Calls a closure each time that Auth0 has accepted a file, and that a job has ended.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// let rows = (0..100_000).map(|n| serde_json::json!({"email": format!("user{n}@example.com")}));
    /// let import = client.jobs().import_all("con_ftSSLHb0O7rcUGmF", rows);
    /// import.on_progress(|rows| eprintln!("{} of {:?} done, {} failed", rows.rows_done, rows.total, rows.failed)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, report: impl FnMut(&ImportProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }
}

impl ImportProgress {
    /// Counts a job that ended, and its rows.
    pub(super) fn add(&mut self, job: &Job, rows: usize) {
        self.rows_done += rows;
        match &job.summary {
            Some(summary) => {
                self.inserted += summary.inserted.unwrap_or(0);
                self.updated += summary.updated.unwrap_or(0);
                self.failed += summary.failed.unwrap_or(0);
            }
            None if job.status == Some(JobStatus::Failed) => self.failed += rows as u64,
            None => {}
        }
    }

    /// The progress with the number of the jobs of which no end is known.
    pub(super) fn with_running(self, report: &ImportReport) -> Self {
        let running = report.unfinished.iter().filter(|unfinished| unfinished.job.is_none());
        Self { jobs_running: running.count(), ..self }
    }
}

impl fmt::Debug for ImportAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportAll")
            .field("connection_id", &self.options.connection_id)
            .finish_non_exhaustive()
    }
}
