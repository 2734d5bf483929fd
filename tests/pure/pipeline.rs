//! The request pipeline on a virtual clock: waits, retries, deadlines.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::management::{CreateUser, DeleteUser, GetAllUsers, GetUser};
use users_core::model::NewUser;
use users_core::{
    Body, ConnectTimeout, ErrorKind, ManagementClient, Retry, Sent, TransportError, TransportErrorKind,
    management::UsersManager, transport_fn,
};
use users_mock::{MockTransport, VirtualClock};

const USER: &str = r#"{"user_id":"auth0|1"}"#;

fn mock() -> (MockTransport, UsersManager, VirtualClock) {
    let mock = MockTransport::new();
    let users = mock.management().users();
    let clock = mock.clock();
    (mock, users, clock)
}

#[test]
fn a_read_is_repeated_after_transient_errors_and_a_creation_is_not() {
    for failure in ["500", "502", "503", "504", "408", "timeout", "io"] {
        for (safe, attempts) in [(true, 3), (false, 1)] {
            let (mock, users, clock) = mock();
            let what = if safe { GetUser::DESCRIPTOR } else { CreateUser::DESCRIPTOR };
            let expected = mock.expect(what).times(attempts);
            match failure {
                "timeout" => expected.transport_error(TransportErrorKind::Timeout, Sent::Maybe),
                "io" => expected.transport_error(TransportErrorKind::Io, Sent::Maybe),
                status => expected.status(status.parse().unwrap()),
            };
            let error = clock
                .block_on(async {
                    if safe { users.get("auth0|1").await } else { users.create(NewUser::new("db")).await }
                })
                .unwrap_err();
            mock.verify();
            assert_eq!(error.attempts(), attempts, "{failure}");
            assert!(error.is_retryable(), "{failure}");
            assert_eq!(error.may_have_been_applied(), !safe, "{failure}: {error}");
        }
    }
}

#[test]
fn a_request_that_was_not_sent_is_repeated_for_every_method() {
    let (mock, users, clock) = mock();
    mock.expect(CreateUser::DESCRIPTOR).transport_error(TransportErrorKind::Connect, Sent::No).times(2);
    mock.expect(CreateUser::DESCRIPTOR).status(201).json(USER);
    clock.block_on(users.create(NewUser::new("db")).send()).unwrap();
    mock.verify();
}

#[test]
fn a_creation_is_repeated_if_the_caller_marks_it_idempotent() {
    let (mock, users, clock) = mock();
    mock.expect(CreateUser::DESCRIPTOR).status(503);
    mock.expect(CreateUser::DESCRIPTOR).status(201).json(USER);
    clock.block_on(users.create(NewUser::new("db")).idempotent(true).send()).unwrap();
    mock.verify();
}

#[test]
fn an_error_after_an_attempt_that_may_have_been_applied_still_reports_it() {
    let (mock, users, clock) = mock();
    mock.expect(CreateUser::DESCRIPTOR).status(503);
    mock.expect(CreateUser::DESCRIPTOR).error(409, "auth0_idp_error", "The user already exists.");
    let error = clock.block_on(users.create(NewUser::new("db")).idempotent(true).send()).unwrap_err();
    assert!(error.is_conflict() && error.may_have_been_applied(), "{error}");
    assert_eq!(
        error.to_string(),
        "POST /users: 409 auth0_idp_error: The user already exists. (2 attempts) (the change may have been made)"
    );
}

#[test]
fn other_outcomes_are_not_repeated() {
    for status in [301, 400, 401, 403, 404, 409, 413, 501] {
        let (mock, users, clock) = mock();
        mock.expect(GetUser::DESCRIPTOR).status(status);
        let error = clock.block_on(users.get("auth0|1").send()).unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (status, 1));
        mock.verify();
    }
    for kind in [TransportErrorKind::Tls, TransportErrorKind::Invalid] {
        let (mock, users, clock) = mock();
        mock.expect(GetUser::DESCRIPTOR).transport_error(kind, Sent::No);
        assert_eq!(clock.block_on(users.get("auth0|1").send()).unwrap_err().attempts(), 1);
        mock.verify();
    }
}

