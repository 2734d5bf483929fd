//! How an error is shown: one line, and the chain of its causes.

use super::{Cause, Error};
use crate::redact;
use std::error::Error as StdError;
use std::fmt;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = &inner.operation {
            write!(f, "{} {}: ", operation.method, operation.path)?;
        }
        if let Some(response) = &inner.response {
            write!(f, "{}", response.status.as_u16())?;
            if let Some(code) = &inner.shown_code {
                write!(f, " {code}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(wait) = inner.retry_after.filter(|_| self.is_rate_limited()) {
            write!(f, " (retry after {} s)", wait.as_secs_f32().ceil())?;
        }
        if let Some(id) = &inner.job_id {
            write!(f, " (job {id})")?;
        }
        if inner.attempts > 1 {
            write!(f, " ({} attempts)", inner.attempts)?;
        }
        if inner.budget_spent {
            f.write_str(" (not retried: the client's retry budget is spent)")?;
        }
        if self.may_have_been_applied() {
            f.write_str(" (the change may have been made)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("operation", &self.operation())
            .field("job_id", &inner.job_id)
            .field("status", &self.status())
            .field("code", &inner.shown_code)
            .field("message", &inner.message)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("may_have_been_applied", &self.may_have_been_applied())
            .field("source", &self.source().map(|source| redact::line(&source.to_string(), &[])))
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if let Some(redacted) = &self.0.redacted_causes {
            return Some(redacted);
        }
        match &self.0.cause {
            Cause::None => None,
            Cause::Transport(error) => error.source(),
            Cause::Token(error) => error.source(),
            Cause::Other(source) => Some(&**source as _),
        }
    }
}
