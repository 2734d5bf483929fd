//! Exports: start the job, wait for its file, and return its users or write it into a writer.

mod attempt;
mod delivered;
mod download;
mod failed;
mod file_url;
mod users;

pub use users::ExportedUsers;

use super::job::{job_id, wait_for};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::management::jobs::{ExportUsers, GetJob, JobsManager};
use attempt::Form;
use download::Download;
use futures_util::future::FutureExt as _;
use std::fmt;
use std::io::Write;
use std::time::Duration;
use users_model::{Job, JobFormat, JobStatus, UsersExport};

/// An export of users: set options, then read its [`users`](Self::users), write its file into a writer, or [`start`](Self::start) it.
/// Created by [`JobsManager::export`].
#[must_use = "nothing is exported until it is started"]
pub struct Export {
    client: Client,
    settings: UsersExport,
    on_progress: Option<Box<OnProgress>>,
}

/// An export whose job Auth0 has accepted. Created by [`Export::start`] and [`JobsManager::export_job`].
#[must_use = "the file is not read until its users or its bytes are requested"]
pub struct RunningExport {
    client: Client,
    id: String,
    /// The job as it was accepted; `None` if it was started earlier.
    accepted: Option<Job>,
    /// The format that was requested.
    format: Option<JobFormat>,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn FnMut(&ExportProgress) + Send;

/// How far the job of an export has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// The id of the job: `job_…`.
    pub job_id: String,
    /// The status.
    pub status: Option<JobStatus>,
    /// The progress in percent, if Auth0 states it.
    pub percentage_done: Option<u64>,
    /// Auth0's estimate of the remaining time, if it states one.
    pub time_left: Option<Duration>,
}

impl JobsManager {
    /// Exports users to a file, waits for it, and reads it: as [users](Export::users), or [into a writer](Export::write_to).
    ///
    /// `POST /jobs/users-exports` and `GET /jobs/{id}`, scope `read:users`. The file is downloaded without a token from Auth0's storage,
    /// over https (or http from this machine), and verified to its end. A failed download is retried like a GET, with a new
    /// download URL; what was returned or written already is compared and not repeated.
    ///
    /// # Errors
    ///
    /// Once the job was accepted, every error has its [`job_id`](Error::job_id): continue with [`export_job`](Self::export_job), which
    /// reads the file from its start.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::model::UsersExport;
    ///
    /// let export = client.jobs().export(UsersExport::new().fields(["user_id", "email"]));
    /// let mut users = export.on_progress(|job| eprintln!("{:?} %", job.percentage_done)).users();
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{:?}", user.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn export(&self, settings: UsersExport) -> Export {
        Export { client: self.0.clone(), settings, on_progress: None }
    }

    /// Reads the file of an export that was started earlier. Auth0 keeps it for 24 hours.
    ///
    /// `GET /jobs/{id}`, scope `read:users`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let jobs = client.jobs();
    /// let first = jobs.export(UsersExport::new()).write_to(std::fs::File::create("users.csv.gz")?).await;
    /// if let Some(id) = first.as_ref().err().and_then(|error| error.job_id()) {
    ///     jobs.export_job(id).write_to(std::fs::File::create("users.csv.gz")?).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn export_job(&self, job_id: impl Into<String>) -> RunningExport {
        let client = self.0.clone();
        RunningExport { client, id: job_id.into(), accepted: None, format: None, on_progress: None }
    }
}

impl Export {
    /// Calls a closure with the progress of the job: once when it was accepted, and each time its state was read.
    pub fn on_progress(mut self, report: impl FnMut(&ExportProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// Starts the job, whose [id](RunningExport::job_id) is known then.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let running = client.jobs().export(UsersExport::new().format("json")).start().await?;
    /// println!("{}", running.job_id());
    /// running.write_to(std::fs::File::create("users.ndjson.gz")?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(self) -> Result<RunningExport, Error> {
        let Self { client, settings, on_progress } = self;
        let format = Some(settings.format.clone().unwrap_or(JobFormat::Csv));
        let job = client.call(Ok(ExportUsers::new(settings))).send().await?;
        let id = job_id(&job, ExportUsers::DESCRIPTOR)?;
        Ok(RunningExport { client, id, accepted: Some(job), format, on_progress })
    }

    /// Starts the job in the format `json`, and returns a stream of its users. Nothing is sent before the stream is polled.
    ///
    /// The file is decompressed and decoded on the way: memory does not grow with the number of users, and a line may be as large as the
    /// [response limit](crate::ClientBuilder::response_limit). An attribute that is exported under another name, or from within
    /// another one (`user_metadata.plan`), is found under its name in the file.
    ///
    /// # Errors
    ///
    /// Another format than `json` is refused before anything is sent. A line that is not a user, or is too large, ends the stream.
    pub fn users(mut self) -> ExportedUsers {
        let format = self.settings.format.get_or_insert(JobFormat::Json);
        let checked = check_format(Some(format));
        ExportedUsers::new(
            async move {
                checked.map_err(|error| error.with_operation(ExportUsers::DESCRIPTOR))?;
                self.start().await?.open(Form::Unpacked, true).await
            }
            .boxed(),
        )
    }

    /// Starts the job, waits for its file, and streams it into a writer as received: compressed with gzip. Returns the job.
    ///
    /// # Errors
    ///
    /// After an error the writer contains a part of the file, or nothing.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let file = std::fs::File::create("users.ndjson.gz")?;
    /// client.jobs().export(UsersExport::new().format("json")).write_to(file).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_to(self, sink: impl Write + Send) -> Result<Job, Error> {
        self.start().await?.write_to(sink).await
    }

