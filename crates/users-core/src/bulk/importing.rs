//! An import that is being executed.

use super::files::{File, FileEntry, FileError, Files};
use super::import::{ImportAll, ImportOptions, ImportProgress, OnProgress};
use super::job::{job_id, wait_for};
use super::journal::{self, BulkJournal, Earlier, EarlierJob, End};
use super::report::{ImportError, ImportReport, UnfinishedImport};
use super::runner::{Event, Runner};
use crate::call::CallFuture;
use crate::client::Client;
use crate::error::Error;
use crate::management::jobs::{GetJob, GetJobErrors, ImportRows, ImportUsers, JobErrors};
use futures_util::future::{AbortHandle, FutureExt as _, abortable};
use futures_util::stream::StreamExt as _;
use std::future::{IntoFuture, poll_fn};
use users_model::Job;

/// The number of jobs of a tenant that run at once.
const JOBS_AT_ONCE: usize = 2;

impl IntoFuture for ImportAll {
    type Output = Result<ImportReport, ImportError>;
    type IntoFuture = CallFuture<ImportReport, ImportError>;

    // Inlined, so that only programs which import users compile what follows.
    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(Importing::new(self).run())
    }
}

/// The state of an import.
pub(super) struct Importing {
    client: Client,
    options: ImportOptions,
    journal: Option<BulkJournal>,
    /// The number of files that were begun.
    files: u64,
    runner: Runner<Result<File, FileError>, Step>,
    waits: Vec<AbortHandle>,
    report: ImportReport,
    progress: ImportProgress,
    on_progress: Option<Box<OnProgress>>,
    failure: Option<FileError>,
}

/// A step of the import of a file that has ended.
enum Step {
    /// Auth0 accepted the file, or sending it failed.
    Sent(File, Result<(String, Job), Error>),
    /// The job that Auth0 had accepted in an earlier run.
    Found(File, EarlierJob, Result<Job, Error>),
    /// The job has ended, or it or its errors could not be read.
    Done(File, String, Option<Job>, Result<JobErrors, Error>),
    /// The job was not waited for, since the import failed.
    Abandoned,
}

impl Importing {
    #[inline]
    pub(super) fn new(import: ImportAll) -> Self {
        let ImportAll { client, rows, total, options, journal, on_progress } = import;
        Self {
            client,
            options,
            journal,
            files: 0,
            runner: Runner::new(Files::new(rows).boxed(), JOBS_AT_ONCE),
            waits: Vec::new(),
            report: ImportReport::default(),
            progress: ImportProgress { total, ..ImportProgress::default() },
            on_progress,
            failure: None,
        }
    }

    #[inline]
    pub(super) async fn run(mut self) -> Result<ImportReport, ImportError> {
        if let Some(journal) = &mut self.journal {
            journal.begin(&journal::name(ImportUsers::DESCRIPTOR.name)?)?;
        }
        while let Some(event) = poll_fn(|context| self.runner.poll_next(context)).await {
            let step = match event {
                Event::Input(file) => file.and_then(|file| self.begin(file)),
                Event::Ended(step) => self.end(step).await,
            };
            if let Err(failed) = step {
                // No further file is sent and no job is waited for. A file in flight is completed, so that its job is known.
                self.runner.stop();
                self.waits.iter().for_each(AbortHandle::abort);
                self.failure = self.failure.or(Some(failed));
            }
        }
        self.report.sort_refused();
        match self.failure {
            None => Ok(self.report),
            Some((error, rows)) => Err(ImportError::new(error, self.report, Some(rows))),
        }
    }

    /// Sends a file, unless the journal says that it was sent.
    fn begin(&mut self, mut file: File) -> Result<(), FileError> {
        let Some(journal) = &mut self.journal else {
            self.runner.push(send(self.client.clone(), self.options.clone(), file).boxed());
            return Ok(());
        };
        let ImportOptions { connection_id, upsert, .. } = &self.options;
        let mut request = format!("{connection_id} {upsert:?}\n").into_bytes();
        request.extend_from_slice(&file.bytes());
        let hashes = journal.hashes(&request, None);
        let index = self.files;
        self.files += 1;
        let earlier = journal.earlier(index, hashes);
        let was_in_doubt = matches!(earlier, Earlier::Unknown(_) | Earlier::Applied);
        file.entry = Some(FileEntry { index, hashes, was_in_doubt });
        if let Some(job) = journal.earlier_job(index, hashes) {
            self.runner.push(find(self.client.clone(), file, job).boxed());
            return Ok(());
        }
        if earlier == Earlier::Changed {
            let message = format!(
                "the rows {} to {} are not those that the journal has at their position, or the import has other options, so they were \
                 not sent; an import is continued with the same rows in the same order",
                file.first,
                file.rows().end - 1
            );
            return Err((Error::invalid(message), file.rows()));
        }
        if was_in_doubt && !self.options.is_idempotent {
            self.report.uncertain.push(file.rows());
            return Ok(());
        }
        journal.started(index, hashes, None).map_err(|error| (error, file.rows()))?;
        self.runner.push(send(self.client.clone(), self.options.clone(), file).boxed());
        Ok(())
    }

