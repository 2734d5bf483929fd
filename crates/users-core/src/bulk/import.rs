//! Imports of any size, split into files.

use super::files::{File, FileError, Files, Rows};
use super::job::{job_id, wait_for};
use super::report::{ImportError, ImportReport, UnfinishedImport};
use super::runner::{Event, Runner};
use crate::call::CallFuture;
use crate::client::Client;
use crate::error::Error;
use crate::management::jobs::{GetJobErrors, ImportRows, ImportUsers, JobErrors, JobsManager, check_row};
use futures_core::Stream;
use futures_util::future::{AbortHandle, FutureExt as _, abortable};
use futures_util::stream::StreamExt as _;
use serde::Serialize;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use users_model::{Job, JobStatus};

/// The number of jobs of a tenant that run at once.
const JOBS_AT_ONCE: usize = 2;

/// An import of any size: rows are split into files, two jobs run at a time, and their results are combined. `.await` it.
///
/// Created by [`JobsManager::import_all`](crate::management::JobsManager::import_all).
#[must_use = "nothing is imported until it is awaited"]
pub struct ImportAll {
    client: Client,
    rows: Rows,
    /// The number of all rows, if they state it.
    total: Option<usize>,
    options: Options,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn FnMut(&ImportProgress) + Send;

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
struct Options {
    connection_id: String,
    upsert: Option<bool>,
    send_completion_email: Option<bool>,
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
    /// The first failure ends the import: no further file is sent. The [`ImportError`] contains the report up to the failure,
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
        let options = Options { connection_id, upsert: None, send_completion_email: Some(false) };
        Self { client, rows: Box::pin(rows), total, options, on_progress: None }
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

    #[inline]
    async fn run(self) -> Result<ImportReport, ImportError> {
        let Self { client, rows, total, options, mut on_progress } = self;
        let mut runner = Runner::new(Files::new(rows).boxed(), JOBS_AT_ONCE);
        let mut waits: Vec<AbortHandle> = Vec::new();
        let mut report = ImportReport::default();
        let mut progress = ImportProgress { total, ..ImportProgress::default() };
        let mut failure: Option<FileError> = None;
        while let Some(event) = poll_fn(|context| runner.poll_next(context)).await {
            let is_progress =
                matches!(event, Event::Ended(Step::Sent(_, Ok(_)) | Step::Done(_, _, Some(_), _)));
            let failed = match event {
                Event::Input(Ok(file)) => {
                    runner.push(send(client.clone(), options.clone(), file).boxed());
                    None
                }
                Event::Input(Err(failed)) => Some(failed),
                Event::Ended(Step::Sent(file, Ok((id, job)))) => {
                    progress.rows_sent += file.texts.len();
                    report.unfinished.push(UnfinishedImport {
                        job_id: id.clone(),
                        rows: file.rows(),
                        job: None,
                    });
                    if failure.is_none() {
                        let (wait, handle) = abortable(wait(client.clone(), file, id, job));
                        waits.push(handle);
                        runner.push(wait.map(|step| step.unwrap_or(Step::Abandoned)).boxed());
                    }
                    None
                }
                Event::Ended(Step::Sent(file, Err(error))) => {
                    if error.may_have_been_applied() {
                        report.uncertain.push(file.rows());
                    }
                    Some((error, file.rows()))
                }
                Event::Ended(Step::Done(file, _, Some(job), Ok(errors))) => {
                    report.unfinished.retain(|unfinished| unfinished.rows != file.rows());
                    progress.add(&job, file.texts.len());
                    report.add(&file, job, errors).await;
                    None
                }
                Event::Ended(Step::Done(file, id, job, Err(error))) => {
                    let rows = file.rows();
                    let unfinished = report.unfinished.iter_mut().find(|unfinished| unfinished.rows == rows);
                    if let Some(job) = &job {
                        progress.add(job, rows.len());
                    }
                    if let Some(unfinished) = unfinished {
                        unfinished.job = job;
                    }
                    Some((error.with_job_id(&id), rows))
                }
                Event::Ended(Step::Done(_, _, None, Ok(_)) | Step::Abandoned) => None,
            };
            if let Some(on_progress) = on_progress.as_mut().filter(|_| is_progress) {
                on_progress(&progress.with_running(&report));
            }
            if failed.is_some() {
                // No further file is sent and no job is waited for. A file in flight is completed, so that its job is known.
                runner.stop();
                waits.iter().for_each(AbortHandle::abort);
                failure = failure.or(failed);
            }
        }
        report.sort_refused();
        match failure {
            None => Ok(report),
            Some((error, rows)) => Err(ImportError::new(error, report, Some(rows))),
        }
    }
}

impl ImportProgress {
    /// Counts a job that ended, and its rows.
    fn add(&mut self, job: &Job, rows: usize) {
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
    fn with_running(self, report: &ImportReport) -> Self {
        let running = report.unfinished.iter().filter(|unfinished| unfinished.job.is_none());
        Self { jobs_running: running.count(), ..self }
    }
}

/// A step of the import of a file that has ended.
enum Step {
    /// Auth0 accepted the file, or sending it failed.
    Sent(File, Result<(String, Job), Error>),
    /// The job has ended, or it or its errors could not be read.
    Done(File, String, Option<Job>, Result<JobErrors, Error>),
    /// The job was not waited for, since the import failed.
    Abandoned,
}

#[inline]
async fn send(client: Client, options: Options, file: File) -> Step {
    let Options { connection_id, upsert, send_completion_email } = options;
    let mut import = ImportUsers::new(connection_id, ImportRows::from_json(file.bytes()));
    (import.upsert, import.send_completion_email) = (upsert, send_completion_email);
    let accepted = async {
        let job = client.call(Ok(import)).send().await?;
        job_id(&job, ImportUsers::DESCRIPTOR).map(|id| (id, job))
    };
    let accepted = accepted.await;
    Step::Sent(file, accepted)
}

#[inline]
async fn wait(client: Client, file: File, id: String, job: Job) -> Step {
    let job = match wait_for(&client, &id, job, &mut |_| {}).await {
        Ok(job) => job,
        Err(error) => return Step::Done(file, id, None, Err(error)),
    };
    let errors = client.call(GetJobErrors::new(id.as_str())).send().await;
    Step::Done(file, id, Some(job), errors)
}

impl IntoFuture for ImportAll {
    type Output = Result<ImportReport, ImportError>;
    type IntoFuture = CallFuture<ImportReport, ImportError>;

    // Inlined, so that only programs which import users compile what follows.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.run())
    }
}

impl fmt::Debug for ImportAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportAll")
            .field("connection_id", &self.options.connection_id)
            .finish_non_exhaustive()
    }
}
