//! The pipeline between a request and its response: pace → authorize → send ⟲ retry.

use crate::base_url::BaseUrl;
use crate::clock::within;
use crate::clock::{Clock, Instant};
use crate::decode::{RESPONSE_LIMIT, ResponseLimit};
use crate::descriptor::Descriptor;
use crate::endpoint::bearer;
use crate::error::Error;
use crate::pacing::Pacer;
use crate::pacing::{PaceRequest, Permit};
use crate::rate_limit::server_delay;
use crate::retry::Retry;
use crate::retry::{Budget, Failure, Tried};
use crate::token::{AccessToken, TokenSource};
use crate::trace;
use crate::transport::{ConnectTimeout, HttpTransport, Sent, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What every client and manager holds. Cloning is cheap; clones share the transport, the token and the pace.
#[derive(Clone)]
// A sealed trait names it, which needs it to be `pub`; nobody outside can.
#[allow(unreachable_pub)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) base: BaseUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) custom_domain: Option<http::HeaderValue>,
    pub(crate) client_id: Option<String>,
    pub(crate) transport: Arc<dyn HttpTransport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) token: Option<Arc<dyn TokenSource>>,
    pub(crate) pacer: Arc<dyn Pacer>,
    pub(crate) retry: Retry,
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: Limits,
}

/// A call that waited longer than this for its permit takes its token anew.
const STALE_AFTER: Duration = Duration::from_millis(1);

/// How long and how much, where a call does not say otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) overall: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) attempt: Duration,
    pub(crate) response: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { overall: None, connect: None, attempt: Duration::from_secs(30), response: RESPONSE_LIMIT }
    }
}

/// What a call asks for beside its operation.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) overall: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) attempt: Option<Duration>,
    pub(crate) response: Option<usize>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) headers: HeaderMap,
    pub(crate) custom_domain: Option<http::HeaderValue>,
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("overall", &self.overall)
            .field("connect", &self.connect)
            .field("attempt", &self.attempt)
            .field("response", &self.response)
            .field("idempotent", &self.idempotent)
            // The values may be secrets: only the names are shown.
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("custom_domain", &self.custom_domain)
            .finish()
    }
}

/// An answer, and what it took to get it.
pub(crate) struct Received {
    pub(crate) response: http::Response<Bytes>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) retry_after: Option<Duration>,
    /// Whether an earlier attempt may have been carried out.
    pub(crate) maybe_applied: bool,
}

impl Client {
    /// Adds what the client sends with every request, and what the call asks for; the operation's own headers win.
    pub(crate) fn with_defaults(
        &self,
        descriptor: &Descriptor,
        mut request: http::Request<Bytes>,
        options: &CallOptions,
    ) -> http::Request<Bytes> {
        let own = std::mem::replace(request.headers_mut(), self.shared.headers.clone());
        let domain = options.custom_domain.as_ref().or(self.shared.custom_domain.as_ref());
        let headers = request.headers_mut();
        if let (true, Some(domain)) = (descriptor.custom_domain, domain) {
            headers.insert("auth0-custom-domain", domain.clone());
        }
        replace(headers, own);
        replace(headers, options.headers.clone());
        if let Some(connect) = options.connect.or(self.shared.limits.connect) {
            request.extensions_mut().insert(ConnectTimeout(connect));
        }
        request
    }

    /// Sends a request, retrying as the policy allows. The tokens that were sent are added to `sent`, to be kept out of messages.
    pub(crate) async fn run(
        &self,
        descriptor: &Descriptor,
        request: &http::Request<Bytes>,
        options: &CallOptions,
        sent: &mut Vec<AccessToken>,
    ) -> Result<Received, Error> {
        let span = trace::call(descriptor);
        let received = trace::within(&span, self.send_with_retries(descriptor, request, options, sent)).await;
        match &received {
            Ok(received) => trace::answered(&span, received.response.status()),
            Err(error) => trace::failed(&span, &error.kind()),
        }
        received
    }

