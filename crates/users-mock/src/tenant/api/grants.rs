//! Grants, which are seeded.

use crate::tenant::api::owner::{belongings_of, find_by_id, is_selected, remove_belonging};
use crate::tenant::object::string;
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/grants", Guard::Catalogue, Handler::Read(list)),
    Route::new("DELETE", "/api/v2/grants", Guard::Catalogue, Handler::Write(delete_by_user)),
    Route::new("DELETE", "/api/v2/grants/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let grants: Vec<JsonObject> = belongings_of(context.store, request, Belonging::Grants)
        .filter(|grant| is_selected(grant, "clientID", request, "client_id"))
        .filter(|grant| is_selected(grant, "audience", request, "audience"))
        .cloned()
        .collect();
    by_offset(request, "grants", &grants, unchanged)
}

/// Succeeds also if the user does not exist or has no grants.
// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn delete_by_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user_id = request.query("user_id").unwrap_or_default();
    context.transaction.update_user(user_id, |user| {
        for grant in std::mem::take(user.belongings_mut(Belonging::Grants)) {
            revoke_tokens(user, &grant);
        }
    });
    Ok(no_content())
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner = context.store().users().with(Belonging::Grants, id).next().cloned();
    if let Some(grant) = owner.as_ref().and_then(|owner| find_by_id(owner, Belonging::Grants, id).cloned()) {
        let owner = owner.as_ref().map_or("", |owner| owner.id());
        context.transaction.update_user(owner, |user| revoke_tokens(user, &grant));
    }
    remove_belonging(context, owner.as_deref(), Belonging::Grants, id)
}

/// The refresh tokens of a grant die with it: those of its application for its API, or for an API that is not known.
fn revoke_tokens(user: &mut User, grant: &JsonObject) {
    let (client, audience) = (string(grant, "clientID"), string(grant, "audience"));
    user.belongings_mut(Belonging::RefreshTokens).retain(|token| {
        let servers: Vec<JsonObject> = token.get("resource_servers").ok().flatten().unwrap_or_default();
        let is_for_api =
            servers.is_empty() || servers.iter().any(|server| string(server, "audience") == audience);
        string(token, "client_id") != client || !is_for_api
    });
}

#[cfg(test)]
mod tests {
    use crate::tenant::Seed;
    use crate::tenant::testing::builder;

    #[test]
    fn a_grant_that_is_revoked_is_gone() {
        let seed = Seed::new()
            .user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)
            .and_then(|seed| seed.user(r#"{"user_id":"auth0|2","email":"bob@example.com"}"#))
            .and_then(|seed| {
                let grants = r#"[{"id":"1","clientID":"app","user_id":"auth0|1","audience":"https://api","scope":["read"]},
                    {"id":"2","clientID":"other","user_id":"auth0|1","audience":"https://api","scope":[]}]"#;
                seed.belongings("auth0|1", "grants", grants)
            })
            .and_then(|seed| seed.belongings("auth0|2", "grants", r#"[{"id":"3","clientID":"app","user_id":"auth0|2"}]"#))
            .and_then(|seed| {
                let tokens = r#"[{"id":"t1","client_id":"app"},{"id":"t2","client_id":"other"},
                    {"id":"t3","client_id":"app","resource_servers":[{"audience":"https://other","scopes":"a"}]}]"#;
                seed.belongings("auth0|1", "refresh_tokens", tokens)
            })
            .unwrap();
        let tenant = builder().seed(seed).build();
        let (client, grants) = (tenant.management(), tenant.management().grants());
        tenant.clock().block_on(async {
            let ids = async |call: users_core::Call<users_core::management::ListGrants>| -> Vec<String> {
                let all = call.items().try_collect().await.unwrap();
                all.into_iter().filter_map(|grant| grant.id).collect()
            };
            assert_eq!(ids(grants.list()).await, ["1", "2", "3"]);
            assert_eq!(ids(grants.list().user_id("auth0|1")).await, ["1", "2"]);
            assert_eq!(ids(grants.list().client_id("app")).await, ["1", "3"]);
            assert_eq!(ids(grants.list().audience("https://api")).await, ["1", "2"]);
            let tokens = async || {
                let all = client.users().refresh_tokens("auth0|1").list().await.unwrap();
                all.into_iter().filter_map(|token| token.id).collect::<Vec<_>>()
            };
            grants.delete("1").await.unwrap();
            grants.delete("1").await.unwrap();
            assert_eq!(tokens().await, ["t2", "t3"]);
            assert_eq!(ids(grants.list()).await, ["2", "3"]);
            grants.delete_by_user("auth0|1").await.unwrap();
            assert_eq!(ids(grants.list()).await, ["3"]);
            assert_eq!(tokens().await, ["t3"]);
        });
    }
}
