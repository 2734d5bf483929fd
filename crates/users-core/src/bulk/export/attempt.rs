//! One attempt to download a file.

use super::super::gzip::Check;
use super::super::yielding::yield_now;
use super::delivered::{Delivered, Repeat};
use super::failed::Failed;
use super::file_url::location;
use crate::client::Client;
use crate::clock::within;
use crate::error::Error;
use crate::outcome::AttemptResult;
use crate::rate_limit::server_delay;
use crate::transport::{Body, ConnectTimeout};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Uri};
use std::pin::pin;
use std::time::Duration;
use users_model::Job;

/// The number of bytes that are checked and delivered before other tasks run.
const SLICE: usize = 64 * 1024;

/// What the pieces of a download are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The bytes as received.
    Packed,
    /// The decompressed bytes.
    Unpacked,
}

/// A response whose body is a file.
pub(super) struct Attempt {
    form: Form,
    location: Uri,
    timeout: Duration,
    /// The length that the response announced.
    announced: Option<u64>,
    body: Body,
    /// What was received and is not checked yet.
    received: Bytes,
    check: Check,
    repeat: Repeat,
    /// Whether the end was verified.
    is_finished: bool,
}

impl Attempt {
    /// Requests the file, without a token.
    pub(super) async fn begin(
        client: &Client,
        job: &Job,
        form: Form,
        repeat: Repeat,
    ) -> Result<Self, Failed> {
        let (clock, timeout) = (&*client.shared.clock, client.shared.limits.attempt);
        let location = location(job).map_err(Failed::permanent)?;
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = location.clone();
        // The file is compressed already, and is checked as received.
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(connect) = client.shared.limits.connect {
            request.extensions_mut().insert(ConnectTimeout(connect));
        }
        let response = within(clock, Some(timeout), client.shared.transport.send(request, None))
            .await
            .map_err(|_| Failed::stalled(timeout, &location))?
            .map_err(|error| Failed::from_transport(error, &location))?;
        if !response.status().is_success() {
            let delay = server_delay(response.headers(), clock.unix_now());
            let result = AttemptResult::from_response(response.status(), &[], delay);
            return Err(Failed { error: Error::status_of(None, response.map(|_| Bytes::new())), result });
        }
        Ok(Self {
            form,
            location,
            timeout,
            announced: content_length(response.headers()),
            body: response.into_body(),
            received: Bytes::new(),
            check: Check::new(form == Form::Unpacked),
            repeat,
            is_finished: false,
        })
    }

    /// The next piece that was not delivered; `None` at the end of the file, when it was verified.
    pub(super) async fn next(
        &mut self,
        client: &Client,
        delivered: &mut Delivered,
    ) -> Result<Option<Bytes>, Failed> {
        while !self.is_finished {
            let piece = if self.received.is_empty() { self.receive(client).await? } else { self.unpack()? };
            let new = delivered.add(&mut self.repeat, piece)?;
            if self.is_finished {
                self.repeat.finish()?;
            }
            yield_now().await;
            if !new.is_empty() {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }

    /// Receives the next bytes, or checks the end of the file, which may decompress the last ones.
    async fn receive(&mut self, client: &Client) -> Result<Bytes, Failed> {
        let clock = &*client.shared.clock;
        let chunk = within(clock, Some(self.timeout), pin!(self.body.next_chunk()))
            .await
            .map_err(|_| Failed::stalled(self.timeout, &self.location))?;
        if let Some(chunk) = chunk {
            self.received = chunk.map_err(|error| Failed::from_transport(error, &self.location))?;
            return Ok(Bytes::new());
        }
        if self.announced.is_some_and(|announced| announced != self.check.length()) {
            return Err(Failed::invalid_file(
                "the file is incomplete: its length is not that of content-length",
                true,
            ));
        }
        self.check.finish()?;
        self.is_finished = true;
        Ok(self.check.take_output())
    }

    /// Checks some of the received bytes, and returns them in the form that is delivered.
    fn unpack(&mut self) -> Result<Bytes, Failed> {
        let slice = self.received.slice(..self.received.len().min(SLICE));
        let checked = match self.form {
            Form::Packed => self.check.add(&slice).map(|()| slice.len()),
            Form::Unpacked => self.check.step(&slice),
        }?;
        let packed = self.received.split_to(checked);
        Ok(if self.form == Form::Packed { packed } else { self.check.take_output() })
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
