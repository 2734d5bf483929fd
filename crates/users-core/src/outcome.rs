//! What to do after an attempt: the one place where that is decided.

use crate::descriptor::Safety;
use crate::error::{ERROR_BODY_MEMORY, is_blocked, is_transient};
use crate::retry::{FailedAttempt, Retry};
use crate::transport::{Sent, TransportError, TransportErrorKind};
use http::StatusCode;
use std::time::Duration;
use users_model::json;

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The response is the result of the call, whether a success or a permanent failure.
    Done,
    /// The access token was rejected: renew it and repeat the request.
    Renew,
    /// Repeat the request after this delay.
    RetryAfter(Duration),
    /// The failure may be transient, but the request is not repeated.
    GiveUp {
        /// Whether it would be repeated if the client's retry budget were not spent.
        is_budget_spent: bool,
    },
}

/// The result of an attempt, as far as repeating it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptResult {
    /// A success, or a permanent failure.
    Completed,
    /// 401.
    Unauthorized,
    /// 429: the request was not carried out.
    RateLimited { server_delay: Option<Duration> },
    /// No byte of the request reached the server.
    NotSent,
    /// The request may have been carried out, and may succeed if repeated.
    Transient { status: Option<StatusCode>, server_delay: Option<Duration> },
    /// Auth0 aborted a search, which will most likely time out again.
    QueryTimeout { server_delay: Option<Duration> },
}

/// What has happened in a call so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// The number of attempts that failed, 429s excluded.
    errors: u32,
    /// The number of attempts that were answered with 429.
    rate_limited: u32,
    /// Whether the access token was renewed.
    is_renewed: bool,
    /// Whether the request may be repeated although it may have been carried out.
    may_repeat: bool,
}

/// The limits of a retry, in addition to the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The time until the call's deadline.
    pub(crate) time_left: Option<Duration>,
    /// Whether the client's budget has a retry left.
    pub(crate) has_budget: bool,
    /// A random number for jitter.
    pub(crate) random: u64,
}

impl Outcome {
    /// Decides what to do after an attempt. `limits` is called only where the request may be repeated.
    pub(crate) fn classify(
        result: &AttemptResult,
        history: &History,
        retry: &Retry,
        limits: impl FnOnce() -> Limits,
    ) -> Self {
        let (status, server_delay) = match *result {
            AttemptResult::Completed => return Self::Done,
            AttemptResult::Unauthorized if history.is_renewed => return Self::Done,
            AttemptResult::Unauthorized => return Self::Renew,
            AttemptResult::RateLimited { server_delay } => {
                (Some(StatusCode::TOO_MANY_REQUESTS), server_delay)
            }
            AttemptResult::NotSent => (None, None),
            AttemptResult::Transient { status, server_delay } if history.may_repeat => (status, server_delay),
            AttemptResult::QueryTimeout { server_delay } if history.may_repeat && history.errors == 0 => {
                (Some(StatusCode::SERVICE_UNAVAILABLE), server_delay)
            }
            AttemptResult::Transient { .. } | AttemptResult::QueryTimeout { .. } => {
                return Self::GiveUp { is_budget_spent: false };
            }
        };
        let limits = limits();
        let History { errors, rate_limited, .. } = history.with(result);
        let failed = FailedAttempt { errors, rate_limited, status, server_delay, random: limits.random };
        let fits = |delay: &Duration| limits.time_left.is_none_or(|left| *delay < left);
        match retry.delay_after(&failed).filter(fits) {
            Some(delay) if result.is_rate_limited() || limits.has_budget => Self::RetryAfter(delay),
            Some(_) => Self::GiveUp { is_budget_spent: true },
            None => Self::GiveUp { is_budget_spent: false },
        }
    }
}

impl AttemptResult {
    pub(crate) fn from_response(status: StatusCode, body: &[u8], server_delay: Option<Duration>) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::TOO_MANY_REQUESTS if is_login_blocked(body) => Self::Completed,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited { server_delay },
            StatusCode::SERVICE_UNAVAILABLE if is_query_timeout(body) => Self::QueryTimeout { server_delay },
            status if is_transient(status) => Self::Transient { status: Some(status), server_delay },
            _ => Self::Completed,
        }
    }

    pub(crate) fn from_error(error: &TransportError) -> Self {
        match (error.kind(), error.sent()) {
            (TransportErrorKind::Tls | TransportErrorKind::Invalid | TransportErrorKind::TooLarge, _) => {
                Self::Completed
            }
            (_, Sent::No) => Self::NotSent,
            _ => Self::Transient { status: None, server_delay: None },
        }
    }

    /// Whether the server answered with 429. Waiting for it costs neither an attempt nor budget.
    pub(crate) fn is_rate_limited(&self) -> bool {
        matches!(self, Self::RateLimited { .. })
    }
}

impl History {
    pub(crate) fn new(safety: Safety, idempotent: Option<bool>) -> Self {
        let may_repeat = idempotent.unwrap_or(safety != Safety::Unsafe);
        Self { errors: 0, rate_limited: 0, is_renewed: false, may_repeat }
    }

    /// The history with one more attempt.
    pub(crate) fn with(self, result: &AttemptResult) -> Self {
        match result {
            AttemptResult::RateLimited { .. } => Self { rate_limited: self.rate_limited + 1, ..self },
            AttemptResult::Unauthorized => Self { is_renewed: true, ..self },
            _ => Self { errors: self.errors + 1, ..self },
        }
    }
}

