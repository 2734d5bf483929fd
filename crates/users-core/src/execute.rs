//! Executing an operation: pace → authorize → send ⟲ retry → decode.

use crate::attempt::Attempt;
use crate::client::{CallOptions, Client};
use crate::clock::Instant;
use crate::deadline::Deadline;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use crate::outcome::{AttemptResult, History, Limits, Outcome};
use crate::pacing::{PaceRequest, Permit};
use crate::rate_limit::server_delay;
use crate::redact;
use crate::retry::Retry;
use crate::token::AccessToken;
use crate::trace;
use crate::transport::Sent;
use bytes::Bytes;
use futures_util::future::poll_immediate;
use http::StatusCode;
use http::header::AUTHORIZATION;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use users_model::Secret;

/// A call that waited longer than this for its permit obtains its token again.
const STALE_AFTER: Duration = Duration::from_millis(1);

/// The state of a request in the pipeline.
struct Execution<'a> {
    descriptor: &'a Descriptor,
    /// Each attempt sends a copy. It has the access token of the last one.
    request: http::Request<Bytes>,
    /// Whether the client's access token is added: the endpoint takes one, and the request has no `Authorization` header of its own.
    needs_token: bool,
    options: &'a CallOptions,
    retry: &'a Retry,
    started: Instant,
    deadline: Deadline,
    attempts: u32,
    /// Whether an attempt that was repeated may have been carried out.
    maybe_applied: bool,
    /// Whether a retry was not made because the client's budget is spent.
    is_budget_spent: bool,
    /// The delay that the server requested with the last response, if it was not a success.
    server_delay: Option<Duration>,
    /// The token that was sent last, and those before it. No message may show them.
    token: Option<AccessToken>,
    earlier_tokens: Vec<AccessToken>,
}

/// The future of a request in the pipeline.
type Running<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, Error>> + Send + 'a>>;

