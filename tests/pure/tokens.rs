//! Sources of access tokens, and how often tokens are requested.

use futures_util::future::join_all;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use users_core::authentication::RequestToken;
use users_core::management::GetUser;
use users_core::{AccessToken, Clock as _, ErrorKind, ManagementClient, Unpaced, token_fn};
use users_mock::{Bucket, Captured, Fault, FaultyTransport, Limits, MockTransport, Tenant};
use users_tests_pure::client_with_credentials;

const USER: &str = r#"{"user_id":"auth0|1"}"#;
const TOKEN: (Method, &str) = (Method::POST, "/oauth/token");

fn token(number: u32, lifetime: u32) -> String {
    format!(r#"{{"access_token":"token-{number}","expires_in":{lifetime},"token_type":"Bearer"}}"#)
}

fn bearer(request: &Captured) -> String {
    request.headers()["authorization"].to_str().unwrap().to_owned()
}

fn token_requests(mock: &MockTransport) -> usize {
    mock.requests().iter().filter(|request| request.path() == "/oauth/token").count()
}

#[test]
fn a_hundred_concurrent_first_calls_fetch_one_token() {
    let mock = MockTransport::new();
    mock.expect(TOKEN)
        .with_body(serde_json::json!({
            "grant_type": "client_credentials", "client_id": "my-client", "client_secret": "my-secret",
            "audience": "https://tenant.example.com/api/v2/",
        }))
        .delay(Duration::from_secs(1))
        .json(token(1, 86400));
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer token-1").json(USER).times(100);
    let client = client_with_credentials(&mock);
    assert!(mock.requests().is_empty(), "a token is fetched when it is needed, not before");
    let results =
        mock.clock().block_on(join_all((0..100).map(|_| client.clone().users().get("auth0|1").send())));
    assert!(results.iter().all(Result::is_ok));
    mock.verify();
}

#[test]
fn a_token_is_renewed_before_it_expires() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(token(1, 3600));
    mock.expect(TOKEN).json(token(2, 3600));
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(Duration::from_secs(3600 - 125)).await;
        users.get("auth0|1").await.unwrap();
        assert_eq!(token_requests(&mock), 1, "two minutes before it expires, the token is kept");
        clock.sleep(Duration::from_secs(66)).await;
        users.get("auth0|1").await.unwrap();
        assert_eq!(token_requests(&mock), 2, "a minute before it expires, the token is renewed");
    });
    assert_eq!(bearer(mock.requests().last().unwrap()), "Bearer token-2");
}

#[test]
fn an_early_renewal_that_fails_keeps_the_valid_token() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(token(1, 3600));
    mock.expect(TOKEN).status(500).always();
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer token-1").json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(Duration::from_secs(3600 - 59)).await;
        // One call every second until the token expires: all succeed, and the endpoint gets few requests.
        for _ in 0..20 {
            users.get("auth0|1").await.unwrap();
            clock.sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(token_requests(&mock) < 20, "{}", token_requests(&mock));
}

#[test]
fn a_thousand_calls_with_an_expired_token_renew_it_once() {
    let latency = Duration::from_millis(20)..=Duration::from_millis(80);
    for is_known_to_expire in [true, false] {
        let tenant = Tenant::builder().users(1).token_lifetime(Duration::from_secs(3600)).build();
        let faulty = FaultyTransport::new(tenant.clone(), tenant.clock()).latency(latency.clone());
        let (client_id, client_secret) = tenant.client();
        let builder = ManagementClient::builder(faulty).domain(tenant.domain()).clock(tenant.clock());
        let client =
            builder.client_credentials(client_id, client_secret).pacer(Unpaced::new()).build().unwrap();
        let (clock, id) = (tenant.clock(), tenant.user_ids().remove(0));
        clock.block_on(async {
            client.users().get(&id).await.unwrap();
            if is_known_to_expire {
                clock.sleep(Duration::from_secs(3600)).await;
            } else {
                tenant.forget_tokens();
            }
            let calls = (0..1000).map(|_| client.clone().users().get(&id).into_future());
            assert!(join_all(calls).await.iter().all(Result::is_ok));
        });
        assert_eq!(tenant.tokens_fetched(), 2, "the first token, and one renewal");
        let refused =
            tenant.requests().iter().filter(|request| request.status == StatusCode::UNAUTHORIZED).count();
        assert_eq!(refused, if is_known_to_expire { 0 } else { 1000 });
    }
}

