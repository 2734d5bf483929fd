//! Every fault with every kind of operation: the number of attempts, the result, and whether the error reports it correctly.

use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use users_core::management::{DeleteUser, GetUser, UpdateUser};
use users_core::model::UserUpdate;
use users_core::{Clock as _, Error, HttpTransport as _, ManagementClient, Retry, transport_fn};
use users_mock::{Fault, FaultSpec, FaultyTransport, Tenant};
use users_tests_pure::FAULTS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Safe,
    Idempotent,
    Unsafe,
    UnsafeMarkedIdempotent,
}

const KINDS: [Kind; 4] = [Kind::Safe, Kind::Idempotent, Kind::Unsafe, Kind::UnsafeMarkedIdempotent];

/// The result of one call.
struct Outcome {
    /// The number of attempts.
    sent: u32,
    result: Result<(), Error>,
    /// Whether the tenant changed.
    applied: bool,
}

/// Makes one call of this kind, with this fault once or always.
fn call_with(fault: Fault, always: bool, kind: Kind) -> Outcome {
    let tenant = Tenant::builder().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    let (counted, sent) = (faulty.clone(), Arc::new(AtomicU32::new(0)));
    let counter = Arc::clone(&sent);
    let counting = transport_fn(move |request: http::Request<Bytes>, deadline| {
        let (faulty, is_call) = (counted.clone(), request.uri().path().starts_with("/api/v2/users/"));
        counter.fetch_add(is_call.into(), Ordering::Relaxed);
        async move { faulty.send(request, deadline).await }
    });
    let (client_id, client_secret) = tenant.client();
    let client = ManagementClient::builder(counting).domain(tenant.domain()).clock(tenant.clock());
    let users = client.client_credentials(client_id, client_secret).build().unwrap().users();
    let id = tenant.user_ids().remove(0);
    let change = || UserUpdate::new().nickname("Ada");
    let before = tenant.user(&id);

    let injected = faulty.inject(fault).on(match kind {
        Kind::Safe => GetUser::DESCRIPTOR,
        Kind::Idempotent => DeleteUser::DESCRIPTOR,
        Kind::Unsafe | Kind::UnsafeMarkedIdempotent => UpdateUser::DESCRIPTOR,
    });
    if always {
        injected.always();
    }
    let result = tenant.clock().block_on(async {
        match kind {
            Kind::Safe => users.get(&id).await.map(drop),
            Kind::Idempotent => users.delete(&id).await,
            Kind::Unsafe => users.update(&id, change()).await.map(drop),
            Kind::UnsafeMarkedIdempotent => users.update(&id, change()).idempotent(true).await.map(drop),
        }
    });
    Outcome { sent: sent.load(Ordering::Relaxed), result, applied: before != tenant.user(&id) }
}

/// The cell of the table: the number of attempts and the result.
fn cell(outcome: &Outcome) -> String {
    let times = format!("{}×", outcome.sent);
    match &outcome.result {
        Ok(()) => format!("{times} done"),
        Err(error) => {
            let applied = if error.may_have_been_applied() { ", may have been applied" } else { "" };
            format!("{times} {:?}{applied}", error.kind())
        }
    }
}

