//! Blocks by brute-force protection, of a user or by an identifier.

use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::object::{set, string};
use crate::tenant::rules::brute_force;
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/user-blocks", Guard::Catalogue, Handler::Read(get_by_identifier)),
    Route::new("DELETE", "/api/v2/user-blocks", Guard::Catalogue, Handler::Write(delete_by_identifier)),
    Route::new("GET", "/api/v2/user-blocks/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("DELETE", "/api/v2/user-blocks/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    Ok(blocks(context, user.belongings(Belonging::BlockedFor).iter()))
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::BlockedFor).clear();
    })?;
    Ok(no_content())
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn get_by_identifier(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let identifier = identifier(request);
    let users = context.store.users().with(Belonging::BlockedFor, identifier);
    let all = users.flat_map(|user| user.belongings(Belonging::BlockedFor));
    Ok(blocks(context, all.filter(|block| is_for(block, identifier))))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete_by_identifier(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let identifier = identifier(request);
    let users: Vec<Arc<User>> =
        context.store().users().with(Belonging::BlockedFor, identifier).cloned().collect();
    for user in users {
        context.transaction.update_user(user.id(), |user| {
            user.belongings_mut(Belonging::BlockedFor).retain(|block| !is_for(block, identifier));
        });
    }
    Ok(no_content())
}

fn is_for(block: &JsonObject, identifier: &str) -> bool {
    string(block, "identifier").as_deref() == Some(identifier)
}

fn blocks<'a>(context: &ReadContext<'_>, blocks: impl Iterator<Item = &'a JsonObject>) -> Answer {
    let now = context.clock.millis();
    let standing = blocks.filter(|block| brute_force::stands(block, now)).map(brute_force::shown);
    let mut body = JsonObject::new();
    set(&mut body, "blocked_for", standing.collect::<Vec<_>>());
    json(StatusCode::OK, &body)
}

fn identifier(request: &Request) -> &str {
    request.query("identifier").unwrap_or_default()
}