#[test]
fn while_renewals_fail_calls_succeed_until_the_token_expires_and_recover_afterwards() {
    for fault in [Fault::ConnectRefused, Fault::Hang, Fault::Status(StatusCode::INTERNAL_SERVER_ERROR)] {
        let tenant = Tenant::builder().users(1).token_lifetime(Duration::from_secs(3600)).build();
        let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
        let (client_id, client_secret) = tenant.client();
        let builder = ManagementClient::builder(faulty.clone()).domain(tenant.domain()).clock(tenant.clock());
        let users = builder.client_credentials(client_id, client_secret).build().unwrap().users();
        let (clock, id) = (tenant.clock(), tenant.user_ids().remove(0));
        clock.block_on(async {
            users.get(&id).await.unwrap();
            faulty.inject(fault).on(RequestToken::DESCRIPTOR).always();
            while clock.elapsed() < Duration::from_secs(3598) {
                let before = clock.elapsed();
                users.get(&id).await.unwrap();
                let taken = clock.elapsed() - before;
                assert!(
                    taken < Duration::from_secs(1),
                    "{fault:?}: the call took {taken:?} although the token is still valid"
                );
                clock.sleep(Duration::from_millis(700)).await;
            }
            clock.sleep(Duration::from_secs(2)).await;
            assert_eq!(users.get(&id).await.unwrap_err().kind(), ErrorKind::Token, "{fault:?}");
            faulty.remove_all();
            users.get(&id).await.unwrap();
        });
    }
}

#[test]
fn a_transient_failure_does_not_become_permanent() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).status(503).times(3);
    mock.expect(TOKEN).json(token(1, 3600));
    mock.expect(GetUser::DESCRIPTOR).json(USER);
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        let error = users.get("auth0|1").await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Token, 0));
        assert!(error.is_retryable());
        users.get("auth0|1").await.unwrap();
    });
    mock.verify();
}

#[test]
fn wrong_credentials_are_reported_as_wrong() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).status(401).json(r#"{"error":"access_denied","error_description":"Unauthorized"}"#);
    let error =
        mock.clock().block_on(client_with_credentials(&mock).users().get("auth0|1").send()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /users/{id}: no access token: POST /oauth/token: 401 access_denied: Unauthorized"
    );
    assert!(!error.is_retryable() && error.attempts() == 0);
    mock.verify();
}

#[test]
fn a_token_endpoint_that_hangs_is_given_ten_seconds() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).delay(Duration::from_secs(3600)).always();
    let error =
        mock.clock().block_on(client_with_credentials(&mock).users().get("auth0|1").send()).unwrap_err();
    assert_eq!((error.kind(), mock.clock().elapsed()), (ErrorKind::Token, Duration::from_secs(10)));
    assert!(error.is_retryable());
}

#[test]
fn a_401_renews_the_token_once_and_repeats_once() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(token(1, 86400));
    mock.expect(GetUser::DESCRIPTOR)
        .with_header("authorization", "Bearer token-1")
        .error(401, "x", "Invalid token")
        .delay(Duration::from_secs(1))
        .times(3);
    mock.expect(TOKEN).json(token(2, 86400));
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer token-2").json(USER).times(3);
    let users = client_with_credentials(&mock).users();
    let results = mock.clock().block_on(join_all((0..3).map(|_| users.get("auth0|1").send())));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    mock.verify();

    let mock = MockTransport::new();
    mock.expect(TOKEN).json(token(1, 86400));
    mock.expect(TOKEN).json(token(2, 86400));
    mock.expect(GetUser::DESCRIPTOR).error(401, "x", "Invalid token").times(2);
    let error =
        mock.clock().block_on(client_with_credentials(&mock).users().get("auth0|1").send()).unwrap_err();
    assert!(error.is_unauthorized() && error.attempts() == 2, "{error:?}");
    mock.verify();
}

#[test]
fn a_401_on_a_fixed_token_is_not_repeated() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).error(401, "x", "Invalid token");
    let error = mock.clock().block_on(mock.management().users().get("auth0|1").send()).unwrap_err();
    assert!(error.is_unauthorized() && error.attempts() == 1);
    mock.verify();
}

