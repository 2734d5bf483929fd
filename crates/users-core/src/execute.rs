//! Executing an operation: pace → authorize → send ⟲ retry → decode.

use crate::attempt::Attempt;
use crate::client::{CallOptions, Client};
use crate::deadline::Deadline;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation::Operation;
use crate::outcome::{AttemptResult, History, Limits, Outcome};
use crate::pacing::{PaceRequest, Permit};
use crate::rate_limit::server_delay;
use crate::redact;
use crate::request::bearer;
use crate::retry::Retry;
use crate::token::AccessToken;
use crate::trace;
use crate::transport::Sent;
use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use std::time::Duration;

/// A call that waited longer than this for its permit obtains its token again.
const STALE_AFTER: Duration = Duration::from_millis(1);

/// The state of a request in the pipeline.
struct Execution<'a> {
    descriptor: &'a Descriptor,
    request: &'a http::Request<Bytes>,
    options: &'a CallOptions,
    retry: &'a Retry,
    deadline: Deadline,
    attempts: u32,
    /// Whether an attempt that was repeated may have been carried out.
    maybe_applied: bool,
    /// Whether a retry was not made because the client's budget is spent.
    is_budget_spent: bool,
    /// The delay that the server requested with the last response.
    server_delay: Option<Duration>,
    /// The tokens that were sent, which no message may show.
    tokens: Vec<AccessToken>,
}

impl Client {
    /// Executes an operation. Every error gains its context here: the operation, the attempts, and what must not be shown.
    pub(crate) async fn execute<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<O::Output, Error> {
        let descriptor = operation.descriptor();
        let request = self.prepare(operation, options).map_err(|error| error.with_operation(descriptor))?;
        let started = self.shared.clock.now();
        let mut execution = Execution {
            descriptor,
            request: &request,
            options,
            retry: options.retry.as_ref().unwrap_or(&self.shared.retry),
            deadline: Deadline::new(started, options.overall.or(self.shared.limits.overall)),
            attempts: 0,
            maybe_applied: false,
            is_budget_spent: false,
            server_delay: None,
            tokens: Vec::new(),
        };
        let span = trace::call(descriptor);
        let response = trace::within(&span, self.send_with_retries(&mut execution)).await;
        match &response {
            Ok(response) => trace::answered(&span, response.status()),
            Err(error) => trace::failed(&span, &error.kind()),
        }
        response.and_then(O::decode).map_err(|error| {
            let mut secrets = redact::secrets(&request);
            secrets.extend(operation.secrets());
            secrets.extend(execution.tokens.iter().map(|token| token.secret().clone()));
            let elapsed = self.shared.clock.now().saturating_since(started);
            error
                .with_operation(descriptor)
                .with_attempts(execution.attempts, elapsed, execution.maybe_applied)
                .with_retry_after(execution.server_delay)
                .with_budget_spent(execution.is_budget_spent)
                .redacted(&secrets)
        })
    }

