//! The roles of a member in an organization, which are separate from the user's roles of the tenant.

use super::find_organization;
use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::api::role_sources::with_sources;
use crate::tenant::api::roles::find_role;
use crate::tenant::object::{set, set_raw, string, strings};
use crate::tenant::store::{Belonging, Kind, Store, User};
use crate::tenant::wire::answer::{Answer, Failure, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_checkpoint, by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use std::collections::HashSet;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/api/v2/organizations/{id}/members/{user_id}/roles",
        Guard::Catalogue,
        Handler::Read(list),
    ),
    Route::new(
        "POST",
        "/api/v2/organizations/{id}/members/{user_id}/roles",
        Guard::Catalogue,
        Handler::Write(assign),
    ),
    Route::new(
        "DELETE",
        "/api/v2/organizations/{id}/members/{user_id}/roles",
        Guard::Catalogue,
        Handler::Write(remove),
    ),
    Route::new(
        "GET",
        "/api/v2/organizations/{id}/members/{user_id}/effective-roles",
        Guard::Catalogue,
        Handler::Read(effective),
    ),
];

/// The number of roles that a member may have.
const MAX_ROLES: usize = 50;

fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    by_offset(request, "roles", &roles(context, request)?, unchanged)
}

/// The roles of the member and of its groups in the organization, by name.
fn effective(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let direct = roles(context, request)?;
    let groups = find_user(context.store, request.parameter(1))?.belongings(Belonging::Groups);
    let assigned = groups.iter().flat_map(|group| {
        group.get::<Vec<JsonObject>>("organization_roles").ok().flatten().unwrap_or_default()
    });
    let in_organization = assigned
        .filter(|role| string(role, "organization_id").as_deref() == Some(request.parameter(0)))
        .filter_map(|role| string(&role, "id"));
    let mut roles = with_sources(context.store, &direct, in_organization);
    roles.sort_by_cached_key(|role| string(role, "name"));
    by_checkpoint(request, "roles", &roles, unchanged)
}

fn roles(context: &ReadContext<'_>, request: &Request) -> Result<Vec<JsonObject>, Failure> {
    find_organization(context.store, request.parameter(0))?;
    let user = find_user(context.store, request.parameter(1))?;
    Ok(roles_of_member(context.store, user, request.parameter(0)))
}

/// The roles of a user in an organization, by name, without those that were deleted after they were assigned.
pub(crate) fn roles_of_member(store: &Store, user: &User, organization: &str) -> Vec<JsonObject> {
    let mut roles: Vec<JsonObject> = user
        .belongings(Belonging::OrganizationRoles)
        .iter()
        .filter(|assigned| string(assigned, "organization_id").as_deref() == Some(organization))
        .filter_map(|assigned| store.objects(Kind::Roles).get(&string(assigned, "id")?))
        .map(|role| {
            let mut shown = JsonObject::new();
            for key in ["id", "name", "description"] {
                if let Some(json) = role.shown.raw(key) {
                    set_raw(&mut shown, key, json);
                }
            }
            shown
        })
        .collect();
    roles.sort_by_cached_key(|role| string(role, "name"));
    roles
}

/// Succeeds also if the user is not a member yet: the roles take effect with the membership.
fn assign(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (organization, user) = (request.parameter(0), request.parameter(1));
    find_organization(context.store(), organization)?;
    let owned = roles_of_member(context.store(), find_user(context.store(), user)?, organization);
    let owned: HashSet<String> = owned.iter().filter_map(|role| string(role, "id")).collect();
    let mut added = HashSet::new();
    for id in strings(&request.body()?, "roles") {
        find_role(context.store(), &id)?;
        if !owned.contains(&id) {
            added.insert(id);
        }
    }
    if owned.len() + added.len() > MAX_ROLES {
        return Err(Failure::conflict("No more roles can be assigned to this organization member."));
    }
    update_user(&mut context.transaction, user, |user| {
        let roles = user.belongings_mut(Belonging::OrganizationRoles);
        roles.extend(added.iter().map(|id| {
            let mut role = JsonObject::new();
            set(&mut role, "organization_id", organization);
            set(&mut role, "id", id);
            role
        }));
    })?;
    Ok(no_content())
}

/// Succeeds also for roles that the member does not have.
fn remove(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let organization = request.parameter(0);
    find_organization(context.store(), organization)?;
    let ids: HashSet<String> = strings(&request.body()?, "roles").into_iter().collect();
    update_user(&mut context.transaction, request.parameter(1), |user| {
        user.belongings_mut(Belonging::OrganizationRoles).retain(|role| {
            string(role, "organization_id").as_deref() != Some(organization)
                || string(role, "id").is_none_or(|id| !ids.contains(&id))
        });
    })?;
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use crate::tenant::testing::builder;
    use users_core::model::{NewOrganization, NewRole, RoleSource};

    #[test]
    fn roles_of_a_member_are_of_one_organization_and_precede_or_follow_the_membership() {
        let tenant = builder().users(1).build();
        let client = tenant.management();
        let user = tenant.user_ids().remove(0);
        tenant.clock().block_on(async {
            let (organizations, roles) = (client.organizations(), client.roles());
            let new = |name| organizations.create(NewOrganization::new(name));
            let (one, other) =
                (new("one").await.unwrap().id.unwrap(), new("other").await.unwrap().id.unwrap());
            let (b, a) = (roles.create(NewRole::new("b")).await, roles.create(NewRole::new("a")).await);
            let (b, a) = (b.unwrap().id.unwrap(), a.unwrap().id.unwrap());
            let members = organizations.members(&one);
            let of_member = members.roles(&user);
            of_member.assign([&b, &a, &a]).await.unwrap();
            members.add([&user]).await.unwrap();

            let names = || async {
                let roles = of_member.list().await.unwrap();
                roles.into_iter().filter_map(|role| role.name).collect::<Vec<_>>()
            };
            assert_eq!(names().await, ["a", "b"]);
            assert!(organizations.members(&other).roles(&user).list().await.unwrap().is_empty());
            assert!(client.users().roles(&user).list().await.unwrap().is_empty());
            let effective = of_member.effective().items().try_collect().await.unwrap();
            assert_eq!(effective[0].sources, Some(vec![RoleSource::Direct]));

            of_member.remove([&a]).await.unwrap();
            of_member.remove([&a]).await.unwrap();
            assert_eq!(names().await, ["b"]);
            roles.delete(&b).await.unwrap();
            assert!(names().await.is_empty());
            assert!(of_member.assign([&b]).await.unwrap_err().is_not_found());
            members.remove([&user]).await.unwrap();
            members.add([&user]).await.unwrap();
            assert!(names().await.is_empty());
        });
    }

    #[test]
    fn a_member_has_50_roles_at_most() {
        let tenant = builder().users(1).build();
        let client = tenant.management();
        let user = tenant.user_ids().remove(0);
        tenant.clock().block_on(async {
            let organization =
                client.organizations().create(NewOrganization::new("acme")).await.unwrap().id.unwrap();
            let mut ids = Vec::new();
            for number in 0..51 {
                ids.push(client.roles().create(NewRole::new(number.to_string())).await.unwrap().id.unwrap());
            }
            let roles = client.organizations().members(&organization).roles(&user);
            assert!(roles.assign(&ids).await.unwrap_err().is_conflict());
            roles.assign(&ids[..50]).await.unwrap();
            assert!(roles.assign(&ids[50..]).await.unwrap_err().is_conflict());
            roles.assign(&ids[..50]).await.unwrap();
        });
    }
}
