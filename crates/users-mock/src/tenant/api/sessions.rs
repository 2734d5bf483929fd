//! Sessions, of a user or by their own ids.

use crate::tenant::api::owner::{find_by_id, find_user, update_user};
use crate::tenant::object::{set_raw, string};
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure, accepted, json};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_checkpoint, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/sessions", Guard::Catalogue, Handler::Read(of_user)),
    Route::new("DELETE", "/api/v2/users/{id}/sessions", Guard::Catalogue, Handler::Write(delete_of_user)),
    Route::new("GET", "/api/v2/sessions/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/sessions/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/sessions/{id}", Guard::Catalogue, Handler::Write(delete)),
    Route::new("POST", "/api/v2/sessions/{id}/revoke", Guard::Catalogue, Handler::Write(delete)),
];

fn of_user(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    by_checkpoint(request, "sessions", user.belongings(Belonging::Sessions), unchanged)
}

fn delete_of_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::Sessions).clear();
    })?;
    Ok(accepted())
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner = context.store.users().with(Belonging::Sessions, id).next().ok_or_else(Failure::not_found)?;
    let session = find_by_id(owner, Belonging::Sessions, id).ok_or_else(Failure::not_found)?;
    Ok(json(StatusCode::OK, session))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let owner = context.store().users().with(Belonging::Sessions, request.parameter(0)).next().cloned();
    replace_metadata(context, request, owner, Belonging::Sessions, "session_metadata")
}

/// Deletes the refresh tokens too that were issued in the session.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owners: Vec<Arc<User>> = context.store().users().with(Belonging::Sessions, id).cloned().collect();
    if owners.is_empty() {
        return Err(Failure::not_found());
    }
    for owner in owners {
        context.transaction.update_user(owner.id(), |user| {
            let sessions = user.belongings_mut(Belonging::Sessions);
            sessions.retain(|session| string(session, "id").as_deref() != Some(id));
            let tokens = user.belongings_mut(Belonging::RefreshTokens);
            tokens.retain(|token| string(token, "session_id").as_deref() != Some(id));
        });
    }
    Ok(accepted())
}

/// Replaces the metadata that applications keep with an object of a user.
pub(crate) fn replace_metadata(
    context: &mut WriteContext<'_>,
    request: &Request,
    owner: Option<Arc<User>>,
    kind: Belonging,
    property: &str,
) -> Result<Answer, Failure> {
    let body = request.body()?;
    let owner = owner.ok_or_else(Failure::not_found)?;
    let id = request.parameter(0);
    let changed = context.transaction.update_user(owner.id(), |user| {
        let mut objects = user.belongings_mut(kind).iter_mut();
        let object = objects.find(|object| string(object, "id").as_deref() == Some(id))?;
        match body.raw(property) {
            Some("null") => drop(object.remove(property)),
            Some(metadata) => set_raw(object, property, metadata),
            None => {}
        }
        Some(object.clone())
    });
    Ok(json(StatusCode::OK, &changed.flatten().ok_or_else(Failure::not_found)?))
}