    /// Sends the request until an attempt is final or the policy gives up.
    async fn send_with_retries(&self, execution: &mut Execution<'_>) -> Result<http::Response<Bytes>, Error> {
        let clock = &*self.shared.clock;
        let mut history = History::new(execution.descriptor.safety, execution.options.idempotent);
        let mut renewed = None;
        self.shared.budget.deposit();
        loop {
            let (token, mut permit) = self.admit(execution, renewed.take()).await?;
            let response = self.send_once(execution, token.as_ref(), &mut permit).await?;
            let result = self.observe(execution, &response, token.as_ref(), &permit);
            let limits = Limits {
                time_left: execution.deadline.left(clock),
                has_budget: !execution.retry.has_budget() || self.shared.budget.has_retry(),
                random: clock.random(),
            };
            match Outcome::classify(&result, &history, execution.retry, &limits) {
                Outcome::Done => return response.map_err(Error::transport),
                Outcome::GiveUp { is_budget_spent } => {
                    execution.is_budget_spent = is_budget_spent;
                    return response.map_err(Error::transport);
                }
                Outcome::Renew => {
                    renewed = self.renew(execution, token.as_ref()).await?;
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
                    trace::retry(execution.attempts, delay, status);
                    clock.sleep(delay).await;
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
        let clock = &*self.shared.clock;
        execution.server_delay = None;
        let mut token = match renewed {
            Some(token) => Some(token),
            None => self.token(execution).await?,
        };
        let queued = clock.now();
        let permit = self.pace(execution).await?;
        if clock.now().saturating_since(queued) >= STALE_AFTER {
            token = self.token(execution).await?;
        }
        Ok((token, permit))
    }

    /// Makes one attempt with this token.
    async fn send_once(
        &self,
        execution: &mut Execution<'_>,
        token: Option<&AccessToken>,
        permit: &mut Permit,
    ) -> Result<Attempt, Error> {
        execution.tokens.extend(token.cloned());
        let mut request = execution.request.clone();
        if let Some(token) = token {
            request.headers_mut().insert(AUTHORIZATION, bearer(token.secret())?);
        }
        execution.deadline.check(&*self.shared.clock)?;
        execution.attempts += 1;
        let span = trace::attempt(execution.descriptor, &self.shared.base, execution.attempts);
        let attempt = self.attempt(request, permit, &execution.deadline, execution.options);
        let response = trace::within(&span, attempt).await;
        match &response {
            Ok(response) => trace::answered(&span, response.status()),
            Err(error) => trace::failed(&span, &error.kind()),
        }
        Ok(response)
    }

    /// Reports an attempt to the pacer and the token source, and reads what matters for a retry.
    fn observe(
        &self,
        execution: &mut Execution<'_>,
        response: &Attempt,
        token: Option<&AccessToken>,
        permit: &Permit,
    ) -> AttemptResult {
        let response = match response {
            Ok(response) => response,
            Err(error) => return AttemptResult::from_error(error),
        };
        self.shared.pacer.observe(permit, response.status(), response.headers());
        if let Some(token) = token.filter(|_| shows_acceptance(response.status())) {
            token.accept();
        }
        execution.server_delay = server_delay(response.headers(), self.shared.clock.unix_now());
        AttemptResult::from_response(response.status(), response.body(), execution.server_delay)
    }

    /// The client's access token, unless the request has its own `Authorization` header.
    async fn token(&self, execution: &Execution<'_>) -> Result<Option<AccessToken>, Error> {
        let Some(source) = &self.shared.token else { return Ok(None) };
        if execution.request.headers().contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let clock = &*self.shared.clock;
        execution.deadline.apply(clock, "waiting for an access token", source.token()).await?.map(Some)
    }

    /// Reports a token that a 401 rejected, and obtains another one if the source has one.
    async fn renew(
        &self,
        execution: &Execution<'_>,
        rejected: Option<&AccessToken>,
    ) -> Result<Option<AccessToken>, Error> {
        let (Some(source), Some(rejected)) = (&self.shared.token, rejected) else { return Ok(None) };
        let clock = &*self.shared.clock;
        execution.deadline.apply(clock, "renewing the access token", source.rejected(rejected)).await?;
        trace::token_rejected();
        let token = self.token(execution).await?;
        Ok(token.filter(|token| token.secret() != rejected.secret()))
    }

    /// Waits for a permit, unless the wait does not fit into the call's time.
    async fn pace(&self, execution: &Execution<'_>) -> Result<Permit, Error> {
        let clock = &*self.shared.clock;
        let began = clock.now();
        let request = PaceRequest::new(execution.descriptor)
            .time_left(execution.deadline.left(clock))
            .max_server_delay(execution.retry.longest_server_delay());
        let acquiring = self.shared.pacer.acquire(&request);
        let permit = execution.deadline.apply(clock, "waiting for the rate limit", acquiring).await?;
        trace::paced(clock.now().saturating_since(began));
        permit.map_err(Error::paced)
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