fn table(always: bool) -> String {
    let mut table =
        String::from("| | read | delete | write | write, `idempotent(true)` |\n|---|---|---|---|---|\n");
    for (name, fault) in FAULTS {
        let cells = KINDS.map(|kind| cell(&call_with(*fault, always, kind)));
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    table
}

#[test]
fn the_documented_tables_of_faults_match_the_behaviour() {
    let documented = include_str!("../../crates/users-core/FAULTS.md");
    for (always, title) in [(false, "Once"), (true, "Always")] {
        let happens = table(always);
        assert!(documented.contains(&happens), "{title}:\n{happens}");
    }
}

#[test]
fn an_error_never_denies_an_applied_change_and_no_change_is_repeated_without_consent() {
    for (name, fault) in FAULTS {
        for always in [false, true] {
            for kind in KINDS {
                let outcome = call_with(*fault, always, kind);
                let at = format!("{name}, always: {always}, {kind:?}: {:?}", outcome.result);
                match &outcome.result {
                    Ok(()) => assert_eq!(outcome.applied, kind != Kind::Safe, "{at}"),
                    Err(error) if outcome.applied => assert!(error.may_have_been_applied(), "{at}"),
                    Err(error) => assert!(kind != Kind::Safe || !error.may_have_been_applied(), "{at}"),
                }
                if kind == Kind::Unsafe && outcome.applied && outcome.result.is_err() {
                    assert_eq!(outcome.sent, 1, "{at}");
                }
            }
        }
    }
}

#[test]
fn latency_applies_each_way_and_randomness_comes_from_the_clock() {
    let run = || {
        let tenant = Tenant::builder().users(1).build();
        let each_way = Duration::from_millis(20)..=Duration::from_millis(80);
        let faulty = FaultyTransport::new(tenant.clone(), tenant.clock()).latency(each_way);
        faulty.inject(Fault::Status(StatusCode::BAD_GATEWAY)).chance(0.3);
        let client = ManagementClient::builder(faulty.clone()).domain(tenant.domain()).clock(tenant.clock());
        let users = client.token(tenant.management_token()).retry(Retry::never()).build().unwrap().users();
        let id = tenant.user_ids().remove(0);
        let failed = tenant.clock().block_on(async {
            let mut failed = 0;
            for _ in 0..200 {
                failed += u32::from(users.get(&id).await.is_err());
            }
            faulty.remove_all();
            assert!(users.get(&id).await.is_ok());
            failed
        });
        (failed, tenant.clock().elapsed())
    };
    let (failed, elapsed) = run();
    assert!((40..=80).contains(&failed), "{failed} of 200");
    assert!((Duration::from_secs(18)..Duration::from_secs(22)).contains(&elapsed), "{elapsed:?}");
    assert_eq!(run(), (failed, elapsed), "a second run has the same results");
}

#[test]
fn a_fault_can_be_written_as_text() {
    for (word, fits) in [
        ("503", "503 503 200"),
        ("404@users.get", "404 503 200"),
        ("404@users.update", "503 200 200"),
        ("404@users.get,after=2", "503 200 404"),
        ("404,times=2", "404 404 503"),
        ("404@users.get,always", "404 404 404"),
        ("404,chance=1", "404 404 404"),
        ("404, chance=0", "503 200 200"),
        ("404,times=1,chance=1", "404 503 200"),
        ("404,chance=1,times=1", "404 503 200"),
    ] {
        let tenant = Tenant::builder().users(1).build();
        let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
        faulty.inject_spec(&word.parse().unwrap());
        faulty.inject(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)).on(GetUser::DESCRIPTOR);
        let client = ManagementClient::builder(faulty).domain(tenant.domain()).clock(tenant.clock());
        let users = client.token(tenant.management_token()).retry(Retry::never()).build().unwrap().users();
        let id = tenant.user_ids().remove(0);
        let got = tenant.clock().block_on(async {
            let mut got = Vec::new();
            for _ in 0..3 {
                let answer = users.get(&id).await;
                got.push(
                    answer
                        .map_or_else(|error| error.status().unwrap(), |_| StatusCode::OK)
                        .as_str()
                        .to_owned(),
                );
            }
            got.join(" ")
        });
        assert_eq!(got, fits, "{word}");
    }
    for (word, problem) in [
        ("fog", "\"fog\" is not a fault"),
        ("302", "\"302\" is not a fault"),
        ("hang@users.gett", "no operation is called users.gett"),
        ("hang,after=x", "\"x\" is not a number of requests"),
        ("hang,chance=2", "\"2\" is not a probability"),
        ("hang,often", "\"often\" is not a condition"),
        ("slow-body:-1", "is not a fault"),
        ("hang,times=2,always", "only one of"),
        ("hang,always,times=2", "only one of"),
        ("503,header=retry-after", "\"retry-after\" is not a header like"),
        ("503,header=a b:2", "\"a b:2\" is not a header like"),
        ("hang,header=retry-after:2", "hang has no headers"),
    ] {
        let error = word.parse::<FaultSpec>().unwrap_err().to_string();
        assert!(error.contains(problem), "{word}: {error}");
    }
}

