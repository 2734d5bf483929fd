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
    mock.expect(GetUser::DESCRIPTOR).with_path("id", "auth0|2").json("{}");
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
    for difference in [
        r#"email: expected "a@example.com", but absent"#,
        "password: [redacted] was not expected",
        r#"connection: "other", expected "db""#,
    ] {
        assert!(said.contains(difference), "{said}");
    }
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

/// The message of the panic of a function; `None` if it does not panic.
fn panic_of(function: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(function)).err()?;
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
}

#[test]
fn an_expectation_that_nobody_verified_fails_the_test_when_the_last_handle_is_dropped() {
    let mock = MockTransport::new();
    let (line, users) = (line!() - 1, mock.management().users());
    mock.expect(GetUser::DESCRIPTOR).json("{}");
    assert_eq!(panic_of(|| drop(mock)), None);
    let report = panic_of(|| drop(users)).unwrap();
    assert!(report.contains(&format!("{}:{line}", file!())), "{report}");
    assert!(report.contains("expected users.get (GET /users/{id}) once, received 0 times"), "{report}");

    let unexpected = MockTransport::new();
    let users = unexpected.management().users();
    unexpected.clock().block_on(users.get("auth0|1").send()).unwrap_err();
    drop(users);
    let report = panic_of(|| drop(unexpected)).unwrap();
    assert!(report.contains("not expected: GET /api/v2/users/auth0%7C1"), "{report}");

    let ignored = MockTransport::new();
    ignored.expect(GetUser::DESCRIPTOR);
    ignored.ignore_unmet();
    assert_eq!(panic_of(|| drop(ignored)), None);
    // A test that fails for another reason is not failed twice.
    let report = panic_of(|| {
        let mock = MockTransport::new();
        mock.expect(GetUser::DESCRIPTOR);
        panic!("{}", "another reason");
    });
    assert_eq!(report.as_deref(), Some("another reason"));
}

#[test]
fn a_misspelt_parameter_is_answered_with_the_right_ones() {
    let mock = MockTransport::new();
    let report = panic_of(|| drop(mock.expect(GetUser::DESCRIPTOR).with_path("user_id", "auth0|1"))).unwrap();
    assert!(report.contains("has no path parameter \"user_id\"; it has id"), "{report}");
    mock.ignore_unmet();

    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).with_query("field", "email");
    let users = mock.management().users();
    let error = mock.clock().block_on(users.get("auth0|1").fields(["email"]).send()).unwrap_err();
    assert!(
        error.to_string().contains("has no query parameter \"field\"; it has fields, include_fields"),
        "{error}"
    );
    mock.ignore_unmet();
}

#[test]
fn an_expectation_may_have_to_come_after_another() {
    let mock = MockTransport::new();
    let read = mock.expect(GetUser::DESCRIPTOR).json("{}");
    let create = mock.expect(CreateUser::DESCRIPTOR).json("{}").after(&read);
    let users = mock.management().users();
    mock.clock().block_on(async {
        let error = users.create(NewUser::new("db")).await.unwrap_err();
        assert!(error.to_string().contains("it is expected after users.get"), "{error}");
        users.get("auth0|1").await.unwrap();
        users.create(NewUser::new("db")).await.unwrap();
    });
    assert!(panic_of(|| drop(read.after(&create))).unwrap().contains("after the other"));
    mock.ignore_unmet();
}

#[test]
fn at_least_and_at_most_bound_the_number_of_requests() {
    for (requests, at_least, at_most) in
        [(0, false, true), (1, false, true), (2, true, true), (3, true, false)]
    {
        let mock = MockTransport::new();
        mock.expect(GetUser::DESCRIPTOR).json("{}").at_least(2);
        let limited = MockTransport::new();
        limited.expect(GetUser::DESCRIPTOR).json("{}").at_most(2);
        for mock in [&mock, &limited] {
            for _ in 0..requests {
                let _ = mock.clock().block_on(mock.management().users().get("auth0|1").send());
            }
        }
        assert_eq!((verify(&mock).is_ok(), verify(&limited).is_ok()), (at_least, at_most), "{requests}");
    }
}

#[test]
fn a_request_that_is_never_answered_ends_by_its_timeout() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).never();
    let users = mock.management().users();
    let call = users.get("auth0|1").attempt_timeout(Duration::from_secs(5)).retry(users_core::Retry::never());
    let error = mock.clock().block_on(call.send()).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(mock.clock().elapsed(), Duration::from_secs(5));
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
        mock.ignore_unmet();
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