#[test]
fn every_method_waits_out_a_429_as_long_as_the_server_requests() {
    let (mock, users, clock) = mock();
    mock.expect(CreateUser::DESCRIPTOR).status(429).header("retry-after", "30").times(5);
    mock.expect(CreateUser::DESCRIPTOR).status(201).json(USER);
    clock.block_on(users.create(NewUser::new("db")).send()).unwrap();
    assert!(
        (Duration::from_secs(150)..Duration::from_secs(160)).contains(&clock.elapsed()),
        "{:?}",
        clock.elapsed()
    );
    mock.verify();
}

#[test]
fn a_wait_that_does_not_fit_the_deadline_is_not_started() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR)
        .status(429)
        .header("retry-after", "30")
        .header("x-ratelimit-limit", "50")
        .header("x-ratelimit-remaining", "0")
        .json(r#"{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached","errorCode":"too_many_requests"}"#);
    let error = clock.block_on(users.get("auth0|1").timeout(Duration::from_secs(10)).send()).unwrap_err();
    assert_eq!(clock.elapsed(), Duration::ZERO);
    assert!(error.is_rate_limited() && error.is_retryable() && !error.may_have_been_applied());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(error.rate_limit().unwrap().limit, Some(50));
    assert_eq!(
        error.to_string(),
        "GET /users/{id}: 429 too_many_requests: Global limit has been reached (retry after 30 s)"
    );
    mock.verify();
}

#[test]
fn a_call_fails_after_a_hundred_rate_limited_retries() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR).status(429).always();
    let error = clock.block_on(users.get("auth0|1").send()).unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(mock.requests().len(), 101);
}

#[test]
fn a_search_that_timed_out_is_repeated_once() {
    let (mock, users, clock) = mock();
    mock.expect(GetAllUsers::DESCRIPTOR)
        .error(503, "x", "The query exceeded the timeout. Please try refining your search criteria.")
        .times(2);
    assert!(clock.block_on(users.get_all().q("name:*a*").send()).is_err());
    mock.verify();
}

#[test]
fn a_server_that_hangs_takes_no_longer_than_the_attempt_timeout() {
    let (mock, users, clock) = mock();
    mock.expect(CreateUser::DESCRIPTOR).delay(Duration::from_secs(3600));
    let error = clock.block_on(users.create(NewUser::new("db")).send()).unwrap_err();
    assert_eq!((error.kind(), clock.elapsed()), (ErrorKind::Timeout, Duration::from_secs(30)));
    assert!(error.may_have_been_applied());
    assert_eq!(error.to_string(), "POST /users: no response within 30 s (the change may have been made)");
}

#[test]
fn no_attempt_outlives_the_timeout_of_its_call() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR).delay(Duration::from_secs(3600)).always();
    let error = clock
        .block_on(
            users
                .get("auth0|1")
                .timeout(Duration::from_secs(45))
                .attempt_timeout(Duration::from_secs(20))
                .send(),
        )
        .unwrap_err();
    assert!(error.is_timeout());
    assert!(clock.elapsed() <= Duration::from_secs(45), "{:?}", clock.elapsed());
}

#[test]
fn the_connect_timeout_of_a_call_reaches_the_transport_and_overrides_the_client_s() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let transport = Arc::new(transport_fn(move |request: http::Request<bytes::Bytes>, _| {
        record.lock().unwrap().push(request.extensions().get::<ConnectTimeout>().map(|connect| connect.0));
        async { Ok(http::Response::new(Body::from(USER))) }
    }));
    let clock = VirtualClock::new();
    let builder = || {
        ManagementClient::builder(Arc::clone(&transport))
            .domain("tenant.example.com")
            .clock(clock.clone())
            .token("token")
    };
    let (plain, hasty) =
        (builder().build().unwrap(), builder().connect_timeout(Duration::from_secs(2)).build().unwrap());
    clock.block_on(async {
        plain.users().get("auth0|1").await.unwrap();
        hasty.users().get("auth0|1").await.unwrap();
        hasty.users().get("auth0|1").connect_timeout(Duration::from_secs(1)).await.unwrap();
    });
    assert_eq!(*seen.lock().unwrap(), [None, Some(Duration::from_secs(2)), Some(Duration::from_secs(1))]);
}

