//! The user that a request names.

use crate::tenant::object::string;
use crate::tenant::rules::credentials::check_user_id;
use crate::tenant::store::{Belonging, Store, Transaction, User};
use crate::tenant::wire::answer::{Answer, Failure, no_content};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use std::sync::Arc;
use users_core::model::JsonObject;

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

/// An object of a user by its own id.
pub(crate) fn find_by_id<'a>(user: &'a User, kind: Belonging, id: &str) -> Option<&'a JsonObject> {
    user.belongings(kind).iter().find(|object| string(object, "id").as_deref() == Some(id))
}

/// The objects of this kind of the user that `user_id` names, or of all users.
pub(crate) fn belongings_of<'a>(
    store: &'a Store,
    request: &Request,
    kind: Belonging,
) -> impl Iterator<Item = &'a JsonObject> {
    let users: Box<dyn Iterator<Item = &Arc<User>>> = match request.query("user_id") {
        Some(id) => Box::new(store.users().get(id).into_iter()),
        None => Box::new(store.users().iter()),
    };
    users.flat_map(move |user| user.belongings(kind))
}

/// Whether an object has the value that a filter of the query names, if there is that filter.
pub(crate) fn is_selected(object: &JsonObject, key: &str, request: &Request, filter: &str) -> bool {
    request.query(filter).is_none_or(|wanted| string(object, key).as_deref() == Some(wanted))
}

/// Removes an object of this kind from its owner. Succeeds also if it has none.
pub(crate) fn remove_belonging(
    context: &mut WriteContext<'_>,
    owner: Option<&User>,
    kind: Belonging,
    id: &str,
) -> Result<Answer, Failure> {
    if let Some(owner) = owner {
        update_user(&mut context.transaction, owner.id(), |user| {
            user.belongings_mut(kind).retain(|object| string(object, "id").as_deref() != Some(id));
        })?;
    }
    Ok(no_content())
}
