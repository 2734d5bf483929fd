//! The members of an organization.

use super::find_organization;
use super::member_roles::roles_of_member;
use crate::tenant::api::owner::{find_by_id, update_user};
use crate::tenant::api::roles::brief;
use crate::tenant::object::{set, string, strings};
use crate::tenant::rules::credentials::check_user_id;
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, Store, User};
use crate::tenant::wire::answer::{Answer, Failure, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_either, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/organizations/{id}/members", Guard::Catalogue, Handler::Read(list)),
    Route::new("POST", "/api/v2/organizations/{id}/members", Guard::Catalogue, Handler::Write(add)),
    Route::new("DELETE", "/api/v2/organizations/{id}/members", Guard::Catalogue, Handler::Write(remove)),
];

/// Shows the roles of members only if `fields` names them.
fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_organization(context.store, id)?;
    let fields = request.query("fields").unwrap_or_default();
    let with_roles = fields.split(',').any(|field| field.trim() == "roles");
    if with_roles {
        request.require_scope("read:organization_member_roles")?;
    }
    let shown: Vec<(u64, JsonObject)> = context
        .store
        .users()
        .with_positions(Belonging::Organizations, id)
        .map(|(position, user)| (position, project(&member(context.store, user, id, with_roles), request)))
        .collect();
    by_either(request, "members", &shown, unchanged)
}

fn member(store: &Store, user: &User, organization: &str, with_roles: bool) -> JsonObject {
    let mut member = brief(user);
    if with_roles {
        let mut roles = roles_of_member(store, user, organization);
        for role in &mut roles {
            role.remove("description");
        }
        set(&mut member, "roles", roles);
    }
    member
}

/// Succeeds also for users who are members.
fn add(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_organization(context.store(), id)?;
    for user in strings(&request.body()?, "members") {
        check_user_id(&user)?;
        let Some(found) = context.store().users().get(&user) else {
            return Err(Failure::assumed(&context.config.assumptions.unknown_member, &[]));
        };
        if find_by_id(found, Belonging::Organizations, id).is_some() {
            continue;
        }
        update_user(&mut context.transaction, &user, |user| {
            let mut membership = JsonObject::new();
            set(&mut membership, "id", id);
            user.belongings_mut(Belonging::Organizations).push(membership);
        })?;
    }
    Ok(no_content())
}

/// Removes members with their roles in the organization. Succeeds also for users who are not members.
fn remove(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(0);
    find_organization(context.store(), id)?;
    for user in strings(&request.body()?, "members") {
        context.transaction.update_user(&user, |user| {
            let is_of_other = |object: &JsonObject, key| string(object, key).as_deref() != Some(id);
            user.belongings_mut(Belonging::Organizations).retain(|membership| is_of_other(membership, "id"));
            let roles = user.belongings_mut(Belonging::OrganizationRoles);
            roles.retain(|role| is_of_other(role, "organization_id"));
        });
    }
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::builder;
    use users_core::model::{NewOrganization, NewRole, UserId};

    #[test]
    fn a_member_who_was_added_is_listed_until_removed_or_until_the_organization_is_deleted() {
        let tenant = builder().users(3).build();
        let client = tenant.management();
        let ids = tenant.user_ids();
        tenant.clock().block_on(async {
            let organizations = client.organizations();
            let id = organizations.create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let members = organizations.members(&id);
            members.add(&ids).await.unwrap();
            members.add(&ids[..1]).await.unwrap();
            let listed = members.list().take(2).items().try_collect().await.unwrap();
            let listed: Vec<&str> =
                listed.iter().filter_map(|member| member.user_id.as_ref()).map(UserId::as_str).collect();
            assert_eq!(listed, ids);
            let of_user = || client.users().organizations(&ids[1]);
            assert_eq!(of_user().await.unwrap().items[0].name.as_deref(), Some("acme"));

            members.remove(&ids[1..2]).await.unwrap();
            members.remove(&ids[1..2]).await.unwrap();
            assert_eq!(members.list().await.unwrap().len(), 2);
            assert!(of_user().await.unwrap().is_empty());
            assert!(members.add(["auth0|nobody"]).await.unwrap_err().is_not_found());

            client.users().delete(&ids[0]).await.unwrap();
            assert_eq!(members.list().await.unwrap().len(), 1);
            organizations.delete(&id).await.unwrap();
            assert!(members.list().await.unwrap_err().is_not_found());
            assert!(client.users().organizations(&ids[2]).await.unwrap().is_empty());
            assert!(client.users().get(&ids[2]).await.is_ok());
        });
    }

    #[test]
    fn members_who_are_removed_while_they_are_listed_hide_no_others() {
        let tenant = builder().users(5).build();
        let client = tenant.management();
        tenant.clock().block_on(async {
            let organizations = client.organizations();
            let id = organizations.create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let members = organizations.members(&id);
            members.add(tenant.user_ids()).await.unwrap();
            let mut all = members.list().take(2).items();
            while let Some(member) = all.try_next().await.unwrap() {
                members.remove([member.user_id.unwrap()]).await.unwrap();
            }
            assert!(members.list().await.unwrap().is_empty());
        });
    }

    #[test]
    fn the_roles_of_members_are_listed_only_by_name_of_the_field() {
        let tenant = builder().users(1).build();
        let client = tenant.management();
        let user = tenant.user_ids().remove(0);
        tenant.clock().block_on(async {
            let role = client.roles().create(NewRole::new("buyer")).await.unwrap().id.unwrap();
            let organizations = client.organizations();
            let id = organizations.create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let members = organizations.members(&id);
            members.add([&user]).await.unwrap();
            members.roles(&user).assign([&role]).await.unwrap();
            assert_eq!(members.list().await.unwrap().items[0].roles, None);
            let listed = members.list().fields(["user_id", "roles"]).await.unwrap();
            let roles = listed.items[0].roles.clone().unwrap();
            assert_eq!((roles[0].name.as_deref(), &roles[0].description), (Some("buyer"), &None));
            assert_eq!(listed.items[0].email, None);
        });
    }
}
