//! The members of groups, which are seeded with their users.

use crate::tenant::api::owner::find_by_id;
use crate::tenant::object::{set, set_raw};
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{Answer, Failure};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::page::{by_checkpoint, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("GET", "/api/v2/groups/{id}/members", Guard::Catalogue, Handler::Read(members))];

fn members(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    let users = context.store.users().with(Belonging::Groups, id);
    let members: Vec<JsonObject> = users.filter_map(|user| member(user, id)).collect();
    if members.is_empty() {
        return Err(Failure::new(StatusCode::NOT_FOUND, "inexistent_group", "The group does not exist"));
    }
    let shown: Vec<JsonObject> = members.iter().map(|member| project(member, request)).collect();
    by_checkpoint(request, "members", &shown, unchanged)
}

/// A group without the roles that a seed gave it, which Auth0 shows of users and members only.
pub(crate) fn shown_group(group: &JsonObject) -> JsonObject {
    let mut shown = group.clone();
    shown.remove("roles");
    shown.remove("organization_roles");
    shown
}

fn member(user: &User, group: &str) -> Option<JsonObject> {
    let group = find_by_id(user, Belonging::Groups, group)?;
    let mut member = JsonObject::new();
    set(&mut member, "id", user.id());
    set(&mut member, "member_type", "user");
    set(&mut member, "type", "connection");
    for (key, own) in [("connection_id", "connection_id"), ("created_at", "membership_created_at")] {
        if let Some(json) = group.raw(own) {
            set_raw(&mut member, key, json);
        }
    }
    Some(member)
}

#[cfg(test)]
mod tests {
    use crate::tenant::Seed;
    use crate::tenant::testing::builder;

    #[test]
    fn the_members_of_a_group_are_the_users_who_have_it() {
        let group =
            r#"[{"id":"grp_1","connection_id":"con_1","membership_created_at":"2026-01-05T10:00:00.000Z"}]"#;
        let mut seed = Seed::new();
        for id in ["auth0|1", "auth0|2", "auth0|3"] {
            seed = seed.user(&format!(r#"{{"user_id":"{id}","email":"{id}@example.com"}}"#)).unwrap();
            if id != "auth0|2" {
                seed = seed.belongings(id, "groups", group).unwrap();
            }
        }
        let tenant = builder().seed(seed).build();
        let groups = tenant.management().groups();
        tenant.clock().block_on(async {
            let members = groups.members("grp_1").take(1).items().try_collect().await.unwrap();
            let ids: Vec<&str> = members.iter().filter_map(|member| member.id.as_deref()).collect();
            assert_eq!(ids, ["auth0|1", "auth0|3"]);
            assert!(members[0].created_at.is_some());
            assert!(groups.members("grp_2").await.unwrap_err().is_not_found());
        });
    }
}