fn is_login_blocked(body: &[u8]) -> bool {
    is_blocked(json::from_slice(body, ERROR_BODY_MEMORY).ok().as_ref())
}

fn is_query_timeout(body: &[u8]) -> bool {
    body.windows(26).take(4096).any(|part| part == b"query exceeded the timeout")
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: Limits = Limits { time_left: None, has_budget: true, random: 125_000_000 };
    const GIVE_UP: Outcome = Outcome::GiveUp { is_budget_spent: false };
    const RATE_LIMITED: AttemptResult = AttemptResult::RateLimited { server_delay: None };
    const QUERY_TIMEOUT: AttemptResult = AttemptResult::QueryTimeout { server_delay: None };
    const TRANSIENT: AttemptResult = AttemptResult::Transient { status: None, server_delay: None };

    fn after(result: AttemptResult, safety: Safety, idempotent: Option<bool>, errors: u32) -> Outcome {
        let history = History { errors, ..History::new(safety, idempotent) };
        Outcome::classify(&result, &history, &Retry::default(), || UNLIMITED)
    }

    fn is_retried(result: AttemptResult, safety: Safety, idempotent: Option<bool>, errors: u32) -> bool {
        matches!(after(result, safety, idempotent, errors), Outcome::RetryAfter(_))
    }

    #[test]
    fn the_table_of_what_is_safe_to_repeat_holds() {
        let (safe, idempotent, other) = (Safety::Safe, Safety::Idempotent, Safety::Unsafe);
        for (result, safety, idempotent, expected) in [
            (RATE_LIMITED, safe, None, true),
            (RATE_LIMITED, other, None, true),
            (AttemptResult::NotSent, safe, None, true),
            (AttemptResult::NotSent, other, None, true),
            (TRANSIENT, safe, None, true),
            (TRANSIENT, idempotent, None, true),
            (TRANSIENT, other, None, false),
            (TRANSIENT, other, Some(true), true),
            (TRANSIENT, idempotent, Some(false), false),
            (QUERY_TIMEOUT, safe, None, true),
            (AttemptResult::Completed, safe, None, false),
        ] {
            assert_eq!(
                is_retried(result, safety, idempotent, 0),
                expected,
                "{result:?} {safety:?} {idempotent:?}"
            );
        }
        assert_eq!(after(AttemptResult::Completed, safe, None, 0), Outcome::Done);
        assert_eq!(after(QUERY_TIMEOUT, safe, None, 1), GIVE_UP);
        assert!(is_retried(TRANSIENT, safe, None, 1));
        assert_eq!(after(TRANSIENT, safe, None, 2), GIVE_UP, "three attempts in all");
        assert!(is_retried(RATE_LIMITED, safe, None, 7), "a 429 is no attempt");
        let blocked = AttemptResult::from_response(
            StatusCode::TOO_MANY_REQUESTS,
            br#"{"error":"too_many_attempts","error_description":"Your account has been blocked."}"#,
            None,
        );
        assert_eq!(after(blocked, idempotent, None, 0), Outcome::Done);
    }

    #[test]
    fn a_401_renews_the_token_once() {
        let history = History::new(Safety::Unsafe, None);
        let result = AttemptResult::Unauthorized;
        let outcome = |history| Outcome::classify(&result, &history, &Retry::never(), || UNLIMITED);
        assert_eq!(outcome(history), Outcome::Renew);
        assert_eq!(outcome(history.with(&result)), Outcome::Done);
    }

    #[test]
    fn a_server_s_delay_is_never_shortened_and_one_that_is_too_long_is_not_begun() {
        let requested =
            |seconds| AttemptResult::RateLimited { server_delay: Some(Duration::from_secs(seconds)) };
        let retry_after = |delay| Outcome::RetryAfter(delay);
        assert_eq!(after(requested(90), Safety::Unsafe, None, 0), retry_after(Duration::from_secs(90)));
        assert_eq!(after(requested(0), Safety::Unsafe, None, 0), retry_after(Duration::from_millis(250)));
        assert_eq!(after(requested(3601), Safety::Unsafe, None, 0), GIVE_UP);
        let body = b"the query exceeded the timeout";
        let delay = Duration::from_secs(30);
        let aborted = AttemptResult::from_response(StatusCode::SERVICE_UNAVAILABLE, body, Some(delay));
        assert_eq!(after(aborted, Safety::Safe, None, 0), retry_after(delay));
    }

    #[test]
    fn a_retry_fits_into_the_time_and_the_budget_that_are_left() {
        let history = History::new(Safety::Safe, None);
        let outcome = |result, limits| Outcome::classify(&result, &history, &Retry::default(), || limits);
        let short = Limits { time_left: Some(Duration::from_millis(1)), ..UNLIMITED };
        let spent = Limits { has_budget: false, ..UNLIMITED };
        assert_eq!(outcome(TRANSIENT, short), GIVE_UP);
        assert_eq!(outcome(TRANSIENT, spent), Outcome::GiveUp { is_budget_spent: true });
        assert!(matches!(outcome(RATE_LIMITED, spent), Outcome::RetryAfter(_)), "a 429 costs no budget");
    }
}
