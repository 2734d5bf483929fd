//! Exports: start the job, wait for its file, and download it into a writer.

use super::gzip::{Check, Misfit};
use super::job::{job_id, wait_for};
use super::yielding::yield_now;
use crate::base_url::BaseUrl;
use crate::client::Client;
use crate::clock::within;
use crate::descriptor::Descriptor;
use crate::descriptor::Safety;
use crate::error::{Error, ErrorKind};
use crate::management::jobs::{ExportUsers, GetJob, JobsManager};
use crate::outcome::{AttemptResult, History, Limits, Outcome};
use crate::rate_limit::server_delay;
use crate::transport::{ConnectTimeout, Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use flate2::Crc;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Uri};
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::pin::pin;
use users_model::{Job, Secret, UsersExport};

/// The descriptor that errors of the download name. It is not an operation of the API.
const DOWNLOAD: &Descriptor = &Descriptor::get("jobs.export_to", "export file").scopes(&[&["read:users"]]);

/// The number of bytes that are checked and written before other tasks run.
const SLICE: usize = 64 * 1024;

impl JobsManager {
    /// Exports users, waits for the file, and streams it into a writer. Returns the job.
    ///
    /// Scope `read:users`. The file is written as received, compressed with gzip, and its checksum is verified. It is downloaded
    /// without a token from Auth0's storage, over https (or http from this machine). A failed download is retried like a GET,
    /// with a new download URL; bytes that were written already are compared and not written again.
    ///
    /// # Errors
    ///
    /// Once the job was accepted, every error has its [`job_id`](Error::job_id): continue with
    /// [`resume_export`](Self::resume_export) and an empty writer. After an error the writer contains a part of the file, or
    /// nothing.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let file = std::fs::File::create("users.json.gz")?;
    /// client.jobs().export_to(UsersExport::new().format("json"), file).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn export_to(&self, export: UsersExport, sink: impl Write + Send) -> Result<Job, Error> {
        export_to(self.0.clone(), export, sink).await
    }

    /// Waits for the file of an export that was started earlier, and streams it into a writer, as [`export_to`](Self::export_to)
    /// does.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use users_core::model::UsersExport;
    ///
    /// let jobs = client.jobs();
    /// let first = jobs.export_to(UsersExport::new(), std::fs::File::create("users.csv.gz")?).await;
    /// if let Some(id) = first.as_ref().err().and_then(|error| error.job_id()) {
    ///     jobs.resume_export(id, std::fs::File::create("users.csv.gz")?).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resume_export(
        &self,
        job_id: impl Into<String>,
        sink: impl Write + Send,
    ) -> Result<Job, Error> {
        resume_export(self.0.clone(), job_id.into(), sink).await
    }
}

/// Starts an export and writes its file into a writer. Returns the job.
async fn export_to(client: Client, export: UsersExport, mut sink: impl Write + Send) -> Result<Job, Error> {
    let job = client.call(Ok(ExportUsers::new(export))).send().await?;
    let id = job_id(&job, ExportUsers::DESCRIPTOR)?;
    finish(&client, &id, job, &mut sink).await.map_err(|error| error.with_job_id(&id))
}

/// Writes the file of an earlier export into a writer. Returns the job.
async fn resume_export(client: Client, id: String, mut sink: impl Write + Send) -> Result<Job, Error> {
    let finished = async {
        let job = client.call(GetJob::new(id.as_str())).send().await?;
        finish(&client, &id, job, &mut sink).await
    };
    finished.await.map_err(|error| error.with_job_id(&id))
}

async fn finish(client: &Client, id: &str, job: Job, sink: &mut (impl Write + Send)) -> Result<Job, Error> {
    let mut job = wait_for(client, id, job).await?;
    let shared = &*client.shared;
    let clock = &*shared.clock;
    let started = clock.now();
    let mut output = Output { sink, written: 0, crc: Crc::new() };
    let mut history = History::new(Safety::Safe, None);
    let mut attempts = 0;
    shared.budget.deposit();
    loop {
        attempts += 1;
        let Err(failed) = download(client, &job, &mut output).await else { return Ok(job) };
        let limits =
            || Limits { time_left: None, has_budget: shared.budget.has_retry(), random: clock.random() };
        let outcome = Outcome::classify(&failed.result, &history, &shared.retry, limits);
        let Outcome::RetryAfter(delay) = outcome else {
            let elapsed = clock.now().saturating_since(started);
            return Err(failed.error.with_operation(DOWNLOAD).with_attempts(attempts, elapsed, false));
        };
        if !failed.result.is_rate_limited() {
            shared.budget.withdraw();
        }
        history = history.with(&failed.result);
        clock.sleep(delay).await;
        // The download URL is valid for 60 seconds.
        job = client.call(GetJob::new(id)).send().await?;
    }
}

/// The error of a download, and whether it may be retried.
struct Failed {
    error: Error,
    result: AttemptResult,
}

impl Failed {
    fn permanent(error: Error) -> Self {
        Self { error, result: AttemptResult::Completed }
    }

    fn from_transport(error: TransportError, location: &Uri) -> Self {
        let result = AttemptResult::from_error(&error);
        Self { error: Error::transport(without_location(error, location)), result }
    }

    /// The file is not valid. `is_transient`: another download may return a valid one.
    fn invalid_file(message: &str, is_transient: bool) -> Self {
        let transient = AttemptResult::Transient { status: None, server_delay: None };
        let result = if is_transient { transient } else { AttemptResult::Completed };
        Self { error: Error::new(ErrorKind::Decode, message), result }
    }
}