#[test]
fn a_call_without_time_left_sends_nothing() {
    let (mock, users, clock) = mock();
    let error = clock.block_on(users.create(NewUser::new("db")).timeout(Duration::ZERO).send()).unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied() && error.attempts() == 0, "{error:?}");
    assert_eq!(error.to_string(), "POST /users: the call's time ran out before the request was sent");
    assert!(mock.requests().is_empty());
}

#[test]
fn reading_an_endless_body_stops_at_the_size_limit_and_a_stalled_one_at_the_timeout() {
    let clock = VirtualClock::new();
    let endless = transport_fn(|_, _| async {
        let chunks = futures_util::stream::repeat_with(|| Ok(bytes::Bytes::from_static(&[b' '; 1024])));
        Ok(http::Response::new(Body::from_stream(chunks)))
    });
    let client = ManagementClient::builder(endless)
        .domain("a.example.com")
        .token("t")
        .clock(clock.clone())
        .build()
        .unwrap();
    let error = clock.block_on(client.users().get("auth0|1").response_limit(10_000).send()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
    assert!(error.to_string().contains("larger than 10000 bytes"), "{error}");
    assert_eq!(error.attempts(), 1);

    let stalled = transport_fn(|_, _| async {
        Ok(http::Response::new(Body::from_stream(futures_util::stream::pending())))
    });
    let client = ManagementClient::builder(stalled)
        .domain("a.example.com")
        .token("t")
        .clock(clock.clone())
        .build()
        .unwrap();
    let error = clock.block_on(client.users().delete("auth0|1").idempotent(false).send()).unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_applied(), "{error}");
}

#[test]
fn a_request_whose_response_body_is_interrupted_is_repeated() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    let clock = VirtualClock::new();
    let breaking = transport_fn(|_, _| async {
        if ATTEMPTS.fetch_add(1, Ordering::Relaxed) == 0 {
            let broken = TransportError::new(TransportErrorKind::Io, Sent::Yes, "cut short");
            let chunks = vec![Ok(bytes::Bytes::from_static(b"{\"user")), Err(broken)];
            return Ok(http::Response::new(Body::from_stream(futures_util::stream::iter(chunks))));
        }
        Ok(http::Response::new(Body::from(USER)))
    });
    let client = ManagementClient::builder(breaking)
        .domain("a.example.com")
        .token("t")
        .clock(clock.clone())
        .build()
        .unwrap();
    clock.block_on(client.users().get("auth0|1").send()).unwrap();
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 2);
}

#[test]
fn retries_can_be_turned_off() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).status(429);
    let client = ManagementClient::builder(mock.clone())
        .domain("a.example.com")
        .token("t")
        .clock(mock.clock())
        .retry(Retry::never())
        .build()
        .unwrap();
    assert!(mock.clock().block_on(client.users().get("auth0|1").send()).unwrap_err().is_rate_limited());
    mock.verify();
}

