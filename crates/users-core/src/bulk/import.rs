//! Imports of any size, cut into files.

use super::{job_id, wait_for};
use crate::client::Client;
use crate::management::{GetJobErrors, ImportUsers, JobErrors};
use crate::{Call, Error};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use users_model::{Job, JobRowErrors, JobSummary, JsonObject, json};

/// How many bytes of rows one job gets: Auth0 takes 512,000, and the form around them takes some.
const CHUNK: usize = 480_000;

/// How many jobs of a tenant run at once.
const JOBS_AT_ONCE: usize = 2;

/// An import of any size: the rows are cut into files, two jobs run at a time, and their results are joined. `.await` it.
///
/// Made by [`JobsManager::import_all`](crate::management::JobsManager::import_all).
#[must_use = "nothing is imported until it is awaited"]
pub struct ImportAll {
    client: Client,
    connection_id: String,
    rows: Pin<Box<dyn Stream<Item = Result<String, Error>> + Send>>,
    upsert: Option<bool>,
    send_completion_email: Option<bool>,
}

/// What came of an import.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// The jobs, in the order in which they ended.
    pub jobs: Vec<Job>,
    /// What they did, together.
    pub summary: JobSummary,
    /// The rows that were refused, by their place among all rows, from 0.
    pub refused: Vec<RefusedRow>,
}

/// A row that was refused, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefusedRow {
    /// Its place among all rows, from 0; `None` if Auth0 does not show it as it was sent.
    pub row: Option<usize>,
    /// What Auth0 says of it.
    pub errors: JobRowErrors,
}

impl ImportAll {
    pub(crate) fn new<T: Serialize>(
        client: Client,
        connection_id: String,
        rows: impl Stream<Item = T> + Send + 'static,
    ) -> Self {
        let rows = rows.enumerate().map(|(number, row)| {
            serde_json::to_string(&row).map_err(|_| Error::invalid(format!("row {number} has no JSON form")))
        });
        Self { client, connection_id, rows: Box::pin(rows), upsert: None, send_completion_email: Some(false) }
    }

    /// Whether users who exist already are changed rather than refused.
    pub fn upsert(mut self, upsert: bool) -> Self {
        self.upsert = Some(upsert);
        self
    }

    /// Whether administrators get a mail for every job; they do not, unless asked.
    pub fn send_completion_email(mut self, send: bool) -> Self {
        self.send_completion_email = Some(send);
        self
    }

    async fn run(self) -> Result<ImportReport, Error> {
        let Self { client, connection_id, rows, upsert, send_completion_email } = self;
        let chunks = stream::unfold(Some((rows, None, 0)), cut);
        let mut running = chunks
            .map(|chunk| {
                let (client, connection_id) = (client.clone(), connection_id.clone());
                async move {
                    let chunk = chunk?;
                    let import = ImportUsers::new(connection_id, chunk.file(), upsert, send_completion_email);
                    let job = Call::new(client.clone(), Ok(import)).send().await?;
                    let id = job_id(&job, ImportUsers::DESCRIPTOR)?;
                    let job = wait_for(&client, &id, job).await?;
                    let errors = Call::new(client, Ok(GetJobErrors::new(id))).send().await?;
                    Ok::<_, Error>((chunk, job, errors))
                }
            })
            .buffer_unordered(JOBS_AT_ONCE)
            .boxed();
        let mut report = ImportReport::default();
        while let Some(ended) = running.next().await {
            let (chunk, job, errors) = ended?;
            report.add(&chunk, job, errors);
        }
        report.refused.sort_by_key(|refused| refused.row.unwrap_or(usize::MAX));
        Ok(report)
    }
}

impl ImportReport {
    fn add(&mut self, chunk: &Chunk, job: Job, errors: JobErrors) {
        if let Some(summary) = &job.summary {
            let add =
                |all: &mut Option<u64>, some: Option<u64>| *all = Some(all.unwrap_or(0) + some.unwrap_or(0));
            add(&mut self.summary.failed, summary.failed);
            add(&mut self.summary.updated, summary.updated);
            add(&mut self.summary.inserted, summary.inserted);
            add(&mut self.summary.total, summary.total);
        }
        self.jobs.push(job);
        let JobErrors::Rows(rows) = errors else { return };
        let mut taken = vec![false; chunk.rows.len()];
        // From the end: of rows that are alike, the later ones are those that were refused.
        for errors in rows.into_iter().rev() {
            let place = errors.user.as_ref().and_then(|user| {
                let rows = chunk.rows.iter().enumerate().rev();
                rows.into_iter()
                    .find(|(at, row)| taken.get(*at) == Some(&false) && is_shown_as(row, user))
                    .map(|(at, _)| at)
            });
            if let Some(taken) = place.and_then(|place| taken.get_mut(place)) {
                *taken = true;
            }
            self.refused.push(RefusedRow { row: place.map(|place| chunk.first + place), errors });
        }
    }
}

/// Whether this is the row that Auth0 shows, with its secrets masked.
fn is_shown_as(row: &str, shown: &JsonObject) -> bool {
    const MASKED: &[&str] = &["password_hash", "custom_password_hash", "mfa_factors"];
    let Ok(row) = JsonObject::from_json(row) else { return false };
    row.len() == shown.len()
        && row.iter().all(|(key, value)| {
            MASKED.contains(&key) || shown.raw(key).is_some_and(|theirs| json::equal(value, theirs))
        })
}

/// The rows of one file.
struct Chunk {
    /// The place of its first row among all.
    first: usize,
    rows: Vec<String>,
}

impl Chunk {
    fn file(&self) -> Bytes {
        format!("[{}]", self.rows.join(",")).into()
    }
}

type Rows = Pin<Box<dyn Stream<Item = Result<String, Error>> + Send>>;
/// The rows that are left, the one that did not fit, and the number of those that are gone.
type Cutting = Option<(Rows, Option<String>, usize)>;

/// Takes rows until the next one would not fit.
async fn cut(state: Cutting) -> Option<(Result<Chunk, Error>, Cutting)> {
    let (mut rows, left_over, first) = state?;
    let mut chunk = Chunk { first, rows: Vec::new() };
    let mut size = 2;
    if let Some(row) = left_over {
        size += row.len() + 1;
        chunk.rows.push(row);
    }
    loop {
        match rows.next().await {
            Some(Err(error)) => return Some((Err(error), None)),
            Some(Ok(row)) if row.len() > CHUNK => {
                let at = first + chunk.rows.len();
                let error =
                    Error::invalid(format!("row {at} is {} bytes, and a file holds {CHUNK}", row.len()));
                return Some((Err(error), None));
            }
            Some(Ok(row)) if size + row.len() + 1 > CHUNK => {
                let next = first + chunk.rows.len();
                return Some((Ok(chunk), Some((rows, Some(row), next))));
            }
            Some(Ok(row)) => {
                size += row.len() + 1;
                chunk.rows.push(row);
            }
            None if chunk.rows.is_empty() => return None,
            None => return Some((Ok(chunk), None)),
        }
    }
}

impl IntoFuture for ImportAll {
    type Output = Result<ImportReport, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for ImportAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportAll").field("connection_id", &self.connection_id).finish_non_exhaustive()
    }
}
