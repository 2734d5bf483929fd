//! Invitations to an organization, which a login accepts.

use super::find_organization;
use crate::tenant::api::login::mails::send_invitation;
use crate::tenant::object::{integer, set, set_raw, string, strings};
use crate::tenant::rules::metadata::check_metadata_keys;
use crate::tenant::search::project;
use crate::tenant::store::{Kind, Object, Store};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use users_core::model::{JsonObject, Timestamp};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/organizations/{id}/invitations", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/organizations/{id}/invitations", Guard::Catalogue, Handler::Write(create)),
    Route::new(
        "GET",
        "/api/v2/organizations/{id}/invitations/{invitation_id}",
        Guard::Catalogue,
        Handler::Read(get),
    ),
    Route::new(
        "DELETE",
        "/api/v2/organizations/{id}/invitations/{invitation_id}",
        Guard::Catalogue,
        Handler::Write(delete),
    ),
];

/// The lifetime of an invitation in seconds, unless another is requested: 7 days.
const DEFAULT_LIFETIME: u64 = 604_800;

/// The newest first.
fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_organization(context.store, id)?;
    let mut invitations: Vec<&Arc<Object>> = context.store.objects(Kind::Invitations).with(id).collect();
    if request.query("sort") != Some("created_at:1") {
        invitations.reverse();
    }
    let shown: Vec<JsonObject> =
        invitations.iter().map(|invitation| project(&invitation.shown, request)).collect();
    by_offset(request, "invitations", &shown, unchanged)
}

/// Answers 201, as recorded, although Auth0 documents 200. The link leads to the login page of the application, or else of the
/// tenant.
fn create(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    check_metadata_keys(&body, &context.config.assumptions)?;
    let organization = find_organization(context.store(), request.parameter(0))?;
    let organization_name = organization.string("name").unwrap_or_default();
    let organization_id = organization.id.clone();
    check_references(context, &body)?;
    let lifetime = integer(&body, "ttl_sec").filter(|seconds| *seconds > 0).unwrap_or(DEFAULT_LIFETIME);
    let (id, ticket) = (context.random.prefixed_id("uinv_"), context.random.alphanumeric(32));
    let client = context.store().objects(Kind::Clients).get(&string(&body, "client_id").unwrap_or_default());
    let login = client.and_then(|client| client.string("initiate_login_uri"));
    let login = login.unwrap_or_else(|| format!("{}/login", request.origin(&context.config.domain)));
    let now = context.clock.millis();
    let time = |millis: u64| Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
    let mut shown = JsonObject::new();
    set(&mut shown, "id", &id);
    set(&mut shown, "organization_id", &organization_id);
    for key in ["inviter", "invitee"] {
        set_raw(&mut shown, key, body.raw(key).unwrap_or_default());
    }
    set(
        &mut shown,
        "invitation_url",
        format!(
            "{login}?invitation={ticket}&organization={organization_id}&organization_name={organization_name}"
        ),
    );
    set(&mut shown, "ticket_id", ticket);
    set(&mut shown, "created_at", time(now));
    set(&mut shown, "expires_at", time(now + lifetime * 1000));
    for key in ["client_id", "connection_id", "user_metadata", "app_metadata", "roles"] {
        if let Some(json) = body.raw(key) {
            set_raw(&mut shown, key, json);
        }
    }
    let answer = json(StatusCode::CREATED, &shown);
    let invitee: JsonObject = shown.get("invitee").ok().flatten().unwrap_or_default();
    let sends_mail = body.get::<bool>("send_invitation_email").ok().flatten() != Some(false);
    if let (true, Some(to), Some(link)) =
        (sends_mail, string(&invitee, "email"), string(&shown, "invitation_url"))
    {
        send_invitation(context, &to, &organization_name, &link);
    }
    context.transaction.put_object(Kind::Invitations, Object { id, shown });
    Ok(answer)
}

/// Checks that the application, the connection and the roles of a body exist.
fn check_references(context: &WriteContext<'_>, body: &JsonObject) -> Result<(), Failure> {
    let store = context.store();
    let client_id = string(body, "client_id").unwrap_or_default();
    if client_id != context.config.client_id && store.objects(Kind::Clients).get(&client_id).is_none() {
        return Err(Failure::bad_request("invalid_body", "The specified client_id does not exist."));
    }
    if string(body, "connection_id").is_some_and(|id| store.connection_by_id(&id).is_none()) {
        return Err(Failure::bad_request("invalid_body", "The specified connection does not exist."));
    }
    let unknown: Vec<String> = strings(body, "roles")
        .into_iter()
        .filter(|id| store.objects(Kind::Roles).get(id).is_none())
        .collect();
    if !unknown.is_empty() {
        let message = format!("One or more of the specified roles do not exist: {}", unknown.join(", "));
        return Err(Failure::bad_request("invalid_body", message));
    }
    Ok(())
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let invitation = find(context.store, request)?;
    Ok(json(StatusCode::OK, &project(&invitation.shown, request)))
}

