//! Credentials of devices: public keys, and the refresh tokens of users.
//!
//! Each refresh token of a user is also a credential, of type `rotating_refresh_token` if it rotates. Its id follows from that of the
//! token, and it has no name: a refresh token keeps none.

use crate::tenant::api::owner::is_selected;
use crate::tenant::object::{set, set_raw, string};
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, Kind, Object, User};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
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

/// The type of refresh tokens that rotate, which is listed only if it is asked for.
const ROTATING: &str = "rotating_refresh_token";

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let kind = request.query("type");
    let is_selected = |credential: &JsonObject| {
        let own = string(credential, "type");
        let is_of_kind = kind.map_or(own.as_deref() != Some(ROTATING), |kind| own.as_deref() == Some(kind));
        is_of_kind && is_selected(credential, "client_id", request, "client_id")
    };
    let all = context.store.objects(Kind::DeviceCredentials);
    let user_id = request.query("user_id");
    let stored: Box<dyn Iterator<Item = &Arc<Object>>> = match user_id {
        Some(id) => Box::new(all.with(id)),
        None => Box::new(all.iter()),
    };
    let users: Box<dyn Iterator<Item = &Arc<User>>> = match user_id {
        Some(id) => Box::new(context.store.users().get(id).into_iter()),
        None => Box::new(context.store.users().iter()),
    };
    let tokens = users.flat_map(|user| {
        user.belongings(Belonging::RefreshTokens).iter().filter_map(|token| of_token(user, token))
    });
    let credentials: Vec<JsonObject> = stored
        .map(|credential| credential.shown.clone())
        .chain(tokens)
        .filter(is_selected)
        .map(|credential| project(&credential, request))
        .collect();
    by_offset(request, "device_credentials", &credentials, unchanged)
}

/// A refresh token as a credential; `None` if it has no id.
fn of_token(user: &User, token: &JsonObject) -> Option<JsonObject> {
    let is_rotating = token.raw("rotating") == Some("true");
    let mut credential = JsonObject::new();
    set(&mut credential, "id", id_of_token(token)?);
    set(&mut credential, "type", if is_rotating { ROTATING } else { "refresh_token" });
    set(&mut credential, "user_id", user.id());
    if let Some(client) = token.raw("client_id") {
        set_raw(&mut credential, "client_id", client);
    }
    Some(credential)
}

/// The id of a refresh token as a credential, in the form of Auth0's: `dcr_` and 16 letters and digits.
fn id_of_token(token: &JsonObject) -> Option<String> {
    let mut id = "dcr_".to_owned();
    for byte in Sha256::digest(string(token, "id")?).iter().take(8) {
        let _ = write!(id, "{byte:02x}");
    }
    Some(id)
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

/// Revokes the refresh token that the credential is. Succeeds also if the credential does not exist.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    if context.store().objects(Kind::DeviceCredentials).get(id).is_some() {
        context.transaction.remove_object(Kind::DeviceCredentials, id);
        return Ok(no_content());
    }
    let is_meant = |token: &JsonObject| id_of_token(token).as_deref() == Some(id);
    let has_it = |user: &&Arc<User>| user.belongings(Belonging::RefreshTokens).iter().any(is_meant);
    let owner = context.store().users().iter().find(has_it).cloned();
    if let Some(owner) = owner {
        context.transaction.update_user(owner.id(), |user| {
            user.belongings_mut(Belonging::RefreshTokens).retain(|token| !is_meant(token));
        });
    }
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

    #[test]
    fn refresh_tokens_are_credentials_and_either_deletion_removes_both() {
        let tokens = r#"[{"id":"t1","client_id":"app"},{"id":"t2","client_id":"other"},{"id":"t3","client_id":"app","rotating":true},
            {"id":"t4","client_id":"app","session_id":"s1"}]"#;
        let seed = Seed::new()
            .user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)
            .and_then(|seed| seed.user(r#"{"user_id":"auth0|2","email":"bob@example.com"}"#))
            .and_then(|seed| seed.belongings("auth0|1", "refresh_tokens", tokens))
            .and_then(|seed| seed.belongings("auth0|1", "sessions", r#"[{"id":"s1"}]"#))
            .and_then(|seed| seed.belongings("auth0|2", "refresh_tokens", r#"[{"id":"t5"}]"#))
            .unwrap();
        let tenant = builder().seed(seed).build();
        let client = tenant.management();
        let devices = client.device_credentials();
        tenant.clock().block_on(async {
            let list = |kind| devices.list().user_id("auth0|1").kind(kind);
            let of_kind = || list(DeviceCredentialType::RefreshToken);
            let found = of_kind().client_id("app").items().try_collect().await.unwrap();
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].user_id.as_deref(), Some("auth0|1"));
            assert_eq!(found[0].client_id.as_deref(), Some("app"));
            let id = found[0].id.as_deref().unwrap();
            assert!(id.len() == 20 && id.starts_with("dcr_"), "{id}");
            assert_eq!(list(DeviceCredentialType::RotatingRefreshToken).await.unwrap().len(), 1);
            assert_eq!(devices.list().await.unwrap().len(), 4, "of all users, without those that rotate");

            devices.delete(id).await.unwrap();
            devices.delete(id).await.unwrap();
            assert!(client.refresh_tokens().get("t1").await.unwrap_err().is_not_found());
            assert_eq!(of_kind().await.unwrap().len(), 2);
            client.refresh_tokens().delete("t2").await.unwrap();
            assert_eq!(of_kind().await.unwrap().len(), 1);
            client.sessions().delete("s1").await.unwrap();
            assert_eq!(of_kind().await.unwrap().len(), 0);
            assert_eq!(client.refresh_tokens().get("t5").await.unwrap().id.as_deref(), Some("t5"));
        });
    }
}
