//! Exports: begin the job, wait for its file, and download it into a sink.

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
use users_model::{Job, Secret, UsersExport};

/// What errors name where the file itself fails; it is no operation of the API.
const DOWNLOAD: &Descriptor = &Descriptor::get("jobs.export_to", "export file").scopes(&[&["read:users"]]);

/// How much of a file is unpacked and written before other tasks run.
const SLICE: usize = 64 * 1024;

impl JobsManager {
    /// Exports users, waits for the file, and writes it into a sink as it comes: it is never held as a whole. Gives the job.
    ///
    /// Scope `read:users`. The file is packed with gzip and written as it is, checked to its last byte. It is read without a token
    /// from wherever Auth0 keeps it, over https (or http from this machine). A download that fails is repeated as a GET is, at
    /// a fresh address; what was written already is compared and not written again.
    ///
    /// # Errors
    ///
    /// Once the job was accepted, every error has its [`job_id`](Error::job_id): continue with
    /// [`resume_export`](Self::resume_export) and an empty sink. After an error the sink holds a part of the file, or nothing.
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

    /// Waits for the file of an export that was begun before, and writes it into a sink, as [`export_to`](Self::export_to) does.
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

/// Begins an export, waits for its file and writes it into a sink; gives the job.
async fn export_to(client: Client, export: UsersExport, mut sink: impl Write + Send) -> Result<Job, Error> {
    let job = client.call(Ok(ExportUsers::new(export))).send().await?;
    let id = job_id(&job, ExportUsers::DESCRIPTOR)?;
    finish(&client, &id, job, &mut sink).await.map_err(|error| error.with_job_id(&id))
}

/// Waits for the file of an export that was begun before, and writes it into a sink; gives the job.
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
            Limits { time_left: None, has_budget: shared.budget.has_retry(), random: clock.random() };
        let outcome = Outcome::classify(&failed.result, &history, &shared.retry, &limits);
        let Outcome::RetryAfter(delay) = outcome else {
            let elapsed = clock.now().saturating_since(started);
            return Err(failed.error.with_operation(DOWNLOAD).with_attempts(attempts, elapsed, false));
        };
        if !failed.result.is_rate_limited() {
            shared.budget.withdraw();
        }
        history = history.with(&failed.result);
        clock.sleep(delay).await;
        // The file's address is valid for 60 seconds.
        job = client.call(GetJob::new(id)).send().await?;
    }
}

/// A download that failed, and whether it may succeed another time.
struct Failed {
    error: Error,
    result: AttemptResult,
}

impl Failed {
    fn for_good(error: Error) -> Self {
        Self { error, result: AttemptResult::Final }
    }

    fn of_transport(error: TransportError, location: &Uri) -> Self {
        let result = AttemptResult::of_error(&error);
        Self { error: Error::transport(without_location(error, location)), result }
    }

    /// The file is not what it should be; whether another download may give the right one.
    fn of_file(message: &str, is_transient: bool) -> Self {
        let transient = AttemptResult::Transient { status: None, server_delay: None };
        let result = if is_transient { transient } else { AttemptResult::Final };
        Self { error: Error::new(ErrorKind::Decode, message), result }
    }
}

impl From<Misfit> for Failed {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Other => {
                Self::of_file("the file is not gzip; it is a page, or was unpacked on the way", false)
            }
            Misfit::Damaged => Self::of_file("the file is damaged: it cannot be unpacked", false),
            Misfit::Incomplete => {
                Self::of_file("the file is incomplete: its gzip checksum or length is missing or wrong", true)
            }
        }
    }
}