/// Succeeds also if the invitation does not exist.
fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_organization(context.store(), request.parameter(0))?;
    if find(context.store(), request).is_ok() {
        context.transaction.remove_object(Kind::Invitations, request.parameter(1));
    }
    Ok(no_content())
}

/// Finds the invitation that a request names, if it is one to the organization that it names.
fn find<'a>(store: &'a Store, request: &Request) -> Result<&'a Arc<Object>, Failure> {
    let organization = find_organization(store, request.parameter(0))?;
    let invitation = store.objects(Kind::Invitations).get(request.parameter(1));
    invitation
        .filter(|invitation| invitation.string("organization_id").as_ref() == Some(&organization.id))
        .ok_or_else(|| {
            Failure::new(StatusCode::NOT_FOUND, "inexistent_invitation", "The invitation does not exist.")
        })
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::{builder, send};
    use serde_json::json;
    use std::time::Duration;
    use users_core::model::{NewInvitation, NewOrganization};

    #[test]
    fn invitations_are_listed_the_newest_first_until_they_are_deleted() {
        let tenant = builder().build();
        let client = tenant.management();
        tenant.clock().block_on(async {
            let organizations = client.organizations();
            let id = organizations.create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let other = organizations.create(NewOrganization::new("other")).await.unwrap().id.unwrap();
            let invitations = organizations.invitations(&id);
            let invite = |email: &str| NewInvitation::new("Grace", email, tenant.client().0);
            let first = invitations.create(invite("a@example.com")).await.unwrap();
            let second = invitations.create(invite("b@example.com").ttl_sec(60)).await.unwrap();
            let lifetime = |invitation: &users_core::model::Invitation| {
                let time =
                    |time: &Option<users_core::model::Timestamp>| time.as_ref().unwrap().to_system_time();
                time(&invitation.expires_at).duration_since(time(&invitation.created_at)).unwrap()
            };
            assert_eq!(lifetime(&first), Duration::from_secs(7 * 24 * 60 * 60));
            assert_eq!(lifetime(&second), Duration::from_secs(60));
            let url = first.invitation_url.as_ref().unwrap().expose().to_owned();
            assert!(
                url.contains(first.ticket_id.as_ref().unwrap().expose())
                    && url.ends_with("&organization_name=acme")
            );

            let listed = invitations.list().items().try_collect().await.unwrap();
            let ids: Vec<_> = listed.iter().map(|invitation| invitation.id.clone()).collect();
            assert_eq!(ids, [second.id.clone(), first.id.clone()]);
            let first_id = first.id.unwrap();
            assert!(organizations.invitations(&other).get(&first_id).await.unwrap_err().is_not_found());
            let shown = invitations.get(&first_id).fields(["id"]).await.unwrap();
            assert_eq!((shown.id.as_ref(), shown.client_id), (Some(&first_id), None));

            invitations.delete(&first_id).await.unwrap();
            let gone = invitations.get(&first_id).await.unwrap_err();
            assert_eq!(gone.code(), Some("inexistent_invitation"));
            organizations.delete(&id).await.unwrap();
            assert!(invitations.list().await.unwrap_err().is_not_found());
        });
    }

    #[test]
    fn an_invitation_names_only_what_exists() {
        let tenant = builder().build();
        let id = send(&tenant, "POST", "/organizations", &json!({"name": "acme"})).1["id"].clone();
        let path = format!("/organizations/{}/invitations", id.as_str().unwrap());
        let (from, to) = (json!({"name": "Grace"}), json!({"email": "ada@example.com"}));
        let own = tenant.client().0;
        for (body, message) in [
            (
                json!({"invitee": to, "client_id": own}),
                "Payload validation error: 'Missing required property: inviter'.",
            ),
            (
                json!({"inviter": from, "invitee": to, "client_id": own, "ttl": 60}),
                "Payload validation error: 'Additional properties not allowed: ttl'.",
            ),
            (
                json!({"inviter": from, "invitee": to, "client_id": "x"}),
                "The specified client_id does not exist.",
            ),
            (
                json!({"inviter": from, "invitee": to, "client_id": own, "connection_id": "con_x"}),
                "The specified connection does not exist.",
            ),
            (
                json!({"inviter": from, "invitee": to, "client_id": own, "roles": ["rol_x", "rol_y"]}),
                "One or more of the specified roles do not exist: rol_x, rol_y",
            ),
        ] {
            let (status, error) = send(&tenant, "POST", &path, &body);
            assert_eq!((status, error["message"].as_str()), (400, Some(message)), "{body}");
        }
    }
}
