//! Credentials of devices.

use crate::tenant::api::owner::is_selected;
use crate::tenant::object::{set, set_raw};
use crate::tenant::search::project;
use crate::tenant::store::{Kind, Object};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/device-credentials", Guard::Catalogue, Handler::Read(list)),
    Route::new(
        "POST",
        "/api/v2/device-credentials",
        Guard::Scope(&[&["create:current_user_device_credentials"]]),
        Handler::Write(create),
    ),
    Route::new("DELETE", "/api/v2/device-credentials/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let kind = request.query("type");
    let is_of_kind = |credential: &&Arc<Object>| {
        let own = credential.string("type");
        kind.map_or(own.as_deref() != Some("rotating_refresh_token"), |kind| own.as_deref() == Some(kind))
    };
    let all = context.store.objects(Kind::DeviceCredentials);
    let credentials: Box<dyn Iterator<Item = &Arc<Object>>> = match request.query("user_id") {
        Some(id) => Box::new(all.with(id)),
        None => Box::new(all.iter()),
    };
    let credentials: Vec<JsonObject> = credentials
        .filter(|credential| is_selected(&credential.shown, "client_id", request, "client_id"))
        .filter(is_of_kind)
        .map(|credential| project(&credential.shown, request))
        .collect();
    by_offset(request, "device_credentials", &credentials, unchanged)
}

/// Adds the public key of a device. Auth0 documents that it requires a token of the device's user, and was recorded to accept one of
/// an application too; the credential then belongs to nobody.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let id = context.random.prefixed_id("dcr_");
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &id);
    for key in ["device_name", "device_id", "type", "client_id"] {
        if let Some(json) = body.raw(key) {
            set_raw(&mut shown, key, json);
        }
    }
    let mut answer = JsonObject::new();
    set(&mut answer, "id", &id);
    context.transaction.put_object(Kind::DeviceCredentials, Object { id, shown });
    Ok(json(StatusCode::CREATED, &answer))
}

/// Succeeds also if the credential does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    context.transaction.remove_object(Kind::DeviceCredentials, request.parameter(0));
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use crate::tenant::Seed;
    use crate::tenant::testing::builder;
    use users_core::model::DeviceCredentialType;

    #[test]
    fn rotating_refresh_tokens_are_listed_by_their_type_only_and_a_deleted_credential_is_gone() {
        let credentials = r#"[{"id":"dcr_1","type":"public_key","user_id":"auth0|1","client_id":"app","device_name":"Phone"},
            {"id":"dcr_2","type":"rotating_refresh_token","user_id":"auth0|1","client_id":"app"},
            {"id":"dcr_3","type":"refresh_token","user_id":"auth0|1","client_id":"other"}]"#;
        let seed = Seed::new()
            .user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)
            .and_then(|seed| seed.belongings("auth0|1", "device_credentials", credentials))
            .unwrap();
        let tenant = builder().seed(seed).build();
        let devices = tenant.management().device_credentials();
        tenant.clock().block_on(async {
            let of_user = || devices.list().user_id("auth0|1");
            for (call, expected) in [
                (of_user(), vec!["dcr_1", "dcr_3"]),
                (of_user().kind(DeviceCredentialType::RotatingRefreshToken), vec!["dcr_2"]),
                (of_user().client_id("app"), vec!["dcr_1"]),
                (devices.list().user_id("auth0|2"), vec![]),
            ] {
                let found = call.fields(["id"]).items().try_collect().await.unwrap();
                let ids: Vec<&str> = found.iter().filter_map(|credential| credential.id.as_deref()).collect();
                assert_eq!(ids, expected);
                assert!(found.iter().all(|credential| credential.user_id.is_none()));
            }
            devices.delete("dcr_1").await.unwrap();
            devices.delete("dcr_1").await.unwrap();
            assert_eq!(of_user().await.unwrap().len(), 1);
        });
    }
}
