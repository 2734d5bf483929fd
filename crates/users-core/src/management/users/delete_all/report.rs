//! What became of the users, also if not all were deleted.

use crate::error::Error;
use crate::management::users::delete::DeleteUser;
use std::error::Error as StdError;
use std::fmt;
use users_model::UserId;

/// The outcome for one user.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeleteOutcome {
    /// The user.
    pub id: UserId,
    /// Whether the user was deleted, or why not.
    pub result: Result<(), Error>,
}

/// The outcome for all users.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct DeleteAllReport {
    /// The number of users that were deleted.
    pub deleted: u64,
    /// The users that were not deleted, and why.
    pub failed: Vec<(UserId, Error)>,
}

/// The number of users that a [dry run](crate::management::DeleteAll::dry_run) counted. `Display` shows it as `1200` or `at least 1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteAllCount {
    /// The users who were counted.
    pub users: u64,
    /// Whether these are all. If not, there may be more.
    pub is_exact: bool,
}

impl fmt::Display for DeleteAllCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_exact {
            f.write_str("at least ")?;
        }
        write!(f, "{}", self.users)
    }
}

/// The error of [`delete_all`](crate::management::UsersManager::delete_all), with the report up to the failure: a list failed, or the
/// confirmation names another tenant.
///
/// `?` converts it into an [`Error`] of the same kind, with this error as its source.
///
/// ```
/// # async fn example(users: users_core::management::UsersManager) {
/// use users_core::management::Confirm;
///
/// if let Err(failed) = users.delete_all(Confirm::tenant("staging.eu.auth0.com")).await {
///     eprintln!("{failed}: {}", failed.error());
///     for (id, error) in &failed.report().failed {
///         eprintln!("{id}: {error}");
///     }
/// }
/// # }
/// ```
pub struct DeleteAllError {
    error: Error,
    report: Box<DeleteAllReport>,
    /// Whether this is the source of `error` itself, so that only the causes of `error` follow.
    is_below_error: bool,
}

impl DeleteAllError {
    pub(super) fn new(error: Error, report: DeleteAllReport) -> Self {
        Self { error, report: Box::new(report), is_below_error: false }
    }

    /// Returns the report up to the failure.
    pub fn report(&self) -> &DeleteAllReport {
        &self.report
    }

    /// Returns the report up to the failure.
    pub fn into_report(self) -> DeleteAllReport {
        *self.report
    }

    /// Returns the error that ended the deletion.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Returns whether any user was deleted or may have been.
    pub fn may_have_been_applied(&self) -> bool {
        let report = &*self.report;
        report.deleted > 0 || report.failed.iter().any(|(_, error)| error.may_have_been_applied())
    }
}

impl fmt::Display for DeleteAllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeleteAllReport { deleted, failed } = &*self.report;
        write!(f, "not all users were deleted (deleted: {deleted}, failed: {})", failed.len())?;
        f.write_str("; delete_all deletes those who are left if it is called again")
    }
}

impl fmt::Debug for DeleteAllError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteAllError")
            .field("error", &self.error)
            .field("deleted", &self.report.deleted)
            .field("failed", &self.report.failed.len())
            .finish_non_exhaustive()
    }
}

impl StdError for DeleteAllError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        if self.is_below_error { self.error.source() } else { Some(&self.error) }
    }
}

impl From<DeleteAllError> for Error {
    /// The error that ended the deletion, with the `DeleteAllError` as its source.
    fn from(mut failed: DeleteAllError) -> Self {
        let applied = failed.may_have_been_applied();
        failed.is_below_error = true;
        let error = failed.error.without_source();
        let error = if applied { error.with_applied(DeleteUser::DESCRIPTOR, applied) } else { error };
        error.with_source(failed)
    }
}
