//! The mock, its expectations and its clock.

use http::Method;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use users_core::management::{CreateUser, GetUser};
use users_core::model::NewUser;
use users_core::{Clock as _, ErrorKind};
use users_mock::{MockTransport, VirtualClock};

fn verify(mock: &MockTransport) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| mock.verify()))
        .map_err(|panic| panic.downcast_ref::<String>().unwrap().clone())
}

#[test]
fn an_unmatched_request_is_an_error_that_says_why_no_expectation_matched() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).path("id", "auth0|2").json("{}");
    mock.expect(CreateUser::DESCRIPTOR).with_body(NewUser::new("db").email("a@example.com")).json("{}");
    let users = mock.management().users();
    let error = mock.clock().block_on(users.get("auth0|1").send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
    let said = error.to_string();
    assert!(said.contains("the mock does not expect GET /api/v2/users/auth0%7C1"), "{said}");
    assert!(
        said.contains(r#"users.get (GET /users/{id}): path parameter id is "auth0|1", not "auth0|2""#),
        "{said}"
    );

    let new = NewUser::new("other").password("hunter2");
    let said = mock.clock().block_on(users.create(new).send()).unwrap_err().to_string();
    assert!(said.contains("missing: email; unexpected: password; different: connection"), "{said}");
    assert!(!said.contains("hunter2"));

    let report = verify(&mock).unwrap_err();
    assert!(report.contains("expected users.get (GET /users/{id}) once, received 0 times"), "{report}");
    assert!(report.contains("not expected: GET /api/v2/users/auth0%7C1"), "{report}");
}

#[test]
fn verify_fails_at_its_caller_s_line() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json("{}");
    let place = std::sync::Arc::new(std::sync::Mutex::new(None));
    let seen = std::sync::Arc::clone(&place);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        *seen.lock().unwrap() = info.location().map(|location| (location.file().to_owned(), location.line()));
    }));
    let line = line!() + 1;
    let _ = catch_unwind(AssertUnwindSafe(|| mock.verify()));
    std::panic::set_hook(before);
    assert_eq!(place.lock().unwrap().clone(), Some((file!().to_owned(), line)));
}

#[test]
fn once_times_and_always_limit_how_often_an_expectation_matches() {
    let mock = MockTransport::new();
    mock.expect((Method::GET, "/users/{id}")).json(r#"{"nickname":"first"}"#).once();
    mock.expect((Method::GET, "/users/{id}")).json(r#"{"nickname":"then"}"#).times(2);
    let users = mock.management().users();
    mock.clock().block_on(async {
        for expected in ["first", "then", "then"] {
            assert_eq!(users.get("auth0|1").await.unwrap().nickname.as_deref(), Some(expected));
        }
        let error = users.get("auth0|1").await.unwrap_err();
        assert!(error.to_string().contains("it was already received as often as expected"), "{error}");
    });
    assert!(verify(&mock).is_err());

    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json("{}").always();
    mock.verify();
}

#[test]
fn a_path_of_another_shape_does_not_match() {
    for (template, matches) in [
        ("/users/{id}", true),
        ("/api/v2/users/{id}", true),
        ("/users", false),
        ("/users/{id}/roles", false),
        ("/clients/{id}", false),
    ] {
        let mock = MockTransport::new();
        mock.expect((Method::GET, template)).json("{}");
        let users = mock.management().users();
        assert_eq!(mock.clock().block_on(users.get("a/b").send()).is_ok(), matches, "{template}");
    }
}

#[test]
fn a_virtual_hour_takes_no_real_time_and_is_deterministic() {
    let run = || {
        let clock = VirtualClock::with_seed(7);
        let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let workers = (0..100).map(|number| {
            let (clock, order) = (clock.clone(), std::sync::Arc::clone(&order));
            clock.clone().spawn(async move {
                for _ in 0..36 {
                    clock.sleep(Duration::from_secs(clock.random() % 200)).await;
                }
                order.lock().unwrap().push((number, clock.elapsed()));
            })
        });
        let workers: Vec<_> = workers.collect();
        clock.block_on(futures_util::future::join_all(workers));
        assert!(clock.elapsed() > Duration::from_secs(3000));
        std::sync::Arc::try_unwrap(order).unwrap().into_inner().unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_wait_that_can_never_end_panics_with_deadlock() {
    let clock = VirtualClock::new();
    let panic = catch_unwind(AssertUnwindSafe(|| clock.block_on(std::future::pending::<()>()))).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("deadlock"));
}

#[test]
fn sleepers_wake_in_order_and_dropped_ones_do_not_advance_the_clock() {
    let clock = VirtualClock::new();
    clock.block_on(async {
        drop(clock.sleep(Duration::from_secs(1)));
        clock.sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(5));
        let short = clock.sleep(Duration::from_secs(1));
        let long = clock.sleep(Duration::from_secs(9));
        futures_util::future::select(short, long).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(6));
    });
}

#[test]
fn sleeps_also_end_under_another_executor() {
    let clock = VirtualClock::new();
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).status(503);
    mock.expect(GetUser::DESCRIPTOR).json("{}");
    futures_util::FutureExt::now_or_never(async {}).unwrap();
    // The executor of `futures` does not drive the clock.
    futures_executor::block_on(async {
        clock.sleep(Duration::from_secs(3600)).await;
        mock.management().users().get("auth0|1").await.unwrap();
    });
    assert_eq!(clock.elapsed(), Duration::from_secs(3600));
}