    /// Records a step that has ended, and begins the next one of its file.
    async fn end(&mut self, step: Step) -> Result<(), FileError> {
        match step {
            Step::Sent(file, Ok((id, job))) => {
                let recorded = match (&mut self.journal, file.entry) {
                    (Some(journal), Some(entry)) => journal.accepted(entry.index, &id),
                    _ => Ok(()),
                };
                let rows = file.rows();
                self.wait(file, id, job);
                recorded.map_err(|error| (error, rows))
            }
            Step::Sent(file, Err(error)) => {
                if error.may_have_been_applied() {
                    self.report.uncertain.push(file.rows());
                }
                let is_in_doubt = |entry: FileEntry| entry.was_in_doubt || error.may_have_been_applied();
                let end = if file.entry.is_some_and(is_in_doubt) { End::Unknown } else { End::NotYet };
                // The first failure is reported.
                let _ = self.record(&file, end);
                Err((error, file.rows()))
            }
            Step::Found(file, job, Ok(found)) => {
                self.wait(file, job.id, found);
                Ok(())
            }
            // Auth0 has deleted its data.
            Step::Found(file, job, Err(error)) if error.is_not_found() => {
                if !job.is_read {
                    self.unfinished(&file, job.id);
                }
                self.show();
                Ok(())
            }
            Step::Found(file, job, Err(error)) => {
                let failed = (error.with_job_id(&job.id), file.rows());
                self.unfinished(&file, job.id);
                Err(failed)
            }
            Step::Done(file, _, Some(job), Ok(errors)) => {
                self.report.unfinished.retain(|unfinished| unfinished.rows != file.rows());
                self.progress.add(&job, file.texts.len());
                self.report.add(&file, job, errors).await;
                self.show();
                self.record(&file, End::Applied).map_err(|error| (error, file.rows()))
            }
            Step::Done(file, id, job, Err(error)) => {
                let rows = file.rows();
                let unfinished = self.report.unfinished.iter_mut().find(|unfinished| unfinished.rows == rows);
                let has_ended = job.is_some();
                if let Some(job) = &job {
                    self.progress.add(job, rows.len());
                }
                if let Some(unfinished) = unfinished {
                    unfinished.job = job;
                }
                if has_ended {
                    self.show();
                }
                Err((error.with_job_id(&id), rows))
            }
            Step::Done(_, _, None, Ok(_)) | Step::Abandoned => Ok(()),
        }
    }

    /// Waits for a job that Auth0 has accepted.
    fn wait(&mut self, file: File, id: String, job: Job) {
        self.progress.rows_sent += file.texts.len();
        self.unfinished(&file, id.clone());
        if self.failure.is_none() {
            let (wait, handle) = abortable(wait(self.client.clone(), file, id, job));
            self.waits.push(handle);
            self.runner.push(wait.map(|step| step.unwrap_or(Step::Abandoned)).boxed());
        }
        self.show();
    }

    fn unfinished(&mut self, file: &File, job_id: String) {
        self.report.unfinished.push(UnfinishedImport { job_id, rows: file.rows(), job: None });
    }

    fn record(&mut self, file: &File, end: End) -> Result<(), Error> {
        match (&mut self.journal, file.entry) {
            (Some(journal), Some(entry)) => journal.ended(entry.index, entry.hashes, None, end),
            _ => Ok(()),
        }
    }

    fn show(&mut self) {
        let progress = self.progress.with_running(&self.report);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&progress);
        }
    }
}

#[inline]
async fn send(client: Client, options: ImportOptions, file: File) -> Step {
    let ImportOptions { connection_id, upsert, send_completion_email, is_idempotent } = options;
    let mut import = ImportUsers::new(connection_id, ImportRows::from_json(file.bytes()));
    (import.upsert, import.send_completion_email) = (upsert, send_completion_email);
    let accepted = async {
        let job = client.call(Ok(import)).idempotent(is_idempotent).send().await?;
        job_id(&job, ImportUsers::DESCRIPTOR).map(|id| (id, job))
    };
    let accepted = accepted.await;
    Step::Sent(file, accepted)
}

#[inline]
async fn find(client: Client, file: File, job: EarlierJob) -> Step {
    let found = client.call(GetJob::new(job.id.as_str())).send().await;
    Step::Found(file, job, found)
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
