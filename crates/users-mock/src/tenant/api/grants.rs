//! Grants, which are seeded.

use crate::tenant::api::owner::{belongings_of, is_selected, remove_belonging};
use crate::tenant::store::Belonging;
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
fn delete_by_user(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let Some(user_id) = request.query("user_id") else {
        return Err(Failure::query("'Missing required property: user_id'"));
    };
    context.transaction.update_user(user_id, |user| user.belongings_mut(Belonging::Grants).clear());
    Ok(no_content())
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let owner = context.store().users().with(Belonging::Grants, id).next().cloned();
    remove_belonging(context, owner.as_deref(), Belonging::Grants, id)
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
            .unwrap();
        let tenant = builder().seed(seed).build();
        let grants = tenant.management().grants();
        tenant.clock().block_on(async {
            let ids = async |call: users_core::Call<users_core::management::ListGrants>| -> Vec<String> {
                let all = call.items().try_collect().await.unwrap();
                all.into_iter().filter_map(|grant| grant.id).collect()
            };
            assert_eq!(ids(grants.list()).await, ["1", "2", "3"]);
            assert_eq!(ids(grants.list().user_id("auth0|1")).await, ["1", "2"]);
            assert_eq!(ids(grants.list().client_id("app")).await, ["1", "3"]);
            assert_eq!(ids(grants.list().audience("https://api")).await, ["1", "2"]);
            grants.delete("1").await.unwrap();
            grants.delete("1").await.unwrap();
            assert_eq!(ids(grants.list()).await, ["2", "3"]);
            grants.delete_by_user("auth0|1").await.unwrap();
            assert_eq!(ids(grants.list()).await, ["3"]);
        });
    }
}