    async fn send_with_retries(
        &self,
        descriptor: &Descriptor,
        request: &http::Request<Bytes>,
        options: &CallOptions,
        sent: &mut Vec<AccessToken>,
    ) -> Result<Received, Error> {
        let clock = &*self.shared.clock;
        let started = clock.now();
        let deadline = Deadline::new(started, options.overall.or(self.shared.limits.overall));
        let mut tried = Tried::new(descriptor.safety, options.idempotent);
        let mut attempts = 0;
        let mut maybe_applied = false;
        let mut is_renewed = false;
        let mut renewed: Option<AccessToken> = None;
        self.shared.budget.call();

        loop {
            let fail = |error: Error, attempts| {
                error.of(descriptor).after(attempts, clock.now().saturating_since(started), maybe_applied)
            };
            // Before the queue, so that wrong credentials fail at once.
            let mut token = match renewed.take() {
                Some(token) => Some(token),
                None => self.token(request, &deadline).await.map_err(|error| fail(error, attempts))?,
            };
            let queued = clock.now();
            let mut permit = self.pace(descriptor, &deadline).await.map_err(|error| fail(error, attempts))?;
            if clock.now().saturating_since(queued) >= STALE_AFTER {
                token = self.token(request, &deadline).await.map_err(|error| fail(error, attempts))?;
            }
            sent.extend(token.clone());
            let ready = authorized(request, token.as_ref()).map_err(|error| fail(error, attempts))?;
            if deadline.left(clock).is_some_and(|left| left.is_zero()) {
                return Err(fail(Deadline::over("before the request was sent"), attempts));
            }
            attempts += 1;
            let span = trace::attempt(descriptor, &self.shared.base, attempts);
            let result = trace::within(&span, self.attempt(ready, &mut permit, &deadline, options)).await;
            match &result {
                Ok(response) => trace::answered(&span, response.status()),
                Err(error) => trace::failed(&span, &error.kind()),
            }

            let (failure, asked) = match &result {
                Ok(response) => {
                    self.shared.pacer.observe(&permit, response.status(), response.headers());
                    if let Some(token) = token.as_ref().filter(|_| shows_acceptance(response.status())) {
                        token.accept();
                    }
                    let asked = server_delay(response.headers(), clock.unix_now());
                    (Failure::of_answer(response.status(), response.body(), asked), asked)
                }
                Err(error) => (Failure::of_transport(error), None),
            };

            let is_rejected =
                result.as_ref().is_ok_and(|response| response.status() == StatusCode::UNAUTHORIZED);
            if is_rejected && !is_renewed {
                is_renewed = true;
                renewed = self
                    .renew(request, token.as_ref(), &deadline)
                    .await
                    .map_err(|error| fail(error, attempts))?;
                if renewed.is_some() {
                    continue;
                }
            }

            let this_may_be_applied = match &result {
                Ok(response) => {
                    response.status().is_server_error() || response.status() == StatusCode::REQUEST_TIMEOUT
                }
                Err(error) => error.sent() != Sent::No,
            };
            let pause = self.shared.retry.pause(&failure, &tried, clock.random()).filter(|pause| {
                deadline.left(clock).is_none_or(|left| *pause < left)
                    && (matches!(failure, Failure::Refused { .. }) || self.shared.budget.take())
            });
            let Some(pause) = pause else {
                return match result {
                    Ok(response) => Ok(Received {
                        response,
                        attempts,
                        elapsed: clock.now().saturating_since(started),
                        retry_after: asked,
                        maybe_applied,
                    }),
                    Err(error) => Err(fail(Error::transport(error), attempts)),
                };
            };
            maybe_applied |= this_may_be_applied;
            match failure {
                Failure::Refused { .. } => tried.refusals += 1,
                _ => tried.errors += 1,
            }
            trace::retry(attempts, pause, result.as_ref().map(http::Response::status).ok());
            clock.sleep(pause).await;
        }
    }

    /// The client's access token, unless the request carries one of its own or goes elsewhere.
    async fn token(
        &self,
        request: &http::Request<Bytes>,
        deadline: &Deadline,
    ) -> Result<Option<AccessToken>, Error> {
        let Some(source) = &self.shared.token else { return Ok(None) };
        if request.headers().contains_key(AUTHORIZATION) || !self.shared.base.is_authority_of(request.uri()) {
            return Ok(None);
        }
        let token = deadline.keep(&*self.shared.clock, "waiting for an access token", source.token());
        token.await?.map(Some)
    }

    /// Reports a token that a 401 rejected, and gives another one if the source has one.
    async fn renew(
        &self,
        request: &http::Request<Bytes>,
        rejected: Option<&AccessToken>,
        deadline: &Deadline,
    ) -> Result<Option<AccessToken>, Error> {
        let (Some(source), Some(rejected)) = (&self.shared.token, rejected) else { return Ok(None) };
        let rejecting =
            deadline.keep(&*self.shared.clock, "renewing the access token", source.rejected(rejected));
        rejecting.await?;
        trace::token_rejected();
        let token = self.token(request, deadline).await?;
        Ok(token.filter(|token| token.secret() != rejected.secret()))
    }

