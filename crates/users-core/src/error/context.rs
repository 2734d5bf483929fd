//! What is added to an error on its way to the caller.

use super::{Error, Operation};
use crate::descriptor::Descriptor;
use crate::error_chain::MOST_CAUSES;
use crate::redact;
use crate::transport::error::Link;
use std::error::Error as _;
use std::time::Duration;
use users_model::Secret;

impl Error {
    /// Sets whether the larger operation, of which the failed call was a part, may have been applied.
    pub(crate) fn with_applied(mut self, descriptor: &Descriptor, applied: bool) -> Self {
        let operation = self.0.operation.get_or_insert_with(|| Operation::new(descriptor));
        operation.writes = true;
        self.0.maybe_applied = applied;
        self
    }

    /// Sets the id of the accepted job.
    pub(crate) fn with_job_id(mut self, id: &str) -> Self {
        self.0.job_id = Some(id.to_owned());
        self
    }

    /// Marks the request as possibly carried out.
    pub(crate) fn maybe_applied(mut self) -> Self {
        self.0.maybe_applied = true;
        self
    }

    /// Sets the operation that failed.
    pub(crate) fn with_operation(mut self, descriptor: &Descriptor) -> Self {
        self.0.operation = Some(Operation::new(descriptor));
        self
    }

    pub(crate) fn with_budget_spent(mut self, spent: bool) -> Self {
        self.0.budget_spent = spent;
        self
    }

    pub(crate) fn with_attempts(
        mut self,
        attempts: u32,
        elapsed: Duration,
        earlier_maybe_applied: bool,
    ) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self.0.maybe_applied |= earlier_maybe_applied;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after.or(self.0.retry_after);
        self
    }

    /// Removes secrets from the displayed texts, where the server has quoted them.
    pub(crate) fn redacted(mut self, secrets: &[Secret]) -> Self {
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        self.0.message = redact::line(&self.0.raw, &secrets);
        self.0.shown_code = self.code().map(|code| redact::line(code, &secrets));
        self.0.redacted_causes = self.redacted_causes(&secrets);
        self
    }

    /// The redacted texts of the causes; `None` if they quote no secret.
    fn redacted_causes(&self, secrets: &[&str]) -> Option<Link> {
        let mut texts = Vec::new();
        let mut cause = self.source();
        while let Some(this) = cause.filter(|_| texts.len() < MOST_CAUSES) {
            texts.push(this.to_string());
            cause = this.source();
        }
        let is_quoted = texts.iter().any(|text| redact::holds(text, secrets));
        is_quoted.then(|| Link::chain(texts.iter().map(|text| redact::line(text, secrets)).collect()))?
    }
}
