//! Recording exchanges.

use crate::cassette::har::{self, Creator, Entry, Failure, Har, Log};
use crate::cassette::scrub::{Scrub, Scrubber};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::model::Timestamp;
use users_core::{Body, Clock, HttpTransport, Instant, SystemClock, TransportError};

/// The number of exchanges that are kept.
const MOST_ENTRIES: usize = 100_000;

/// The number of bytes of all bodies that are kept.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A transport that records the requests and responses of another one, in the HTTP Archive format (HAR 1.2), which browsers' tools can
/// show. [`Replay`](crate::Replay) answers from such a file.
///
/// Tokens, passwords, secrets, cookies and the signatures of presigned URLs are replaced before anything is written; see [`Scrub`].
/// A secret that is found under one key is replaced wherever it occurs, percent-encoded or escaped too. Look through a file before it is
/// published: what is secret only by its meaning, such as a note in `user_metadata`, is kept.
///
/// Clones share the recording. It keeps 100,000 exchanges and 256 MiB of bodies at most; [`save`](Self::save) fails if there were more.
///
/// ```
/// use users_core::ManagementClient;
/// use users_mock::{Recorder, Replay, Tenant};
///
/// let tenant = Tenant::builder().users(3).build();
/// let recorder = Recorder::new(tenant.clone());
/// let client = ManagementClient::builder(recorder.clone()).domain(tenant.domain()).token(tenant.management_token()).build()?;
/// tenant.clock().block_on(async { client.users().get_all().await.map(drop) })?;
/// let har = recorder.to_har()?;
/// assert!(!har.contains(tenant.management_token().expose()));
///
/// let replay = Replay::from_har(&har)?;
/// let users = replay.management().users();
/// assert_eq!(replay.clock().block_on(users.get_all().send())?.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    recording: Arc<Mutex<Recording>>,
}

#[derive(Default)]
struct Recording {
    scrub: Scrub,
    entries: Vec<Entry>,
    bytes: usize,
    is_full: bool,
}

impl Recorder {
    /// Records what another transport sends and receives. Times are those of its clock, or of the operating system if it has none.
    pub fn new(inner: impl HttpTransport) -> Self {
        let clock = inner.clock().unwrap_or_else(|| Arc::new(SystemClock::new()));
        Self { inner: Arc::new(inner), clock, recording: Arc::default() }
    }

    /// Sets what is removed: secrets unless set.
    #[must_use]
    pub fn scrub(self, scrub: Scrub) -> Self {
        self.recording().scrub = scrub;
        self
    }

    /// The recording so far, as the text of a HAR file.
    ///
    /// # Errors
    ///
    /// If there was more than can be kept.
    pub fn to_har(&self) -> io::Result<String> {
        let recording = self.recording();
        if recording.is_full {
            return Err(io::Error::other(format!(
                "more was sent than a cassette keeps: {MOST_ENTRIES} exchanges and {MOST_BYTES} bytes"
            )));
        }
        let (mut entries, scrub) = (recording.entries.clone(), recording.scrub);
        drop(recording);
        Scrubber::new(scrub).scrub_all(&mut entries);
        let creator =
            Creator { name: "users-mock".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let har = Har { log: Log { version: "1.2".to_owned(), creator, entries } };
        let mut text = serde_json::to_string_pretty(&har).map_err(io::Error::other)?;
        text.push('\n');
        Ok(text)
    }

    /// Writes the recording so far to a file, by convention with the extension `har`. An existing file is replaced as a whole.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or if there was more than can be kept.
    pub fn save(&self, file: impl AsRef<Path>) -> io::Result<()> {
        let file = file.as_ref();
        let text = self.to_har()?;
        let mut new = file.as_os_str().to_owned();
        new.push(".new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, file)
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    fn add(&mut self, entry: Entry) {
        let size = entry.response.content.text.len()
            + entry.request.post_data.as_ref().map_or(0, |body| body.text.len());
        self.bytes = self.bytes.saturating_add(size);
        if self.entries.len() >= MOST_ENTRIES || self.bytes > MOST_BYTES {
            self.is_full = true;
        } else {
            self.entries.push(entry);
        }
    }
}

#[async_trait]
impl HttpTransport for Recorder {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let mut exchange = Exchange::new(self, &request);
        match self.inner.send(request, timeout).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                exchange.head(&parts);
                let body = stream::unfold((body, exchange), |(mut body, mut exchange)| async move {
                    let chunk = body.next_chunk().await?;
                    match &chunk {
                        Ok(chunk) => exchange.chunk(chunk),
                        Err(error) => exchange.entry.response.error = Some(Failure::from(error)),
                    }
                    Some((chunk, (body, exchange)))
                });
                Ok(http::Response::from_parts(parts, Body::from_stream(body)))
            }
            Err(error) => {
                exchange.entry.response.error = Some(Failure::from(&error));
                Err(error)
            }
        }
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.inner.clock()
    }

    fn enforces_timeout(&self) -> bool {
        self.inner.enforces_timeout()
    }
}

/// An exchange that is being recorded. It is added to the recording when it is dropped: at its end, or when it is cancelled.
struct Exchange {
    recording: Arc<Mutex<Recording>>,
    clock: Arc<dyn Clock>,
    started: Instant,
    entry: Entry,
    body: BytesMut,
}

impl Exchange {
    fn new(recorder: &Recorder, request: &http::Request<Bytes>) -> Self {
        let mut entry = Entry::new(request);
        entry.started_date_time = Timestamp::from(recorder.clock.unix_now()).as_str().into();
        Self {
            recording: Arc::clone(&recorder.recording),
            clock: Arc::clone(&recorder.clock),
            started: recorder.clock.now(),
            entry,
            body: BytesMut::new(),
        }
    }

    fn head(&mut self, parts: &http::response::Parts) {
        let response = &mut self.entry.response;
        response.status = parts.status.as_u16();
        response.status_text = parts.status.canonical_reason().unwrap_or_default().into();
        response.headers = har::headers(&parts.headers);
        let header = |name| -> String {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().into()
        };
        response.content.mime_type = header(CONTENT_TYPE);
        response.redirect_url = header(http::header::LOCATION);
        self.entry.timings.wait = milliseconds(self.clock.now().saturating_since(self.started));
    }

    /// Keeps a part of the body. What is more than can be kept makes the recording incomplete.
    fn chunk(&mut self, chunk: &Bytes) {
        if self.body.len() + chunk.len() <= MOST_BYTES {
            self.body.extend_from_slice(chunk);
        } else {
            self.recording.lock().unwrap_or_else(PoisonError::into_inner).is_full = true;
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.body).freeze();
        let content = &mut self.entry.response.content;
        content.size = i64::try_from(body.len()).unwrap_or(-1);
        self.entry.response.body_size = content.size;
        (content.text, content.encoding) = har::encode(&body);
        let time = milliseconds(self.clock.now().saturating_since(self.started));
        self.entry.timings.receive = (time - self.entry.timings.wait).max(0.0);
        self.entry.time = time;
        self.recording.lock().unwrap_or_else(PoisonError::into_inner).add(self.entry.clone());
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("inner", &self.inner)
            .field("exchanges", &self.recording().entries.len())
            .finish_non_exhaustive()
    }
}
