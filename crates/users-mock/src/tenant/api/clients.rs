//! Applications, as far as other calls name them.

use crate::tenant::object::{set, set_raw, string};
use crate::tenant::store::{Kind, Object};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use serde_json::{Value, json as value};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/api/v2/clients", Guard::Scope(&[&["create:clients"]]), Handler::Write(create)),
    Route::new(
        "GET",
        "/api/v2/clients/{id}",
        Guard::Scope(&[&["read:clients"], &["read:client_keys"]]),
        Handler::Read(get),
    ),
    Route::new(
        "DELETE",
        "/api/v2/clients/{id}",
        Guard::Scope(&[&["delete:clients"]]),
        Handler::Write(delete),
    ),
];

/// Creates an application, with a secret. The recorded response to a body that says nothing of how the application authenticates itself
/// shows no secret; one is shown if the body does, and when the application is read.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = context.random.alphanumeric(32);
    let mut shown = JsonObject::new();
    for (key, json) in body.iter() {
        set_raw(&mut shown, key, json);
    }
    set(&mut shown, "client_id", &id);
    let is_spa = string(&body, "app_type").as_deref() == Some("spa");
    if let Value::Object(defaults) = defaults(is_spa) {
        for (key, default) in defaults {
            if shown.raw(&key).is_none() {
                set(&mut shown, &key, default);
            }
        }
    }
    let shows_secret = ["app_type", "token_endpoint_auth_method"].iter().any(|key| body.contains_key(key));
    let answer = json(StatusCode::CREATED, &shown);
    if !shown.contains_key("client_secret") {
        set(&mut shown, "client_secret", context.random.alphanumeric(64));
    }
    let answer = if shows_secret { json(StatusCode::CREATED, &shown) } else { answer };
    context.transaction.put_object(Kind::Clients, Object { id, shown });
    Ok(answer)
}

/// What a new application has unless it is given, as recorded.
fn defaults(is_spa: bool) -> Value {
    let (rotation, expiration) =
        if is_spa { ("rotating", "expiring") } else { ("non-rotating", "non-expiring") };
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
            "rotation_type": rotation,
            "expiration_type": expiration,
            "leeway": 0,
            "token_lifetime": 2_592_000,
            "infinite_token_lifetime": !is_spa,
            "infinite_idle_token_lifetime": !is_spa,
            "idle_token_lifetime": 1_296_000,
        },
    })
}

/// Shows an application; its secret to who may read keys.
fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let client = context.store.objects(Kind::Clients).get(request.parameter(0));
    let mut shown = client.ok_or_else(Failure::not_found)?.shown.clone();
    if request.require_scope("read:client_keys").is_err() {
        shown.remove("client_secret");
    }
    Ok(json(StatusCode::OK, &shown))
}

/// Succeeds also if the application does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    context.transaction.remove_object(Kind::Clients, request.parameter(0));
    Ok(no_content())
}
