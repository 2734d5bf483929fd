//! Enrollments in multi-factor authentication, which are seeded.

use crate::tenant::api::owner::{find_by_id, remove_belonging};
use crate::tenant::object::{set, string};
use crate::tenant::store::{Belonging, Store, User};
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use std::sync::Arc;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/api/v2/guardian/enrollments/ticket",
        Guard::Catalogue,
        Handler::Write(create_ticket),
    ),
    Route::new("GET", "/api/v2/guardian/enrollments/{id}", Guard::Catalogue, Handler::Read(get)),
    Route::new("DELETE", "/api/v2/guardian/enrollments/{id}", Guard::Catalogue, Handler::Write(delete)),
];

fn create_ticket(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let user_id = string(&body, "user_id").unwrap_or_default();
    if context.store().users().get(&user_id).is_none() {
        return Err(Failure::new(StatusCode::NOT_FOUND, None, "User not found."));
    }
    let id = context.random.alphanumeric(32);
    let origin = request.origin(&context.config.domain);
    let mut ticket = JsonObject::new();
    set(&mut ticket, "ticket_id", &id);
    set(&mut ticket, "ticket_url", format!("{origin}/mfa/enrollment?ticket={id}"));
    Ok(json(StatusCode::OK, &ticket))
}

fn get(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (owner, id) = find(context.store, request)?;
    let found = find_by_id(owner, Belonging::Enrollments, id).ok_or_else(no_such_enrollment)?;
    Ok(json(StatusCode::OK, found))
}

fn delete(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (owner, id) = find(context.store(), request)?;
    let owner = Arc::clone(owner);
    remove_belonging(context, Some(&owner), Belonging::Enrollments, id)
}

/// The owner of an enrollment, and its id without its kind (`totp|dev_…`).
fn find<'a, 'r>(store: &'a Store, request: &'r Request) -> Result<(&'a Arc<User>, &'r str), Failure> {
    let id = request.parameter(0);
    let id = id.split_once('|').map_or(id, |(_, id)| id);
    let owner = store.users().with(Belonging::Enrollments, id).next();
    owner.map(|owner| (owner, id)).ok_or_else(no_such_enrollment)
}

fn no_such_enrollment() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "enrollment_not_found", "Enrollment not found")
}

#[cfg(test)]
mod tests {
    use crate::tenant::Seed;
    use crate::tenant::testing::builder;
    use users_core::model::NewEnrollmentTicket;

    #[test]
    fn an_enrollment_is_got_by_its_id_and_gone_once_it_is_deleted() {
        let seed = Seed::new()
            .user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#)
            .and_then(|seed| {
                seed.belongings(
                    "auth0|1",
                    "enrollments",
                    r#"[{"id":"dev_1","status":"confirmed","type":"totp"}]"#,
                )
            })
            .unwrap();
        let tenant = builder().seed(seed).build();
        let (guardian, users) = (tenant.management().guardian(), tenant.management().users());
        tenant.clock().block_on(async {
            for id in ["dev_1", "totp|dev_1"] {
                assert_eq!(guardian.get_enrollment(id).await.unwrap().id.as_deref(), Some("dev_1"));
            }
            guardian.delete_enrollment("dev_1").await.unwrap();
            let error = guardian.delete_enrollment("dev_1").await.unwrap_err();
            assert_eq!(error.code(), Some("enrollment_not_found"));
            assert_eq!(users.enrollments("auth0|1").await.unwrap().len(), 0);
        });
    }

    #[test]
    fn a_ticket_is_for_a_user_who_exists() {
        let seed = Seed::new().user(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#).unwrap();
        let tenant = builder().seed(seed).build();
        let guardian = tenant.management().guardian();
        tenant.clock().block_on(async {
            let create = |id: &str| guardian.create_enrollment_ticket(NewEnrollmentTicket::new(id));
            let ticket = create("auth0|1").await.unwrap();
            let id = ticket.ticket_id.unwrap();
            let url = format!("https://{}/mfa/enrollment?ticket={}", tenant.domain(), id.expose());
            assert_eq!(ticket.ticket_url.unwrap().expose(), url);
            let error = create("auth0|2").await.unwrap_err();
            assert!(error.is_not_found());
            assert_eq!((error.code(), error.message()), (None, "User not found."));
        });
    }
}
