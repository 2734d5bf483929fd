//! The user that a request names.

use crate::tenant::rules::credentials::check_user_id;
use crate::tenant::store::{Store, Transaction, User};
use crate::tenant::wire::answer::Failure;
use std::sync::Arc;

/// Finds a user by an id of a request.
pub(crate) fn find_user<'a>(store: &'a Store, id: &str) -> Result<&'a Arc<User>, Failure> {
    check_user_id(id)?;
    store.users().get(id).ok_or_else(Failure::no_such_user)
}

/// Changes a user by an id of a request.
pub(crate) fn update_user<R>(
    transaction: &mut Transaction<'_>,
    id: &str,
    change: impl FnOnce(&mut User) -> R,
) -> Result<R, Failure> {
    check_user_id(id)?;
    transaction.update_user(id, change).ok_or_else(Failure::no_such_user)
}