#[test]
fn a_search_that_takes_too_long_is_repeated_once() {
    use users_core::management::GetAllUsers;
    use users_mock::{Fault, FaultyTransport, Tenant};

    for (times, succeeds) in [(1, true), (2, false)] {
        let tenant = Tenant::builder().users(2).build();
        let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
        faulty.inject(Fault::QueryTimeout).on(GetAllUsers::DESCRIPTOR).times(times);
        let builder = users_core::ManagementClient::builder(faulty).domain(tenant.domain());
        let client = builder.token(tenant.management_token()).clock(tenant.clock()).build().unwrap();
        let result = tenant.clock().block_on(client.users().get_all().q("name:a*").send());
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        if let Err(error) = result {
            assert!(error.to_string().contains("The query exceeded the timeout"), "{error}");
            assert_eq!(error.attempts(), 2);
        }
    }
}

/// The status, headers and body of the next answer.
fn answer(faulty: &FaultyTransport, tenant: &Tenant) -> (u16, http::HeaderMap, Bytes) {
    let request = http::Request::get("https://tenant.example.com/api/v2/users").body(Bytes::new()).unwrap();
    tenant.clock().block_on(async {
        let (parts, body) = faulty.send(request, None).await.unwrap().into_parts();
        (parts.status.as_u16(), parts.headers, body.collect(usize::MAX).await.unwrap())
    })
}

#[test]
fn a_status_has_the_headers_and_the_body_that_it_was_given() {
    let tenant = Tenant::new();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    let busy = Fault::Status(StatusCode::SERVICE_UNAVAILABLE);
    faulty.inject(busy).header("retry-after", "2").header("x-a", "1").header("x-a", "2").body("<p>busy</p>");
    faulty.inject(busy).body(Bytes::new());
    faulty.inject(Fault::QueryTimeout).header("x-a", "3");
    faulty.inject_spec(&"503,header=retry-after: 2,header=x-a:b:c".parse().unwrap());
    faulty.inject(busy);
    let error = r#"{"statusCode":503,"error":"Service Unavailable","message":"Service Unavailable"}"#;
    for (retry_after, values, body) in [
        (Some("2"), vec!["1", "2"], "<p>busy</p>"),
        (None, vec![], ""),
        (None, vec!["3"], "The query exceeded the timeout"),
        (Some("2"), vec!["b:c"], error),
        (None, vec![], error),
    ] {
        let (status, headers, found) = answer(&faulty, &tenant);
        assert_eq!(status, 503);
        assert_eq!(headers.get("retry-after").map(|value| value.to_str().unwrap()), retry_after);
        assert!(headers.get_all("x-a").iter().eq(values.iter()), "{headers:?}");
        let text = std::str::from_utf8(&found).unwrap();
        assert!(text.contains(body) && text.is_empty() == body.is_empty(), "{text}");
    }
}

#[test]
fn a_client_waits_as_long_as_the_header_of_a_fault_says() {
    let tenant = Tenant::builder().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    let client = ManagementClient::builder(faulty.clone()).domain(tenant.domain()).clock(tenant.clock());
    let users = client.token(tenant.management_token()).build().unwrap().users();
    faulty.inject(Fault::Status(StatusCode::TOO_MANY_REQUESTS)).header("retry-after", "7");
    let id = tenant.user_ids().remove(0);
    let start = tenant.clock().now();
    tenant.clock().block_on(users.get(&id).send()).unwrap();
    let waited = tenant.clock().now().saturating_since(start);
    assert!((Duration::from_secs(7)..Duration::from_secs(9)).contains(&waited), "{waited:?}");
}

#[test]
#[should_panic(expected = "a b: 2 is not a valid header")]
fn a_header_that_is_not_valid_is_a_mistake_of_the_test() {
    let tenant = Tenant::new();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    let _ = faulty.inject(Fault::Status(StatusCode::BAD_GATEWAY)).header("a b", "2");
}