    /// Writes the file like [`write_to`](Self::write_to), decompressed: as CSV unless the format is `json`.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let file = std::fs::File::create("users.csv")?;
    /// client.jobs().export(UsersExport::new().fields(["email"])).write_unpacked_to(file).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_unpacked_to(self, sink: impl Write + Send) -> Result<Job, Error> {
        self.start().await?.write_unpacked_to(sink).await
    }
}

impl RunningExport {
    /// Returns the id of the job: `job_…`.
    pub fn job_id(&self) -> &str {
        &self.id
    }

    /// Calls a closure with the progress of the job, each time its state was read.
    pub fn on_progress(mut self, report: impl FnMut(&ExportProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// Waits for the file, and returns a stream of its users, like [`Export::users`].
    ///
    /// # Errors
    ///
    /// A file in another format than `json` is refused before it is downloaded.
    pub fn users(self) -> ExportedUsers {
        ExportedUsers::new(self.open(Form::Unpacked, true).boxed())
    }

    /// Waits for the file, and streams it into a writer as received, like [`Export::write_to`]. Returns the job.
    pub async fn write_to(self, sink: impl Write + Send) -> Result<Job, Error> {
        write(self.open(Form::Packed, false).await?, sink).await
    }

    /// Waits for the file, and streams it into a writer, decompressed, like [`Export::write_unpacked_to`]. Returns the job.
    pub async fn write_unpacked_to(self, sink: impl Write + Send) -> Result<Job, Error> {
        write(self.open(Form::Unpacked, false).await?, sink).await
    }

    /// Waits for the file. `is_json`: refuse one of another format.
    async fn open(self, form: Form, is_json: bool) -> Result<Download, Error> {
        let Self { client, id, accepted, format, on_progress } = self;
        let waiting = wait_for_file(&client, &id, accepted, format, is_json, on_progress);
        let job = waiting.await.map_err(|error| error.with_job_id(&id))?;
        Ok(Download::new(client, id, job, form))
    }
}

/// Waits for the end of a job. `is_json`: refuse one of another format.
async fn wait_for_file(
    client: &Client,
    id: &str,
    accepted: Option<Job>,
    format: Option<JobFormat>,
    is_json: bool,
    mut on_progress: Option<Box<OnProgress>>,
) -> Result<Job, Error> {
    let job = match accepted {
        Some(job) => job,
        None => client.call(GetJob::new(id)).send().await?,
    };
    if is_json {
        check_format(format.as_ref().or(job.format.as_ref()))
            .map_err(|error| error.with_operation(GetJob::DESCRIPTOR))?;
    }
    let mut report = |job: &Job| {
        if let Some(on_progress) = &mut on_progress {
            on_progress(&ExportProgress {
                job_id: id.to_owned(),
                status: job.status.clone(),
                percentage_done: job.percentage_done,
                time_left: job.time_left_seconds.map(Duration::from_secs),
            });
        }
    };
    wait_for(client, id, job, &mut report).await
}

/// Refuses a format whose lines are not users.
fn check_format(format: Option<&JobFormat>) -> Result<(), Error> {
    match format {
        None | Some(JobFormat::Json) => Ok(()),
        Some(_) => Err(Error::invalid("only an export in the format `json` can be read as users")),
    }
}

/// Writes a file into a writer. Returns the job.
async fn write(mut download: Download, mut sink: impl Write + Send) -> Result<Job, Error> {
    loop {
        let piece = download.next().await?;
        let written = match &piece {
            Some(piece) => sink.write_all(piece),
            None => sink.flush(),
        };
        written.map_err(|error| {
            let failed = Error::new(ErrorKind::Transport, "the file could not be written");
            download.fail(failed.with_source(error))
        })?;
        if piece.is_none() {
            return Ok(download.into_job());
        }
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for RunningExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningExport").field("job_id", &self.id).finish_non_exhaustive()
    }
}