    /// Waits for a permit, unless the wait would not fit into the call's time.
    async fn pace(&self, descriptor: &Descriptor, deadline: &Deadline) -> Result<Permit, Error> {
        let Shared { clock, pacer, retry, .. } = &*self.shared;
        let began = clock.now();
        let request = PaceRequest::new(descriptor)
            .time_left(deadline.left(&**clock))
            .max_server_delay(retry.longest_server_delay());
        let acquired = pacer.acquire(&request);
        let permit = deadline.keep(&**clock, "waiting for the rate limit", acquired).await?;
        trace::paced(clock.now().saturating_since(began));
        permit.map_err(Error::paced)
    }

    /// Sends the request once and reads the whole answer, within the time and size that are left.
    async fn attempt(
        &self,
        request: http::Request<Bytes>,
        permit: &mut Permit,
        deadline: &Deadline,
        options: &CallOptions,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let clock = &*self.shared.clock;
        let attempt = options.attempt.unwrap_or(self.shared.limits.attempt);
        let time = deadline.left(clock).map_or(attempt, |left| left.min(attempt));
        let limit = options.response.unwrap_or(self.shared.limits.response);
        // What is known of the answer while its body is on its way: nothing, success, or the head of a refusal.
        let head = Mutex::new(Head::Missing);
        let set_head = |known| *head.lock().unwrap_or_else(PoisonError::into_inner) = known;
        let exchange = async {
            let sending = self.shared.transport.send(request, Some(time));
            permit.used();
            let (parts, body) = sending.await?.into_parts();
            set_head(if parts.status.is_success() { Head::Success } else { Head::Refusal(parts.clone()) });
            let mut response = http::Response::from_parts(parts, body.collect(limit).await?);
            response.extensions_mut().insert(ResponseLimit(limit));
            Ok(response)
        };
        let result = within(clock, Some(time), exchange).await;
        let head = head.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (result, head) {
            (Ok(Ok(response)), _) => Ok(response),
            // The status says enough: a refusal is one, whatever became of its body.
            (_, Head::Refusal(parts)) => Ok(http::Response::from_parts(parts, Bytes::new())),
            (Ok(Err(error)), _) => Err(error),
            (Err(_), Head::Success) => Err(too_late(Sent::Yes, "the answer's body did not come", time)),
            (Err(_), Head::Missing) => Err(too_late(Sent::Maybe, "no answer came", time)),
        }
    }
}

/// Whether the server looked beyond the token: a proxy or a rate limiter may answer without.
fn shows_acceptance(status: StatusCode) -> bool {
    let is_other = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    );
    !is_other && !status.is_server_error() && !status.is_redirection()
}

/// The request with its access token.
fn authorized(
    request: &http::Request<Bytes>,
    token: Option<&AccessToken>,
) -> Result<http::Request<Bytes>, Error> {
    let mut request = request.clone();
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, bearer(token.secret())?);
    }
    Ok(request)
}

/// What is known of an answer whose body has not come yet.
enum Head {
    Missing,
    Success,
    Refusal(http::response::Parts),
}

fn too_late(sent: Sent, what: &str, time: Duration) -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, sent, format!("{what} within {} s", time.as_secs_f32()))
}

/// Puts headers in the place of those of the same name.
fn replace(headers: &mut HeaderMap, others: HeaderMap) {
    let mut last = None;
    for (name, value) in others {
        match name {
            // `HeaderMap` gives the name with the first of its values only.
            Some(name) => {
                headers.insert(name.clone(), value);
                last = Some(name);
            }
            None => {
                if let Some(name) = &last {
                    headers.append(name.clone(), value);
                }
            }
        }
    }
}

/// When a call must end.
struct Deadline(Option<Instant>);

impl Deadline {
    fn new(started: Instant, overall: Option<Duration>) -> Self {
        Self(overall.map(|overall| started + overall))
    }

    fn left(&self, clock: &dyn Clock) -> Option<Duration> {
        self.0.map(|end| end.saturating_since(clock.now()))
    }

    /// Waits for something that happens before the request is sent.
    async fn keep<F: Future>(&self, clock: &dyn Clock, what: &str, future: F) -> Result<F::Output, Error> {
        within(clock, self.left(clock), future).await.map_err(|_| Self::over(&format!("while {what}")))
    }

    /// The call's time ran out, and nothing is under way.
    fn over(when: &str) -> Error {
        let message = format!("the call's time ran out {when}");
        Error::transport(TransportError::new(TransportErrorKind::Timeout, Sent::No, message))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &*self.shared;
        f.debug_struct("Client")
            .field("base_url", &shared.base.to_string())
            .field("transport", &shared.transport)
            .field("clock", &shared.clock)
            .field("token", &shared.token)
            .field("pacer", &shared.pacer)
            .field("retry", &shared.retry)
            .field("limits", &shared.limits)
            .finish_non_exhaustive()
    }
}