#[test]
fn a_custom_retry_policy_decides_how_often_and_how_soon_but_not_what_is_safe() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).status(502).times(4);
    mock.expect(GetUser::DESCRIPTOR).status(503).header("retry-after", "60");
    mock.expect(GetUser::DESCRIPTOR).json("{}");
    mock.expect(CreateUser::DESCRIPTOR).status(502);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let policy = Retry::by(move |failed| {
        record.lock().unwrap().push((failed.errors, failed.status.map(|status| status.as_u16())));
        Some(Duration::from_secs(1))
    });
    let builder = ManagementClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
    let users = builder.token("token").retry(policy).build().unwrap().users();
    mock.clock().block_on(async {
        users.get("auth0|1").await.unwrap();
        assert_eq!(
            mock.clock().elapsed(),
            Duration::from_secs(64),
            "four seconds, and the delay that the server requested"
        );
        users.create(NewUser::new("db")).await.unwrap_err();
    });
    let expected: Vec<_> =
        (1..=5).map(|errors| (errors, Some(if errors == 5 { 503 } else { 502 }))).collect();
    assert_eq!(*seen.lock().unwrap(), expected, "the policy is not called for a creation");
    mock.verify();
}

#[test]
fn the_retry_budget_stops_a_storm() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR).status(500).always();
    clock.block_on(futures_util::future::join_all((0..100).map(|_| users.get("auth0|1").send())));
    let sent = mock.requests().len();
    assert!((110..=130).contains(&sent), "{sent} requests for 100 calls");
}

#[test]
fn optional_returns_none_for_a_404_and_with_meta_returns_status_and_headers() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR).error(404, "inexistent_user", "The user does not exist.").times(3);
    mock.expect(GetUser::DESCRIPTOR)
        .header("x-ratelimit-remaining", "49")
        .header("x-ratelimit-reset", "1767225601")
        .json(USER);
    clock.block_on(async {
        assert!(users.get("auth0|1").await.unwrap_err().is_not_found());
        assert!(users.get("auth0|1").optional().await.unwrap().is_none());
        let meta = users.get("auth0|1").optional().with_meta().await.unwrap();
        assert!(meta.value.is_none() && meta.status == 404);
        let meta = users.get("auth0|1").with_meta().await.unwrap();
        assert_eq!(meta.rate_limit().unwrap().remaining, Some(49));
        assert!(meta.value.user_id.is_some());
    });
    mock.verify();
}

#[test]
fn a_call_that_is_dropped_leaves_the_client_working() {
    let (mock, users, clock) = mock();
    mock.expect(GetUser::DESCRIPTOR).delay(Duration::from_secs(5)).json(USER).always();
    clock.block_on(async {
        for time in 0..8 {
            use users_core::Clock as _;
            let call = users.get("auth0|1").send();
            let stop = clock.sleep(Duration::from_secs(time));
            futures_util::future::select(Box::pin(call), stop).await;
        }
        users.get("auth0|1").await.unwrap();
    });
}

#[test]
fn every_future_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    let (_, users, _) = mock();
    is_shared(&users);
    is_send(&users.get("auth0|1").send());
    is_send(&users.get("auth0|1").into_future());
    is_send(&users.get_all().items());
    is_send(&users.delete_all(users_core::management::Confirm::tenant("x")));
    use std::future::IntoFuture as _;
}

#[test]
fn plain_http_is_sent_only_to_loopback_unless_allowed() {
    let build = |url: &str, allow: bool| {
        let builder = ManagementClient::builder(MockTransport::new()).base_url(url).token("t");
        if allow { builder.allow_plain_http().build() } else { builder.build() }
    };
    assert!(build("http://127.0.0.1:4000/api/v2", false).is_ok());
    assert!(build("http://[::1]/api/v2", false).is_ok());
    assert!(build("http://tenant.example.com/api/v2", true).is_ok());
    for url in ["http://tenant.example.com/api/v2", "http://127.0.0.1.example.com/api/v2", "http://10.0.0.1"]
    {
        let error = build(url, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("in the clear"), "{error}");
    }
}

#[test]
fn deleting_twice_succeeds_as_auth0_documents() {
    let (mock, users, clock) = mock();
    mock.expect(DeleteUser::DESCRIPTOR).status(204).times(2);
    clock.block_on(async {
        users.delete("auth0|1").await.unwrap();
        users.delete("auth0|1").await.unwrap();
    });
    mock.verify();
}