#[test]
fn a_token_fetch_survives_callers_that_give_up() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).delay(Duration::from_secs(2)).json(token(1, 86400)).always();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        // The first call starts the fetch and is dropped; the second one, which also waits for the fetch, gets the token.
        let first = users.get("auth0|1").timeout(Duration::from_secs(1)).send();
        let second = users.get("auth0|1").send();
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(first.unwrap_err().is_timeout());
        second.unwrap();
        assert_eq!(token_requests(&mock), 1);
    });

    // All waiting calls are dropped: the next call starts a new fetch.
    let mock = MockTransport::new();
    mock.expect(TOKEN).delay(Duration::from_secs(2)).json(token(1, 86400)).always();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        assert!(users.get("auth0|1").timeout(Duration::from_secs(1)).await.unwrap_err().is_timeout());
        clock.sleep(Duration::from_secs(100)).await;
        users.get("auth0|1").await.unwrap();
    });
    assert_eq!(token_requests(&mock), 2);
}

#[test]
fn tokens_of_a_closure_are_kept_for_their_stated_lifetime() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let calls = Arc::new(AtomicU32::new(0));
    for (lifetime, fetched) in [(Some(Duration::from_secs(600)), 1), (None, 10)] {
        calls.store(0, Ordering::Relaxed);
        let count = Arc::clone(&calls);
        let source = token_fn(mock.clock(), move || {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let token = AccessToken::new(format!("t{number}"));
            async move {
                Ok(match lifetime {
                    Some(lifetime) => token.expires_in(lifetime),
                    None => token,
                })
            }
        });
        let client = ManagementClient::builder(mock.clone())
            .domain("a.example.com")
            .token_source(source)
            .clock(mock.clock())
            .build()
            .unwrap();
        mock.clock().block_on(async {
            for _ in 0..10 {
                client.users().get("auth0|1").await.unwrap();
            }
        });
        assert_eq!(calls.load(Ordering::Relaxed), fetched, "{lifetime:?}");
    }
}

#[test]
fn a_token_set_by_the_caller_replaces_the_client_s() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer mine").json(USER);
    mock.clock()
        .block_on(
            client_with_credentials(&mock)
                .users()
                .get("auth0|1")
                .header("authorization", "Bearer mine")
                .send(),
        )
        .unwrap();
    mock.verify();
}

#[test]
fn a_token_closure_that_panics_is_an_error_and_is_called_again_by_the_next_call() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json(USER);
    let calls = AtomicU32::new(0);
    let source = token_fn(mock.clock(), move || {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        assert!(number > 0, "the token store is unavailable");
        async move { Ok(AccessToken::new("opened")) }
    });
    let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").clock(mock.clock());
    let users = builder.token_source(source).build().unwrap().users();
    mock.clock().block_on(async {
        assert_eq!(users.get("auth0|1").await.unwrap_err().kind(), ErrorKind::Token);
        users.get("auth0|1").await.unwrap();
    });
}

#[test]
fn a_persistent_401_does_not_request_a_token_per_call() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(token(1, 86400)).always();
    mock.expect(GetUser::DESCRIPTOR).error(401, "x", "Invalid token").always();
    let builder = ManagementClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
    let builder = builder.client_credentials("my-client", "my-secret").pacer(Unpaced::new());
    let users = builder.build().unwrap().users();
    mock.clock().block_on(async {
        for _ in 0..1000 {
            assert!(users.get("auth0|1").await.unwrap_err().is_unauthorized());
        }
    });
    assert!(token_requests(&mock) <= 2, "{} token requests", token_requests(&mock));
}

#[test]
fn wrong_credentials_do_not_cause_a_token_request_per_call() {
    for (status, most) in [(401, 1), (503, 6)] {
        let mock = MockTransport::new();
        mock.expect(TOKEN).status(status).json(r#"{"error":"access_denied"}"#).always();
        let users = client_with_credentials(&mock).users();
        mock.clock().block_on(async {
            for _ in 0..1000 {
                let error = users.get("auth0|1").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Token);
            }
            let together = join_all((0..100).map(|_| users.get("auth0|1").into_future())).await;
            assert!(together.iter().all(Result::is_err));
        });
        assert!(token_requests(&mock) <= most, "{status}: {} token requests", token_requests(&mock));
    }
}

#[test]
fn a_call_that_queued_for_minutes_is_sent_with_a_token_that_is_still_valid() {
    let tenant = Tenant::builder()
        .users(1)
        .token_lifetime(Duration::from_secs(60))
        .limits(Limits::none().global(Bucket::per_minute(2, 1)))
        .build();
    let (users, id) = (tenant.management().users(), tenant.user_ids().remove(0));
    tenant.clock().block_on(async {
        let calls = (0..10).map(|_| users.get(&id).into_future());
        assert!(join_all(calls).await.iter().all(Result::is_ok));
    });
    let statuses: Vec<_> = tenant.requests().iter().map(|request| request.status).collect();
    assert!(!statuses.contains(&StatusCode::UNAUTHORIZED), "{statuses:?}");
}