impl From<Misfit> for Failed {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Other => Self::invalid_file(
                "the file is not gzip: it is a page, or a proxy has decompressed it",
                false,
            ),
            Misfit::Damaged => Self::invalid_file("the file is damaged: it cannot be decompressed", false),
            Misfit::Incomplete => Self::invalid_file(
                "the file is incomplete: its gzip checksum or length is missing or wrong",
                true,
            ),
        }
    }
}

/// Downloads the file once, without a token, in chunks.
async fn download(
    client: &Client,
    job: &Job,
    output: &mut Output<'_, impl Write + Send>,
) -> Result<(), Failed> {
    let (clock, timeout) = (&*client.shared.clock, client.shared.limits.attempt);
    let location = location(job).map_err(Failed::permanent)?;
    let mut request = http::Request::new(Bytes::new());
    *request.uri_mut() = location.clone();
    // The file is compressed already, and is checked and written as received.
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(connect) = client.shared.limits.connect {
        request.extensions_mut().insert(ConnectTimeout(connect));
    }
    let stalled = || {
        let message = format!("no data of the file was received for {} s", timeout.as_secs_f32());
        Failed::from_transport(
            TransportError::new(TransportErrorKind::Timeout, Sent::Yes, message),
            &location,
        )
    };
    let sending = client.shared.transport.send(request, None);
    let response = within(clock, Some(timeout), sending)
        .await
        .map_err(|_| stalled())?
        .map_err(|error| Failed::from_transport(error, &location))?;
    if !response.status().is_success() {
        let delay = server_delay(response.headers(), clock.unix_now());
        let result = AttemptResult::from_response(response.status(), &[], delay);
        return Err(Failed { error: Error::status_of(None, response.map(|_| Bytes::new())), result });
    }
    let announced = content_length(response.headers());
    let mut body = response.into_body();
    let mut check = Check::new();
    let mut repeat = output.repeat();
    while let Some(chunk) =
        within(clock, Some(timeout), pin!(body.next_chunk())).await.map_err(|_| stalled())?
    {
        let chunk = chunk.map_err(|error| Failed::from_transport(error, &location))?;
        for slice in chunk.chunks(SLICE) {
            check.add(slice)?;
            output.add(&mut repeat, slice)?;
            yield_now().await;
        }
    }
    if announced.is_some_and(|announced| announced != check.length()) {
        return Err(Failed::invalid_file(
            "the file is incomplete: its length is not that of content-length",
            true,
        ));
    }
    check.finish()?;
    if repeat.compared < repeat.total {
        return Err(Failed::invalid_file(OTHER_FILE, false));
    }
    output.sink.flush().map_err(sink_failed)
}

/// The URL of the file: `https`, or `http` on this machine.
fn location(job: &Job) -> Result<Uri, Error> {
    let Some(location) = &job.location else {
        let why = job.status_details.as_deref().unwrap_or("the job has no file");
        return Err(Error::new(ErrorKind::Status, format!("the export failed: {why}")));
    };
    // Errors do not show the URL: anyone who knows it can read the file.
    let refuse = |why: &str| Error::new(ErrorKind::Decode, format!("the file's URL {why}"));
    let uri: Uri = location.expose().parse().map_err(|_| refuse("cannot be parsed"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("has no host"));
    };
    let base =
        BaseUrl::parse(&format!("{scheme}://{authority}")).map_err(|_| refuse("is not a valid https URL"))?;
    if base.is_plain_http() && !base.is_loopback() {
        return Err(refuse("is plain http, which is allowed on this machine only"));
    }
    Ok(uri)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The error without the file's URL, which suffices to read the file. Some HTTP stacks include it in errors.
fn without_location(error: TransportError, location: &Uri) -> TransportError {
    let query = location.query().unwrap_or_default();
    let secrets = [location.to_string(), query.to_owned()];
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(this) = source {
        // Writing into a string does not fail.
        let _ = write!(text, "{this} {this:?}");
        source = this.source();
    }
    if !secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str())) {
        return error;
    }
    let secrets = secrets.map(Secret::from);
    let message = Error::new(ErrorKind::Transport, error.to_string()).redacted(&secrets);
    TransportError::new(error.kind(), error.sent(), message.message())
}

/// The writer, and what was written to it. A repeated download continues where the last one broke off.
struct Output<'a, W> {
    sink: &'a mut W,
    written: u64,
    crc: Crc,
}

/// The progress of a repeated download through the bytes that were written before.
struct Repeat {
    compared: u64,
    total: u64,
    crc: Crc,
}

const OTHER_FILE: &str =
    "the repeated download returned another file; the bytes already written are a part of the first one";

impl<W: Write> Output<'_, W> {
    fn repeat(&self) -> Repeat {
        Repeat { compared: 0, total: self.written, crc: Crc::new() }
    }

    /// Compares the bytes that were written before, and writes the others.
    fn add(&mut self, repeat: &mut Repeat, bytes: &[u8]) -> Result<(), Failed> {
        let left = usize::try_from(repeat.total - repeat.compared).unwrap_or(usize::MAX);
        let (old, new) = bytes.split_at(left.min(bytes.len()));
        if !old.is_empty() {
            repeat.crc.update(old);
            repeat.compared += old.len() as u64;
            if repeat.compared == repeat.total && repeat.crc.sum() != self.crc.sum() {
                return Err(Failed::invalid_file(OTHER_FILE, false));
            }
        }
        self.sink.write_all(new).map_err(sink_failed)?;
        self.crc.update(new);
        self.written += new.len() as u64;
        Ok(())
    }
}

fn sink_failed(error: io::Error) -> Failed {
    Failed::permanent(Error::new(ErrorKind::Transport, "the file could not be written").with_source(error))
}
