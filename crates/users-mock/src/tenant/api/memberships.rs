//! Lists of what belongs to a user: organizations, groups, log entries, connected accounts, enrollments, token sets.

use crate::tenant::api::groups::shown_group;
use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::object::string;
use crate::tenant::search::project;
use crate::tenant::store::{Belonging, Kind, Object};
use crate::tenant::wire::answer::{Answer, Failure, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::page::{by_checkpoint, by_either, by_offset, unchanged};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/v2/users/{id}/organizations", Guard::Catalogue, Handler::Read(organizations)),
    Route::new("GET", "/api/v2/users/{id}/groups", Guard::Catalogue, Handler::Read(groups)),
    Route::new("GET", "/api/v2/users/{id}/logs", Guard::Catalogue, Handler::Read(logs)),
    Route::new(
        "GET",
        "/api/v2/users/{id}/connected-accounts",
        Guard::Catalogue,
        Handler::Read(connected_accounts),
    ),
    Route::new("GET", "/api/v2/users/{id}/enrollments", Guard::Catalogue, Handler::Read(enrollments)),
    Route::new(
        "GET",
        "/api/v2/users/{id}/federated-connections-tokensets",
        Guard::Catalogue,
        Handler::Read(token_sets),
    ),
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/federated-connections-tokensets/{set}",
        Guard::Catalogue,
        Handler::Write(delete_token_set),
    ),
];

fn organizations(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let memberships = find_user(context.store, request.parameter(0))?.belongings(Belonging::Organizations);
    let organizations = context.store.objects(Kind::Organizations);
    // Without those that were deleted after the user became a member.
    let organizations =
        memberships.iter().filter_map(|membership| organizations.get(&string(membership, "id")?));
    let organizations: Vec<&Arc<Object>> = organizations.collect();
    by_offset(request, "organizations", &organizations, |organization| organization.shown.clone())
}

fn groups(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let groups = find_user(context.store, request.parameter(0))?.belongings(Belonging::Groups);
    let shown: Vec<(u64, JsonObject)> = (0..)
        .zip(groups)
        .map(|(position, group)| (position, project(&shown_group(group), request)))
        .collect();
    by_either(request, "groups", &shown, unchanged)
}

fn logs(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    let mut logs: Vec<&Arc<Object>> = context.store.objects(Kind::LogEntries).with(user.id()).collect();
    match request.query("sort") {
        None | Some("date:1") => {}
        Some("date:-1") => logs.reverse(),
        Some(other) => {
            return Err(Failure::query(&format!("'{other} cannot be sorted by' on property sort")));
        }
    }
    by_offset(request, "logs", &logs, |entry| entry.shown.clone())
}

fn connected_accounts(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    by_checkpoint(request, "connected_accounts", user.belongings(Belonging::ConnectedAccounts), unchanged)
}

fn enrollments(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    Ok(json(StatusCode::OK, &user.belongings(Belonging::Enrollments)))
}

fn token_sets(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let user = find_user(context.store, request.parameter(0))?;
    Ok(json(StatusCode::OK, &user.belongings(Belonging::FederatedTokenSets)))
}

/// Succeeds also if the token set does not exist.
fn delete_token_set(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter(1);
    update_user(&mut context.transaction, request.parameter(0), |user| {
        let sets = user.belongings_mut(Belonging::FederatedTokenSets);
        sets.retain(|set| string(set, "id").as_deref() != Some(id));
    })?;
    Ok(no_content())
}
