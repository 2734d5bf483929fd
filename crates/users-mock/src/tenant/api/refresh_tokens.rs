//! Refresh tokens, of a user or by their own ids.

use crate::tenant::api::owner::{find_by_id, find_user, update_user};
use crate::tenant::api::sessions::replace_metadata;
use crate::tenant::object::string;
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure, accepted, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_checkpoint, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::collections::HashSet;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/refresh-tokens", Guard::Catalogue, Handler::Read(of_user)),
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/refresh-tokens",
        Guard::Catalogue,
        Handler::Write(delete_of_user),
    ),
    Route::new("GET", "/api/v2/refresh-tokens", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/refresh-tokens/revoke", Guard::Catalogue, Handler::Write(revoke)),
    Route::new("GET", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("PATCH", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Write(update)),
    Route::new("DELETE", "/api/v2/refresh-tokens/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn of_user(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    by_checkpoint(request, "tokens", user.belongings(Belonging::RefreshTokens), unchanged)
}

fn delete_of_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::RefreshTokens).clear();
    })?;
    Ok(accepted())
}

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user_id = request.query("user_id").unwrap_or_default();
    let of_client = |token: &&JsonObject| {
        request.query("client_id").is_none_or(|client| string(token, "client_id").as_deref() == Some(client))
    };
    let tokens = find_user(context.store, user_id)?.belongings(Belonging::RefreshTokens);
    let shown: Vec<JsonObject> =
        tokens.iter().filter(of_client).map(|token| project(token, request)).collect();
    by_checkpoint(request, "refresh_tokens", &shown, unchanged)
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner =
        context.store.users().with(Belonging::RefreshTokens, id).next().ok_or_else(Failure::not_found)?;
    let token = find_by_id(owner, Belonging::RefreshTokens, id).ok_or_else(Failure::not_found)?;
    Ok(json(StatusCode::OK, token))
}

fn update(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let owner = context.store().users().with(Belonging::RefreshTokens, request.parameter(0)).next().cloned();
    replace_metadata(context, request, owner, Belonging::RefreshTokens, "refresh_token_metadata")
}

/// Answers 204, as recorded, although Auth0 documents 202.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owners: Vec<Arc<User>> =
        context.store().users().with(Belonging::RefreshTokens, id).cloned().collect();
    if owners.is_empty() {
        return Err(Failure::not_found());
    }
    for owner in owners {
        context.transaction.update_user(owner.id(), |user| {
            let tokens = user.belongings_mut(Belonging::RefreshTokens);
            tokens.retain(|token| string(token, "id").as_deref() != Some(id));
        });
    }
    Ok(no_content())
}

/// Revokes tokens by their ids, or all of a user, an application, or both.
fn revoke(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let ids: Option<HashSet<String>> = body.get("ids").ok().flatten();
    let (user_id, client_id) = (string(&body, "user_id"), string(&body, "client_id"));
    if ids.is_none() && user_id.is_none() && client_id.is_none() {
        return Err(Failure::body("'One of ids, user_id and client_id is needed'"));
    }
    let is_meant = |token: &JsonObject| {
        let is_listed =
            ids.as_ref().is_none_or(|ids| string(token, "id").is_some_and(|id| ids.contains(&id)));
        is_listed && (client_id.is_none() || string(token, "client_id") == client_id)
    };
    let users = context.store().users();
    let candidates: Vec<&Arc<User>> = match (&user_id, &ids) {
        (Some(id), _) => users.get(id).into_iter().collect(),
        (None, Some(ids)) => ids.iter().flat_map(|id| users.with(Belonging::RefreshTokens, id)).collect(),
        (None, None) => users.iter().collect(),
    };
    let owners: Vec<String> = candidates
        .into_iter()
        .filter(|user| user.belongings(Belonging::RefreshTokens).iter().any(is_meant))
        .map(|user| user.id().to_owned())
        .collect();
    for owner in owners {
        context.transaction.update_user(&owner, |user| {
            user.belongings_mut(Belonging::RefreshTokens).retain(|token| !is_meant(token));
        });
    }
    Ok(accepted())
}
