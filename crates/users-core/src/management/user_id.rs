//! Ids as callers pass them.

use crate::error::Error;
use users_model::UserId;

/// An id from whatever a caller has.
pub(super) fn user_id(id: impl TryInto<UserId, Error: Into<Error>>) -> Result<UserId, Error> {
    id.try_into().map_err(Into::into)
}
