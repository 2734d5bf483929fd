//! The download of an export's file, piece by piece, with retries.

use super::attempt::{Attempt, Form};
use super::delivered::Delivered;
use super::failed::Failed;
use crate::client::Client;
use crate::clock::Instant;
use crate::descriptor::{Descriptor, Safety};
use crate::error::Error;
use crate::management::jobs::GetJob;
use crate::outcome::{History, Limits, Outcome};
use bytes::Bytes;
use users_model::Job;

/// The descriptor that errors of the download name. It is not an operation of the API.
const DOWNLOAD: &Descriptor = &Descriptor::get("jobs.export", "export file").scopes(&[&["read:users"]]);

/// The file of a completed job. A failed attempt is repeated with a new URL; pieces that were delivered are compared and not delivered
/// again.
pub(super) struct Download {
    pub(super) client: Client,
    id: String,
    job: Job,
    form: Form,
    delivered: Delivered,
    /// The attempt that is in progress.
    attempt: Option<Attempt>,
    attempts: u32,
    history: History,
    started: Instant,
}

impl Download {
    pub(super) fn new(client: Client, id: String, job: Job, form: Form) -> Self {
        client.shared.budget.deposit();
        let started = client.shared.clock.now();
        Self {
            client,
            id,
            job,
            form,
            delivered: Delivered::new(),
            attempt: None,
            attempts: 0,
            history: History::new(Safety::Safe, None),
            started,
        }
    }

    /// The next piece; `None` at the end, when the whole file was verified.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.attempt().await {
                Ok(piece) => return Ok(piece),
                Err(failed) => self.retry(failed).await?,
            }
        }
    }

    /// The error of the caller, with what is known about the download.
    pub(super) fn fail(&self, error: Error) -> Error {
        let elapsed = self.client.shared.clock.now().saturating_since(self.started);
        error.with_operation(DOWNLOAD).with_attempts(self.attempts, elapsed, false).with_job_id(&self.id)
    }

    pub(super) fn into_job(self) -> Job {
        self.job
    }

    /// The next piece of this attempt, which is begun if there is none.
    async fn attempt(&mut self) -> Result<Option<Bytes>, Failed> {
        let attempt = match &mut self.attempt {
            Some(attempt) => attempt,
            none => {
                self.attempts += 1;
                let repeat = self.delivered.repeat();
                none.insert(Attempt::begin(&self.client, &self.job, self.form, repeat).await?)
            }
        };
        attempt.next(&self.client, &mut self.delivered).await
    }

    /// Waits for the next attempt and gets a URL for it, unless the error is permanent.
    async fn retry(&mut self, failed: Failed) -> Result<(), Error> {
        self.attempt = None;
        let shared = &*self.client.shared;
        let limits = || Limits {
            time_left: None,
            has_budget: shared.budget.has_retry(),
            random: shared.clock.random(),
        };
        let outcome = Outcome::classify(&failed.result, &self.history, &shared.retry, limits);
        let Outcome::RetryAfter(delay) = outcome else { return Err(self.fail(failed.error)) };
        if !failed.result.is_rate_limited() {
            shared.budget.withdraw();
        }
        self.history = self.history.with(&failed.result);
        shared.clock.sleep(delay).await;
        // The download URL is valid for 60 seconds.
        let job = self.client.call(GetJob::new(self.id.as_str())).send().await;
        self.job = job.map_err(|error| error.with_job_id(&self.id))?;
        Ok(())
    }
}