/// Reads the file once, without a token, piece by piece.
async fn download(
    client: &Client,
    job: &Job,
    output: &mut Output<'_, impl Write + Send>,
) -> Result<(), Failed> {
    let (clock, patience) = (&*client.shared.clock, client.shared.limits.attempt);
    let location = location(job).map_err(Failed::for_good)?;
    let mut request = http::Request::new(Bytes::new());
    *request.uri_mut() = location.clone();
    // The file is packed already, and is checked and written as it is.
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(connect) = client.shared.limits.connect {
        request.extensions_mut().insert(ConnectTimeout(connect));
    }
    let stalled = || {
        let message = format!("nothing came of the file for {} s", patience.as_secs_f32());
        Failed::of_transport(TransportError::new(TransportErrorKind::Timeout, Sent::Yes, message), &location)
    };
    let sending = client.shared.transport.send(request, None);
    let answer = within(clock, Some(patience), sending)
        .await
        .map_err(|_| stalled())?
        .map_err(|error| Failed::of_transport(error, &location))?;
    if !answer.status().is_success() {
        let delay = server_delay(answer.headers(), clock.unix_now());
        let result = AttemptResult::of_response(answer.status(), &[], delay);
        return Err(Failed { error: Error::status_of(None, answer.map(|_| Bytes::new())), result });
    }
    let announced = content_length(answer.headers());
    let mut body = answer.into_body();
    let mut check = Check::new();
    let mut repeat = output.repeat();
    while let Some(chunk) = within(clock, Some(patience), body.next_chunk()).await.map_err(|_| stalled())? {
        let chunk = chunk.map_err(|error| Failed::of_transport(error, &location))?;
        for slice in chunk.chunks(SLICE) {
            check.add(slice)?;
            output.add(&mut repeat, slice)?;
            yield_now().await;
        }
    }
    if announced.is_some_and(|announced| announced != check.length()) {
        return Err(Failed::of_file("the file is incomplete: its length is not the announced one", true));
    }
    check.finish()?;
    if repeat.seen < repeat.until {
        return Err(Failed::of_file(OTHER_FILE, false));
    }
    output.sink.flush().map_err(sink_failed)
}

/// Where the file is: at an address of `https`, or of `http` on this machine.
fn location(job: &Job) -> Result<Uri, Error> {
    let Some(location) = &job.location else {
        let why = job.status_details.as_deref().unwrap_or("the job has no file");
        return Err(Error::new(ErrorKind::Status, format!("the export failed: {why}")));
    };
    // Nothing of the address is shown: anyone who knows it can read the file.
    let refuse = |why: &str| Error::new(ErrorKind::Decode, format!("the file's address {why}"));
    let uri: Uri = location.expose().parse().map_err(|_| refuse("is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("names no host"));
    };
    let base = BaseUrl::parse(&format!("{scheme}://{authority}"))
        .map_err(|_| refuse("is not one of https, or of http on this machine"))?;
    if base.is_plain_http() && !base.is_loopback() {
        return Err(refuse("is plain http, which is allowed to this machine only"));
    }
    Ok(uri)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The error without the file's address, which is all that it takes to read the file. Some HTTP stacks show it.
fn without_location(error: TransportError, location: &Uri) -> TransportError {
    let query = location.query().unwrap_or_default();
    let secrets = [location.to_string(), query.to_owned()];
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(this) = source {
        // Writing into a string does not fail.
        let _ = write!(shown, "{this} {this:?}");
        source = this.source();
    }
    if !secrets.iter().any(|secret| !secret.is_empty() && shown.contains(secret.as_str())) {
        return error;
    }
    let secrets = secrets.map(Secret::from);
    let message = Error::new(ErrorKind::Transport, error.to_string()).redacted(&secrets);
    TransportError::new(error.kind(), error.sent(), message.message())
}

/// The sink, and what was written to it: a repeated download continues where the last one broke off.
struct Output<'a, W> {
    sink: &'a mut W,
    written: u64,
    crc: Crc,
}

/// How far a download is in what an earlier one has written.
struct Repeat {
    seen: u64,
    until: u64,
    crc: Crc,
}

const OTHER_FILE: &str =
    "the repeated download gave another file than the first; what was written is a part of the first one";

impl<W: Write> Output<'_, W> {
    fn repeat(&self) -> Repeat {
        Repeat { seen: 0, until: self.written, crc: Crc::new() }
    }

    /// Compares what was written before, and writes the rest.
    fn add(&mut self, repeat: &mut Repeat, bytes: &[u8]) -> Result<(), Failed> {
        let left = usize::try_from(repeat.until - repeat.seen).unwrap_or(usize::MAX);
        let (old, new) = bytes.split_at(left.min(bytes.len()));
        if !old.is_empty() {
            repeat.crc.update(old);
            repeat.seen += old.len() as u64;
            if repeat.seen == repeat.until && repeat.crc.sum() != self.crc.sum() {
                return Err(Failed::of_file(OTHER_FILE, false));
            }
        }
        self.sink.write_all(new).map_err(sink_failed)?;
        self.crc.update(new);
        self.written += new.len() as u64;
        Ok(())
    }
}

fn sink_failed(error: io::Error) -> Failed {
    Failed::for_good(Error::new(ErrorKind::Transport, "the sink did not take the file").with_source(error))
}