impl Client {
    /// Executes an operation. Every error gains its context here: the operation, the attempts, and what must not be shown.
    // An `async fn` would hold the arguments twice: as such and as variables.
    #[allow(clippy::manual_async_fn)]
    pub(crate) fn execute<O: Operation>(
        self,
        operation: Result<O, Error>,
        options: CallOptions,
    ) -> impl Future<Output = Result<O::Output, Error>> + Send + 'static {
        async move {
            let operation = operation?;
            let descriptor = operation.descriptor();
            let request = self.prepare(&operation, &options);
            let mut execution =
                self.begin(descriptor, request.map_err(|error| error.with_operation(descriptor))?, &options);
            // Boxed, so that futures of calls are small and the code of the pipeline exists once.
            let running: Running<'_> = Box::pin(self.run(&mut execution));
            match running.await.and_then(O::decode) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.with_context(error, &mut execution, operation.secrets())),
            }
        }
    }

    fn begin<'a>(
        &'a self,
        descriptor: &'a Descriptor,
        request: http::Request<Bytes>,
        options: &'a CallOptions,
    ) -> Execution<'a> {
        let started = self.shared.clock.now();
        Execution {
            descriptor,
            needs_token: descriptor.access_token && !request.headers().contains_key(AUTHORIZATION),
            request,
            options,
            retry: options.retry.as_ref().unwrap_or(&self.shared.retry),
            started,
            deadline: Deadline::new(started, options.overall.or(self.shared.limits.overall)),
            attempts: 0,
            maybe_applied: false,
            is_budget_spent: false,
            server_delay: None,
            token: None,
            earlier_tokens: Vec::new(),
        }
    }

    async fn run(&self, execution: &mut Execution<'_>) -> Result<http::Response<Bytes>, Error> {
        let span = trace::call(execution.descriptor);
        let response = trace::within(&span, self.send_with_retries(execution)).await;
        match &response {
            Ok(response) => trace::answered(&span, response.status()),
            Err(error) => trace::failed(&span, &error.kind()),
        }
        response
    }

    /// Adds to an error what is known of the call, and removes what must not be shown.
    fn with_context(&self, error: Error, execution: &mut Execution<'_>, of_operation: Vec<Secret>) -> Error {
        let clock = &*self.shared.clock;
        if execution.needs_token {
            execution.request.headers_mut().remove(AUTHORIZATION);
        }
        let mut secrets = redact::secrets(&execution.request);
        secrets.extend(of_operation);
        let tokens = execution.earlier_tokens.iter().chain(&execution.token);
        secrets.extend(tokens.map(|token| token.secret().clone()));
        let success = error.headers().filter(|_| error.status().is_some_and(|status| status.is_success()));
        let delay = success.and_then(|headers| server_delay(headers, clock.unix_now()));
        let elapsed = clock.now().saturating_since(execution.started);
        error
            .with_operation(execution.descriptor)
            .with_attempts(execution.attempts, elapsed, execution.maybe_applied)
            .with_retry_after(execution.server_delay.or(delay))
            .with_budget_spent(execution.is_budget_spent)
            .redacted(&secrets)
    }

    /// Sends the request until an attempt is final or the policy gives up.
    async fn send_with_retries(&self, execution: &mut Execution<'_>) -> Result<http::Response<Bytes>, Error> {
        let clock = &*self.shared.clock;
        let mut history = History::new(execution.descriptor.safety, execution.options.idempotent);
        let mut renewed = None;
        self.shared.budget.deposit();
        loop {
            let (token, mut permit) = self.admit(execution, renewed.take()).await?;
            let response = self.send_once(execution, token, &mut permit).await?;
            let result = self.observe(execution, &response, &permit);
            let limits = || Limits {
                time_left: execution.deadline.left(clock),
                has_budget: !execution.retry.has_budget() || self.shared.budget.has_retry(),
                random: clock.random(),
            };
            match Outcome::classify(&result, &history, execution.retry, limits) {
                Outcome::Done => return response.map_err(Error::transport),
                Outcome::GiveUp { is_budget_spent } => {
                    execution.is_budget_spent = is_budget_spent;
                    return response.map_err(Error::transport);
                }
                Outcome::Renew => {
                    renewed = self.renew(execution).await?;
                    if renewed.is_none() {
                        return response.map_err(Error::transport);
                    }
                }
                Outcome::RetryAfter(delay) => {
                    execution.maybe_applied |= may_be_applied(&response);
                    if !result.is_rate_limited() && execution.retry.has_budget() {
                        self.shared.budget.withdraw();
                    }
                    let status = response.as_ref().map(http::Response::status).ok();
                    drop(response);
                    trace::retry(execution.attempts, delay, status);
                    clock.sleep(delay).await;
                    if let Some(remake) = &execution.options.remake {
                        execution.request = remake().await?;
                    }
                }
            }
            history = history.with(&result);
        }
    }

    /// Obtains a token and a permit. The token comes first, so that wrong credentials fail at once, and again after a wait.
    async fn admit(
        &self,
        execution: &mut Execution<'_>,
        renewed: Option<AccessToken>,
    ) -> Result<(Option<AccessToken>, Permit), Error> {
        execution.server_delay = None;
        let mut token = match renewed {
            Some(token) => Some(token),
            None => self.token(execution).await?,
        };
        let (permit, waited) = self.pace(execution).await?;
        if waited >= STALE_AFTER {
            token = self.token(execution).await?;
        }
        Ok((token, permit))
    }

    /// Makes one attempt with this token.
    async fn send_once(
        &self,
        execution: &mut Execution<'_>,
        token: Option<AccessToken>,
        permit: &mut Permit,
    ) -> Result<Attempt, Error> {
        execution.authorize(token)?;
        let attempt = execution.options.attempt.unwrap_or(self.shared.limits.attempt);
        let time = match execution.deadline.left(&*self.shared.clock) {
            Some(left) if left.is_zero() => return Err(Deadline::passed("before the request was sent")),
            left => left.map_or(attempt, |left| left.min(attempt)),
        };
        let limit = execution.options.response.unwrap_or(self.shared.limits.response);
        execution.attempts += 1;
        let span = trace::attempt(execution.descriptor, &self.shared.base, execution.attempts);
        // The copy is kept, since it has no room for the headers that a transport adds.
        let kept = execution.request.clone();
        let request = std::mem::replace(&mut execution.request, kept);
        let mut sending = trace::in_scope(&span, || self.start(request, permit, time));
        let response = trace::within(&span, self.receive(&mut sending, limit)).await;
        match &response {
            Ok(response) => trace::answered(&span, response.status()),
            Err(error) => trace::failed(&span, &error.kind()),
        }
        Ok(response)
    }

    /// Reports an attempt to the pacer and the token source, and reads what matters for a retry.
    fn observe(&self, execution: &mut Execution<'_>, response: &Attempt, permit: &Permit) -> AttemptResult {
        let response = match response {
            Ok(response) => response,
            Err(error) => return AttemptResult::from_error(error),
        };
        let status = response.status();
        self.shared.pacer.observe(permit, status, response.headers());
        if let Some(token) = execution.token.as_ref().filter(|_| shows_acceptance(status)) {
            token.accept();
        }
        if !status.is_success() {
            execution.server_delay = server_delay(response.headers(), self.shared.clock.unix_now());
        }
        AttemptResult::from_response(status, response.body(), execution.server_delay)
    }

    /// The client's access token, if the request needs it.
    async fn token(&self, execution: &Execution<'_>) -> Result<Option<AccessToken>, Error> {
        let Some(source) = self.shared.token.as_deref().filter(|_| execution.needs_token) else {
            return Ok(None);
        };
        let clock = &*self.shared.clock;
        let token = execution.deadline.limit(clock, source.token()).await;
        token.map_err(|_| Deadline::passed("while waiting for an access token"))?.map(Some)
    }

    /// Reports the token that a 401 rejected, and obtains another one if the source has one.
    async fn renew(&self, execution: &Execution<'_>) -> Result<Option<AccessToken>, Error> {
        let (Some(source), Some(rejected)) = (&self.shared.token, &execution.token) else { return Ok(None) };
        let clock = &*self.shared.clock;
        let reporting = execution.deadline.limit(clock, (**source).rejected(rejected)).await;
        reporting.map_err(|_| Deadline::passed("while renewing the access token"))?;
        trace::token_rejected();
        let token = self.token(execution).await?;
        Ok(token.filter(|token| !token.is_same(rejected)))
    }

    /// Waits for a permit, unless the wait does not fit into the call's time. Returns how long it waited.
    async fn pace(&self, execution: &Execution<'_>) -> Result<(Permit, Duration), Error> {
        let clock = &*self.shared.clock;
        let request = PaceRequest::new(execution.descriptor)
            .time_left(execution.deadline.left(clock))
            .max_server_delay(execution.retry.longest_server_delay());
        let mut acquiring = execution.deadline.limit(clock, self.shared.pacer.acquire(&request));
        let (permit, waited) = if let Some(permit) = poll_immediate(&mut acquiring).await {
            (permit, Duration::ZERO)
        } else {
            let began = clock.now();
            (acquiring.await, clock.now().saturating_since(began))
        };
        let permit = permit.map_err(|_| Deadline::passed("while waiting for the rate limit"))?;
        trace::paced(waited);
        Ok((permit.map_err(Error::paced)?, waited))
    }
}

impl Execution<'_> {
    /// Sets the access token of the next attempt.
    fn authorize(&mut self, token: Option<AccessToken>) -> Result<(), Error> {
        let Some(token) = token else { return Ok(()) };
        if let Some(earlier) = self.token.take().filter(|earlier| !earlier.is_same(&token)) {
            self.earlier_tokens.push(earlier);
        }
        let bearer = self.token.insert(token).bearer()?;
        self.request.headers_mut().insert(AUTHORIZATION, bearer);
        Ok(())
    }
}

/// Whether the server accepted the token: a proxy or a rate limiter may respond without checking it.
fn shows_acceptance(status: StatusCode) -> bool {
    let is_other = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    );
    !is_other && !status.is_server_error() && !status.is_redirection()
}

/// Whether an attempt may have been carried out.
fn may_be_applied(response: &Attempt) -> bool {
    match response {
        Ok(response) => {
            response.status().is_server_error() || response.status() == StatusCode::REQUEST_TIMEOUT
        }
        Err(error) => error.sent() != Sent::No,
    }
}
