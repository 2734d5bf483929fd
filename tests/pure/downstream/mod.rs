//! A small service as a user of the SDK would write it, tested with the mock alone.

mod offboarding;
mod suite;

use offboarding::{Offboarding, Outcome};
use users_core::management::{DeleteUser, GetAllUsers, UpdateUser};
use users_core::model::{MetadataUpdate, Page, User, UserUpdate};
use users_mock::MockTransport;

fn user(id: &str) -> User {
    serde_json::from_value(serde_json::json!({"user_id": id, "email": "ada@example.com"})).unwrap()
}

fn service() -> (MockTransport, Offboarding) {
    let mock = MockTransport::new();
    let service = Offboarding::new(mock.management());
    (mock, service)
}

#[test]
fn a_leaving_user_is_blocked_first_and_deleted_after_the_grace_period() {
    let (mock, service) = service();
    mock.expect(GetAllUsers::DESCRIPTOR)
        .with_query("q", r#"email:"ada@example.com""#)
        .model(Page::new(vec![user("auth0|1")]));
    mock.expect(UpdateUser::DESCRIPTOR)
        .with_path("id", "auth0|1")
        .with_body(UserUpdate::new().blocked(true).app_metadata(MetadataUpdate::new().set("left", true)))
        .model(user("auth0|1"));
    mock.expect(DeleteUser::DESCRIPTOR).with_path("id", "auth0|1").status(204);

    let outcome = mock.clock().block_on(service.leave("ada@example.com", &mock.clock())).unwrap();

    assert_eq!(outcome, Outcome::Deleted(1));
    assert_eq!(mock.clock().elapsed(), Offboarding::GRACE);
    mock.verify();
}

#[test]
fn an_unknown_user_is_not_an_error() {
    let (mock, service) = service();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]");
    assert_eq!(
        mock.clock().block_on(service.leave("nobody@example.com", &mock.clock())).unwrap(),
        Outcome::Unknown
    );
    mock.verify();
}

#[test]
fn a_rate_limited_tenant_only_delays_the_outcome() {
    let (mock, service) = service();
    mock.expect(GetAllUsers::DESCRIPTOR).status(429).header("retry-after", "60").times(10);
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]");
    mock.clock().block_on(service.leave("ada@example.com", &mock.clock())).unwrap();
    mock.verify();
}

#[test]
fn a_user_who_cannot_be_blocked_is_not_deleted() {
    let (mock, service) = service();
    mock.expect(GetAllUsers::DESCRIPTOR).model(Page::new(vec![user("auth0|1")]));
    mock.expect(UpdateUser::DESCRIPTOR).error(
        403,
        "insufficient_scope",
        "Insufficient scope, expected any of: update:users",
    );
    let error = mock.clock().block_on(service.leave("ada@example.com", &mock.clock())).unwrap_err();
    assert!(error.is_forbidden());
    mock.verify();
}
