//! Credentials of devices, which are seeded.

use crate::tenant::api::owner::{belongings_of, is_selected, remove_belonging};
use crate::tenant::object::string;
use crate::tenant::search::project;
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::{Answer, Failure};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/device-credentials", Guard::Catalogue, Handler::Read(list)),
    Route::new("DELETE", "/api/v2/device-credentials/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let kind = request.query("type");
    if kind.is_some_and(|kind| !["public_key", "refresh_token", "rotating_refresh_token"].contains(&kind)) {
        return Err(Failure::query("'No enum match for: type' on property type"));
    }
    let is_of_kind = |credential: &&JsonObject| {
        let own = string(credential, "type");
        kind.map_or(own.as_deref() != Some("rotating_refresh_token"), |kind| own.as_deref() == Some(kind))
    };
    let credentials: Vec<JsonObject> = belongings_of(context.store, request, Belonging::DeviceCredentials)
        .filter(|credential| is_selected(credential, "client_id", request, "client_id"))
        .filter(is_of_kind)
        .map(|credential| project(credential, request))
        .collect::<Result<_, _>>()?;
    by_offset(request, "device_credentials", &credentials, unchanged)
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner = context.store().users().with(Belonging::DeviceCredentials, id).next().cloned();
    remove_belonging(context, owner.as_deref(), Belonging::DeviceCredentials, id)
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
