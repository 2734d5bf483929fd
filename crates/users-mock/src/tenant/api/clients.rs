//! Applications, as far as other calls name them.

use crate::tenant::object::{set, set_raw};
use crate::tenant::store::{Kind, Object};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::{Value, json as value};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/v2/clients", Guard::Scope(&[&["create:clients"]]), Handler::Write(create)),
    Route::new(
        "DELETE",
        "/api/v2/clients/{id}",
        Guard::Scope(&[&["delete:clients"]]),
        Handler::Write(delete),
    ),
];

/// Creates an application. Recorded responses show no secret, so one that is to authenticate itself must be given one.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = context.random.alphanumeric(32);
    let mut shown = JsonObject::new();
    for (key, json) in body.iter() {
        set_raw(&mut shown, key, json);
    }
    set(&mut shown, "client_id", &id);
    if let Value::Object(defaults) = defaults() {
        for (key, default) in defaults {
            if shown.raw(&key).is_none() {
                set(&mut shown, &key, default);
            }
        }
    }
    let answer = json(StatusCode::CREATED, &shown);
    context.transaction.put_object(Kind::Clients, Object { id, shown });
    Ok(answer)
}

/// What a new application has unless it is given, as recorded.
fn defaults() -> Value {
    value!({
        "is_first_party": true,
        "is_token_endpoint_ip_header_trusted": false,
        "oidc_conformant": false,
        "jwt_configuration": {"secret_encoded": false, "lifetime_in_seconds": 36000},
        "sso_disabled": false,
        "cross_origin_auth": false,
        "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        "custom_login_page_on": true,
        "refresh_token": {
            "rotation_type": "non-rotating",
            "expiration_type": "non-expiring",
            "leeway": 0,
            "token_lifetime": 2_592_000,
            "infinite_token_lifetime": true,
            "infinite_idle_token_lifetime": true,
            "idle_token_lifetime": 1_296_000,
        },
    })
}

/// Succeeds also if the application does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    context.transaction.remove_object(Kind::Clients, request.parameter(0));
    Ok(no_content())
}