#[test]
fn after_a_401_one_token_is_requested_from_the_source() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer t0").error(
        401,
        "x",
        "Invalid token",
    );
    mock.expect(GetUser::DESCRIPTOR).with_header("authorization", "Bearer t1").json(USER);
    let calls = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&calls);
    let source = token_fn(mock.clock(), move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(AccessToken::new(format!("t{number}"))) }
    });
    let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").clock(mock.clock());
    let users = builder.token_source(source).build().unwrap().users();
    mock.clock().block_on(users.get("auth0|1").send()).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2, "the first token, and the renewed one");
    mock.verify();
}

#[test]
fn a_failed_authorization_returns_the_permit() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR)
        .header("x-ratelimit-limit", "2")
        .header("x-ratelimit-remaining", "1")
        .json(USER)
        .always();
    let calls = AtomicU32::new(0);
    let source = token_fn(mock.clock(), move || {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        async move {
            if number == 0 {
                Ok(AccessToken::new("t"))
            } else {
                Err(users_core::Error::new(ErrorKind::Token, "no"))
            }
        }
    });
    let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").clock(mock.clock());
    let client = builder.token_source(source).build().unwrap();
    mock.clock().block_on(async {
        client.users().get("auth0|1").await.unwrap();
        let left = client.rate_limit()[0].remaining;
        for _ in 0..20 {
            assert_eq!(client.users().get("auth0|1").await.unwrap_err().kind(), ErrorKind::Token);
        }
        assert_eq!(client.rate_limit()[0].remaining, left);
    });
}

#[test]
fn no_call_waits_for_a_fetch_that_has_ended() {
    let source = Arc::new(token_fn(users_core::SystemClock::new(), || async { Ok(AccessToken::new("t")) }));
    let (rounds, arrived) = (20_000, Arc::new(AtomicU32::new(0)));
    let threads = [(); 2].map(|()| {
        let (source, arrived) = (Arc::clone(&source), Arc::clone(&arrived));
        std::thread::spawn(move || {
            for round in 0..rounds {
                arrived.fetch_add(1, Ordering::SeqCst);
                while arrived.load(Ordering::SeqCst) < 2 * (round + 1) {
                    std::thread::yield_now();
                }
                futures_executor::block_on(users_core::TokenSource::token(&source)).unwrap();
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn intermittent_401s_do_not_request_a_token_per_call() {
    for statuses in [[200, 401].as_slice(), &[429, 401, 401]] {
        let mock = MockTransport::new();
        mock.expect(TOKEN).json(token(1, 86400)).always();
        let (calls, statuses) = (AtomicU32::new(0), statuses.to_vec());
        mock.expect(GetUser::DESCRIPTOR).always().answer(move |_| {
            let call = calls.fetch_add(1, Ordering::Relaxed) as usize;
            users_tests_pure::answer(statuses[call % statuses.len()], "{}")
        });
        let builder =
            ManagementClient::builder(mock.clone()).domain("tenant.example.com").clock(mock.clock());
        let builder = builder.client_credentials("my-client", "my-secret").pacer(Unpaced::new());
        let users = builder.build().unwrap().users();
        mock.clock().block_on(async {
            for _ in 0..1000 {
                let _ = users.get("auth0|1").await;
            }
        });
        assert!(token_requests(&mock) <= 60, "{}", token_requests(&mock));
    }
}

#[test]
fn a_token_that_cannot_be_sent_is_not_kept() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).json(USER);
    let calls = AtomicU32::new(0);
    let source = token_fn(mock.clock(), move || {
        let text = if calls.fetch_add(1, Ordering::Relaxed) == 0 { "a\nb" } else { "good" };
        async move { Ok(AccessToken::new(text).expires_in(Duration::from_secs(86_400))) }
    });
    let builder = ManagementClient::builder(mock.clone()).domain("a.example.com").clock(mock.clock());
    let users = builder.token_source(source).build().unwrap().users();
    mock.clock().block_on(async {
        assert_eq!(users.get("auth0|1").await.unwrap_err().kind(), ErrorKind::Token);
        mock.clock().sleep(Duration::from_secs(2)).await;
        users.get("auth0|1").await.unwrap();
    });
}
