//! Resource servers: the APIs whose scopes are permissions.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::ResourceServer;
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/api/v2/resource-servers",
        Guard::Scope(&[&["create:resource_servers"]]),
        Handler::Write(create),
    ),
    Route::new(
        "DELETE",
        "/api/v2/resource-servers/{id}",
        Guard::Scope(&[&["delete:resource_servers"]]),
        Handler::Write(delete),
    ),
];

fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let identifier = string(&body, "identifier").unwrap_or_default();
    let new_id = context.new_object_id();
    let id = string(&body, "id").unwrap_or_else(|| new_id.clone());
    let store = context.store();
    if store.resource_server_by_identifier(&identifier).is_some() || store.resource_server(&id).is_some() {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            None,
            "A resource server with the same identifier already exists.",
        ));
    }
    let mut shown = JsonObject::new();
    set(&mut shown, "id", new_id);
    for (key, value) in body.iter() {
        set_raw(&mut shown, key, value);
    }
    for flag in ["allow_offline_access", "skip_consent_for_verifiable_first_party_clients"] {
        if !shown.contains_key(flag) {
            set(&mut shown, flag, false);
        }
    }
    context.transaction.put_resource_server(ResourceServer::new(id, &shown));
    Ok(json(StatusCode::CREATED, &shown))
}

/// Succeeds also if the resource server does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    context.transaction.remove_resource_server(request.parameter(0));
    Ok(no_content())
}
