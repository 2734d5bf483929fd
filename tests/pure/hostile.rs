//! Hostile servers, unusual arguments and clocks at their maximum break nothing.

use futures_util::stream;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use users_core::management::*;
use users_core::model::*;
use users_core::*;
use users_mock::{MockTransport, VirtualClock};
use users_tests_pure::{answer, client_with_credentials, clients, decode, line};

const USER: &str = r#"{"user_id":"auth0|1"}"#;
const TOKEN: (Method, &str) = (Method::POST, "/oauth/token");
fn s(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn opaque(mock: &MockTransport, token: &str) -> ManagementClient {
    ManagementClient::builder(mock.clone())
        .domain("tenant.example.com")
        .token(token)
        .clock(mock.clock())
        .build()
        .unwrap()
}

#[test]
fn a_stream_of_items_that_has_ended_stays_ended() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]").always();
    mock.clock().block_on(async {
        let mut items = m.users().get_all().items();
        assert!(items.next().await.is_none());
        assert!(items.next().await.is_none());
    });
}

#[test]
fn a_stream_of_pages_that_has_ended_stays_ended() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]").always();
    mock.clock().block_on(async {
        let mut pages = m.users().get_all().pages();
        assert!(pages.next().await.is_some());
        assert!(pages.next().await.is_none());
        assert!(pages.next().await.is_none());
    });
}

#[test]
fn a_deletion_that_has_ended_stays_ended() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]").always();
    mock.clock().block_on(async {
        let mut all = m.users().delete_all(Confirm::tenant(MockTransport::DOMAIN));
        assert!(all.next().await.is_none());
        assert!(all.next().await.is_none());
    });
}

#[test]
fn delete_all_can_be_awaited_after_its_outcomes_were_read() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]").always();
    mock.clock().block_on(async {
        let mut all = m.users().delete_all(Confirm::tenant(MockTransport::DOMAIN));
        while let Some(x) = all.next().await {
            x.unwrap();
        }
        all.await.unwrap();
    });
}

#[test]
fn a_secret_is_not_partly_shown_where_a_long_message_is_truncated() {
    let (mock, m, _) = clients();
    let password = "hunter2-password-that-is-long";
    mock.expect(CreateUser::DESCRIPTOR).error(400, "x", &format!("{} {password} is weak", "x ".repeat(190)));
    let e =
        mock.clock().block_on(m.users().create(NewUser::new("db").password(password)).send()).unwrap_err();
    assert!(!e.to_string().contains("hunter2-p"), "{e}");
}

#[test]
fn a_secret_with_a_tab_is_redacted() {
    let (mock, m, _) = clients();
    let password = "correct\thorse\tbattery";
    mock.expect(CreateUser::DESCRIPTOR).error(400, "x", &format!("'{password}' is weak"));
    let e =
        mock.clock().block_on(m.users().create(NewUser::new("db").password(password)).send()).unwrap_err();
    assert!(!e.to_string().contains("horse"), "{e}");
}

#[test]
fn a_secret_in_the_error_code_is_not_shown() {
    let mock = MockTransport::new();
    mock.expect(CreateUser::DESCRIPTOR).error(400, "hunter2-password", "m");
    let e = mock
        .clock()
        .block_on(opaque(&mock, "t").users().create(NewUser::new("db").password("hunter2-password")).send())
        .unwrap_err();
    assert!(!e.to_string().contains("hunter2-password"), "{e}");
    assert!(!format!("{e:?}").contains("hunter2-password"), "{e:?}");
}

#[test]
fn a_secret_that_contains_a_jwt_is_redacted_as_a_whole() {
    let mock = MockTransport::new();
    let t = "opaque-prefix-eyJhbGciOiJSUzI1NiJ9";
    mock.expect(GetUser::DESCRIPTOR).error(400, "x", &format!("bad {t}"));
    let e = mock.clock().block_on(opaque(&mock, t).users().get("auth0|1").send()).unwrap_err();
    assert!(!e.to_string().contains("opaque-prefix"), "{e}");
}

#[test]
fn a_caller_s_own_token_is_not_shown_when_it_is_quoted() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).error(400, "x", "Bad header: Bearer management-token-1").always();
    let e = mock
        .clock()
        .block_on(
            mock.management()
                .users()
                .get("auth0|1")
                .header("authorization", "Bearer management-token-1")
                .send(),
        )
        .unwrap_err();
    assert!(!e.to_string().contains("management-token-1"), "{e}");
}

#[test]
fn a_client_s_own_header_is_not_shown_when_it_is_quoted() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).error(400, "x", "Bad header: Bearer management-token-1").always();
    let c = ManagementClient::builder(mock.clone())
        .domain("t.example.com")
        .header("authorization", "Bearer management-token-1")
        .clock(mock.clock())
        .build()
        .unwrap();
    let e = mock.clock().block_on(c.users().get("auth0|1").send()).unwrap_err();
    assert!(!e.to_string().contains("management-token-1"), "{e}");
}

#[test]
fn a_password_of_a_rest_call_is_not_shown_when_it_is_quoted() {
    let (mock, m, _) = clients();
    mock.expect((Method::POST, "/users")).error(400, "x", "'hunter2-password' is too weak");
    let e = mock
        .clock()
        .block_on(m.rest("/users").create::<Value>((), json!({"password":"hunter2-password"})).send())
        .unwrap_err();
    assert!(!e.to_string().contains("hunter2"), "{e}");
}

#[test]
fn metadata_that_is_not_an_object_is_not_quoted() {
    let (_, m, _) = clients();
    let e = m.users().update_app_metadata("auth0|1", json!("hunter2-password")).into_request().unwrap_err();
    assert!(!e.to_string().contains("hunter2"), "{e}");
}

#[test]
fn metadata_that_is_not_an_object_is_not_quoted_in_debug() {
    let d = format!("{:?}", MetadataUpdate::new().merge("hunter2-password"));
    assert!(!d.contains("hunter2"), "{d}");
}

#[test]
fn parameters_that_are_not_an_object_are_not_quoted() {
    let (_, m, _) = clients();
    let e = m.rest("/users").get_all::<Value>("hunter2-password").into_request().unwrap_err();
    assert!(!e.to_string().contains("hunter2"), "{e}");
}

#[test]
fn an_unknown_variant_is_not_quoted() {
    #[derive(serde::Deserialize, Debug)]
    enum Kind {
        A,
    }
    let e = Rest::<Kind>::decode(answer(200, r#""hunter2-password""#)).unwrap_err();
    assert!(!e.to_string().contains("hunter2"), "{e}");
}

#[test]
fn an_unknown_field_is_not_quoted() {
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct K {}
    let e = Rest::<K>::decode(answer(200, r#"{"hunter2-password":1}"#)).unwrap_err();
    assert!(!e.to_string().contains("hunter2"), "{e}");
}

#[test]
fn an_integer_of_the_wrong_type_is_not_quoted() {
    let e = Rest::<Vec<bool>>::decode(answer(200, r#"[123456]"#)).unwrap_err();
    assert!(!e.to_string().contains("123456"), "{e}");
}

#[test]
fn impersonation_token_as_parameter_stays_out_of_the_body() {
    let (_, _, a) = clients();
    let r = a
        .users()
        .impersonate(
            "auth0|1",
            Impersonation::new("auth0|2", "oauth2")
                .parameter("token", "secret-token")
                .parameter("client_id", "mine"),
        )
        .into_request()
        .unwrap();
    println!("{:?} {:?}", r.headers().get("authorization"), r.body());
    assert!(!String::from_utf8_lossy(r.body()).contains("secret-token"));
}

#[test]
fn impersonation_client_id_as_parameter_is_sent_once() {
    let (_, _, a) = clients();
    let r = a
        .users()
        .impersonate("auth0|1", Impersonation::new("auth0|2", "oauth2").parameter("client_id", "mine"))
        .into_request()
        .unwrap();
    let b = String::from_utf8_lossy(r.body()).into_owned();
    assert_eq!(b.matches("client_id").count(), 1, "{b}");
}

#[test]
fn response_cookies_are_not_shown() {
    let (mock, m, _) = clients();
    mock.expect(GetUser::DESCRIPTOR).header("set-cookie", "auth0=hunter2").json(USER);
    let meta = mock.clock().block_on(m.users().get("auth0|1").with_meta().send()).unwrap();
    assert!(!format!("{meta:?}").contains("hunter2"), "{meta:?}");
}

#[test]
fn a_decoded_null_does_not_override_a_value_set_later() {
    let user: NewUser = serde_json::from_str(r#"{"connection":"db","email":null,"password":null}"#).unwrap();
    let text = serde_json::to_string(&user.email("ada@example.com").password("p")).unwrap();
    assert_eq!(text.matches("\"email\"").count(), 1, "{text}");
}

#[test]
fn a_decoded_value_of_another_type_does_not_override_a_value_set_later() {
    let up: UserUpdate = serde_json::from_str(r#"{"nickname":5,"blocked":null}"#).unwrap();
    let text = serde_json::to_string(&up.nickname("Ada").blocked(true)).unwrap();
    let v: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(v, json!({"nickname":"Ada","blocked":true}), "{text}");
}

#[test]
fn metadata_set_to_nan_is_a_problem_and_not_a_removal() {
    let m = MetadataUpdate::new().set("score", f64::NAN);
    assert!(m.problem().is_some(), "{}", serde_json::to_string(&m).unwrap());
}

#[test]
fn a_body_of_any_depth_does_not_exhaust_the_stack() {
    for open in [
        "[",
        "{\"a\":",
        "{\"users\":[",
        "{\"identities\":[",
        "{\"app_metadata\":",
        "{\"profileData\":",
        "{\"email_verified\":[",
        "{\"updated_at\":[",
        "{\"additionalParameters\":",
    ] {
        let t = open.repeat(200_000);
        let mut closed = t.clone();
        for c in open.chars().rev().collect::<String>().chars() {
            let _ = c;
        }
        let close: String = open
            .chars()
            .rev()
            .filter_map(|c| match c {
                '[' => Some(']'),
                '{' => Some('}'),
                _ => None,
            })
            .collect();
        closed.push('1');
        closed.push_str(&close.repeat(200_000));
        for t in [&t, &closed] {
            let _ = decode::<GetUser>(200, t);
            let _ = decode::<GetAllUsers>(200, t);
            let _ = decode::<LinkIdentity>(201, t);
            let _ = decode::<users_core::authentication::GetInfo>(200, t);
            let _ = decode::<GetUser>(400, t);
            let _ = decode::<users_core::authentication::RequestToken>(200, t);
            let _ = Rest::<Value>::decode(answer(200, t));
            let _ = Rest::<serde::de::IgnoredAny>::decode(answer(200, t));
            let _ = serde_json::from_str::<Impersonation>(t);
            let _ = serde_json::from_str::<UserUpdate>(t);
            let _ = serde_json::from_str::<LinkTarget>(t);
            let _ = json::equal(t, t);
        }
    }
}

#[test]
fn a_parameter_of_any_depth_does_not_exhaust_the_stack() {
    let (_, m, _) = clients();
    let mut p = JsonObject::new();
    let n = 30_000;
    p.insert_raw("q", &format!("{}{}", "[".repeat(n), "]".repeat(n))).unwrap();
    let _ = m.rest("/users").get_all::<Value>(&p).into_request();
}

#[test]
fn an_encoded_dot_segment_in_a_template_is_refused() {
    let (_, m, _) = clients();
    for t in ["/users/%2e%2e/clients", "/users/.%2E/x", "/%2e/x", "/users/%00", "/users/%20"] {
        let r = m.rest(t).get_all::<Value>(()).into_request();
        println!("{t}: {:?}", r.as_ref().map(line).map_err(ToString::to_string));
    }
    assert!(m.rest("/users/%2e%2e/clients").get_all::<Value>(()).into_request().is_err());
}

#[test]
fn an_encoded_dot_segment_in_a_base_url_is_refused() {
    assert!(BaseUrl::parse("https://tenant.auth0.com/api/%2e%2e/v2").is_err());
}

#[test]
fn of_unusual_base_urls_only_those_with_a_plain_host_are_accepted() {
    let accepted: Vec<&str> = [
        "https://t.auth0.com:99999",
        "https://t.auth0.com:443",
        "http://127.0.0.1:80",
        "t.auth0.com:",
        "t.auth0.com.",
        "https://[::1]:443",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://t.auth0.com:44:55",
        "https://:443",
        "https://..",
        "https://t.auth0.com%2f@evil.com",
        "https://t%2fevil.com",
        "https://a,b",
        "https://*",
        "https://t.auth0.com\\@evil.com",
        "https://[::1]evil.com",
        "https://evil.com:443:t.auth0.com",
        "http://localhost.",
        "http://[::ffff:127.0.0.1]",
        "http://127.1",
        "http://0.0.0.0",
        "http://2130706433",
        "https://t.auth0.com/api;x",
        "https://t.auth0.com/a%2fb",
        "https://t.auth0.com/?",
        "https://t.auth0.com/#",
        "https://t.auth0.com:hunter2",
        "//t.auth0.com",
        "/t.auth0.com",
        "https:t.auth0.com",
        "https:/t.auth0.com",
        "t.auth0.com/%",
        "https://t_x.auth0.com",
        "https://[1]",
        "https://[]",
        "https://[::1]:",
        "https://t.auth0.com:0",
        "https://t.auth0.com:-1",
        "https://t.auth0.com:+1",
        "https://t.auth0.com:0443",
        "https://user%40t.auth0.com",
    ]
    .into_iter()
    .filter(|url| BaseUrl::parse(url).is_ok())
    .collect();
    let expected = [
        "https://t.auth0.com:443",
        "http://127.0.0.1:80",
        "https://[::1]:443",
        "http://[::ffff:127.0.0.1]",
        "http://127.1",
        "http://0.0.0.0",
        "http://2130706433",
        "https://t_x.auth0.com",
    ];
    assert_eq!(accepted, expected);
    for (url, is_loopback) in
        [("http://127.0.0.1:80", true), ("https://[::1]:443", true), ("http://127.1", false)]
    {
        assert_eq!(BaseUrl::parse(url).unwrap().is_loopback(), is_loopback, "{url}");
    }
}

#[test]
fn a_port_out_of_range_is_refused() {
    assert!(BaseUrl::parse("https://tenant.auth0.com:99999").is_err());
}

#[test]
fn the_default_port_is_left_out_of_the_authority() {
    assert_eq!(BaseUrl::parse("https://tenant.auth0.com:443").unwrap().authority(), "tenant.auth0.com");
}

#[test]
fn a_refused_argument_names_the_operation() {
    let (mock, m, _) = clients();
    let e = mock.clock().block_on(m.users().delete("").send()).unwrap_err();
    assert_eq!(e.operation(), Some("users.delete"), "{e}");
}

#[test]
fn a_virtual_clock_at_its_maximum_still_reports_the_time() {
    let clock = VirtualClock::new();
    clock.block_on(clock.sleep(Duration::MAX));
    clock.unix_now();
}

#[test]
fn extreme_rate_limit_headers_end_the_call_with_the_status_of_the_response() {
    for (name, value) in [
        ("retry-after", "18446744073709551615"),
        ("x-ratelimit-reset", "18446744073709551615"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("retry-after", "99999999999999999999999"),
        ("retry-after", "-1"),
        ("x-ratelimit-reset", "9223372036854775807"),
    ] {
        for status in [429, 503] {
            let (mock, m, _) = clients();
            mock.expect(GetUser::DESCRIPTOR).status(status).header(name, value).always();
            let e = mock.clock().block_on(m.users().get("auth0|1").send()).unwrap_err();
            assert_eq!(e.status().unwrap().as_u16(), status, "{name}: {value}: {e}");
            assert!(
                mock.clock().elapsed() < Duration::from_secs(100 * 20),
                "{name}: {value}: the requested delay is refused"
            );
            let c = ManagementClient::builder(mock.clone())
                .domain("t.example.com")
                .token("t")
                .clock(mock.clock())
                .retry(Retry::default().max_server_delay(Duration::MAX))
                .build()
                .unwrap();
            let e = mock.clock().block_on(c.users().get("auth0|1").send()).unwrap_err();
            let attempts = if status == 429 { 101 } else { 3 };
            assert_eq!(
                (e.status().unwrap().as_u16(), e.attempts()),
                (status, attempts),
                "{name}: {value}: {e}"
            );
        }
    }
}

#[test]
fn a_stream_from_an_extreme_page_ends_with_an_error_after_that_page() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR)
        .answer(|_| answer(200, &format!("[{}]", vec!["{}"; 100].join(","))))
        .always();
    mock.clock().block_on(async {
        let mut p = m.users().get_all().page(u32::MAX).items();
        let mut n = 0;
        while let Some(x) = p.next().await {
            n += 1;
            if x.is_err() {
                break;
            }
        }
        assert_eq!(n, 101);
        let mut p = m.users().get_all().page(u32::MAX).per_page(0).items();
        let mut n = 0;
        while let Some(x) = p.next().await {
            n += 1;
            if x.is_err() {
                break;
            }
        }
        assert_eq!(n, 101);
    });
}

#[test]
fn a_call_with_no_time_sends_no_write() {
    let (mock, m, _) = clients();
    mock.expect(CreateUser::DESCRIPTOR).delay(s(1)).json(USER).always();
    let e = mock
        .clock()
        .block_on(m.users().create(NewUser::new("db")).timeout(Duration::ZERO).send())
        .unwrap_err();
    assert!(mock.requests().is_empty() && !e.may_have_been_applied(), "{e}");
}

#[test]
fn a_write_is_not_sent_if_fetching_the_token_used_up_the_time() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).delay(s(2)).json(r#"{"access_token":"t","expires_in":86400}"#);
    mock.expect(CreateUser::DESCRIPTOR).delay(s(1)).json(USER).always();
    let e = mock
        .clock()
        .block_on(client_with_credentials(&mock).users().create(NewUser::new("db")).timeout(s(2)).send())
        .unwrap_err();
    assert!(!e.may_have_been_applied(), "{e}");
}

#[test]
fn a_body_of_endless_empty_chunks_ends_at_the_deadline() {
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let t = transport_fn(|_, _| async {
            Ok(http::Response::new(Body::from_stream(stream::repeat_with(|| Ok(bytes::Bytes::new())))))
        });
        let c = ManagementClient::builder(t)
            .domain("t.example.com")
            .token("t")
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let _ = tx.send(
            futures_executor::block_on(c.users().get("auth0|1").send())
                .map(|_| ())
                .map_err(|e| e.to_string()),
        );
    });
    println!("{:?}", rx.recv_timeout(s(3)).expect("the call hangs past its deadline"));
}
#[derive(Debug)]
struct Stuck;
#[async_trait::async_trait]
impl TokenSource for Stuck {
    async fn token(&self) -> Result<AccessToken, Error> {
        Ok(AccessToken::new("t"))
    }
    async fn rejected(&self, _: &AccessToken) {
        std::future::pending().await
    }
}

#[test]
fn a_token_source_that_hangs_in_rejected_is_limited_by_the_call_s_timeout() {
    let mock = MockTransport::new();
    mock.expect(GetUser::DESCRIPTOR).status(401).always();
    let c = ManagementClient::builder(mock.clone())
        .domain("t.example.com")
        .token_source(Stuck)
        .clock(mock.clock())
        .build()
        .unwrap();
    let r = mock.clock().block_on(c.users().get("auth0|1").timeout(s(5)).send());
    assert!(r.is_err());
}

#[test]
fn a_hanging_early_renewal_does_not_fail_calls_while_the_token_works() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(r#"{"access_token":"token-1","expires_in":3600}"#);
    mock.expect(TOKEN).delay(s(3600)).json("{}").always();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(s(3600 - 59)).await;
        for n in 0..3 {
            let r = users.get("auth0|1").timeout(s(5)).await;
            assert!(r.is_ok(), "call {n} at {:?}: {}", clock.elapsed(), r.unwrap_err());
        }
    });
}

#[test]
fn a_fallback_token_that_expired_meanwhile_is_not_used() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(r#"{"access_token":"token-1","expires_in":12}"#);
    mock.expect(TOKEN).delay(s(3600)).json("{}").always();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(s(11)).await;
        users.get("auth0|1").await.unwrap();
        assert!(clock.elapsed() < s(12), "the token is still valid and is sent at once");
        clock.sleep(s(1)).await;
        let error = users.get("auth0|1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Token, "the token has expired");
    });
}

#[test]
fn a_rate_limited_token_endpoint_is_reported_at_once() {
    let mock = MockTransport::new();
    mock.expect(TOKEN)
        .status(429)
        .header("retry-after", "60")
        .json(r#"{"error":"too_many_requests"}"#)
        .always();
    let e = mock.clock().block_on(client_with_credentials(&mock).users().get("auth0|1").send()).unwrap_err();
    assert_eq!(e.retry_after(), Some(s(60)), "{e} after {:?}", mock.clock().elapsed());
}

#[test]
fn tokens_of_any_lifetime_are_handled_without_panic() {
    for life in ["0", "1", "18446744073709551615"] {
        let mock = MockTransport::new();
        mock.expect(TOKEN).json(format!(r#"{{"access_token":"t","expires_in":{life}}}"#)).always();
        mock.expect(GetUser::DESCRIPTOR).json(USER).always();
        let users = client_with_credentials(&mock).users();
        mock.clock().block_on(async {
            for _ in 0..3 {
                users.get("auth0|1").await.unwrap();
            }
        });
        println!("{life}: {} requests", mock.requests().len());
    }
    for odd in [r#""3600""#, "3600.0", "-1", "null", "1e3"] {
        let mock = MockTransport::new();
        mock.expect(TOKEN).json(format!(r#"{{"access_token":"t","expires_in":{odd}}}"#)).always();
        mock.expect(GetUser::DESCRIPTOR).json(USER).always();
        let r = mock.clock().block_on(client_with_credentials(&mock).users().get("auth0|1").send());
        println!("{odd}: {:?}", r.map(|_| ()).map_err(|e| e.to_string()));
    }
}

#[test]
fn dropping_a_call_after_any_number_of_polls_leaves_the_client_usable() {
    for n in 0..40 {
        let mock = MockTransport::new();
        mock.expect(TOKEN).delay(s(2)).json(r#"{"access_token":"t","expires_in":5}"#).always();
        let count = Arc::new(AtomicU32::new(0));
        let k = count.clone();
        mock.expect(GetUser::DESCRIPTOR)
            .delay(s(1))
            .answer(move |_| match k.fetch_add(1, SeqCst) % 3 {
                0 => answer(503, ""),
                1 => answer(401, ""),
                _ => answer(200, USER),
            })
            .always();
        let c = client_with_credentials(&mock);
        let clock = mock.clock();
        clock.block_on(async {
            let mut call = Box::pin(c.users().get("auth0|1").send());
            for _ in 0..n {
                if futures_util::future::poll_fn(|cx| {
                    std::task::Poll::Ready(std::future::Future::poll(call.as_mut(), cx).is_ready())
                })
                .await
                {
                    break;
                }
                clock.sleep(Duration::from_millis(300)).await;
            }
            drop(call);
            for _ in 0..3 {
                let _ = c.users().get("auth0|1").await;
            }
            count.store(2, SeqCst);
            c.users().get("auth0|1").await.unwrap();
        });
    }
}

#[test]
fn a_server_that_always_answers_401_gets_two_attempts() {
    let mock = MockTransport::new();
    let n = Arc::new(AtomicU32::new(0));
    let k = n.clone();
    mock.expect(TOKEN)
        .answer(move |_| {
            answer(200, &format!(r#"{{"access_token":"t{}","expires_in":86400}}"#, k.fetch_add(1, SeqCst)))
        })
        .always();
    mock.expect((Method::POST, "/users")).status(401).always();
    let e = mock
        .clock()
        .block_on(client_with_credentials(&mock).users().create(NewUser::new("db")).send())
        .unwrap_err();
    println!("{e} {} requests applied={}", mock.requests().len(), e.may_have_been_applied());
    assert_eq!(mock.requests().len(), 4);
}

#[test]
fn a_user_without_a_usable_id_is_reported() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json(r#"[{"user_id":""},{"user_id":"auth0|\u0000"},{}]"#).always();
    let r = mock
        .clock()
        .block_on(async { m.users().delete_all(Confirm::tenant(MockTransport::DOMAIN)).await })
        .map(|r| (r.deleted, r.failed.len()));
    assert!(!matches!(r, Ok((0, 0))), "three users remain, but the report is {r:?}");
}

#[test]
fn delete_all_ends_although_the_users_cannot_be_deleted() {
    let (mock, m, _) = clients();
    let full = format!(
        "[{}]",
        (0..100).map(|i| format!(r#"{{"user_id":"auth0|{i}"}}"#)).collect::<Vec<_>>().join(",")
    );
    mock.expect(GetAllUsers::DESCRIPTOR).json(full).always();
    mock.expect(DeleteUser::DESCRIPTOR).status(403).always();
    let r = mock
        .clock()
        .block_on(async { m.users().delete_all(Confirm::tenant(MockTransport::DOMAIN)).await })
        .unwrap();
    assert_eq!((r.deleted, r.failed.len()), (0, 100), "each user is deleted once");
}

#[test]
fn a_stream_does_not_stop_at_a_total_that_is_too_small() {
    let (mock, m, _) = clients();
    let full = |o: usize| {
        format!(
            r#"{{"total":50,"users":[{}]}}"#,
            (0..100).map(|i| format!(r#"{{"user_id":"auth0|{}"}}"#, o + i)).collect::<Vec<_>>().join(",")
        )
    };
    mock.expect(GetAllUsers::DESCRIPTOR)
        .with_query("page", "1")
        .json(r#"{"total":101,"users":[{"user_id":"auth0|x"}]}"#)
        .always();
    mock.expect(GetAllUsers::DESCRIPTOR).json(full(0)).always();
    let all = mock.clock().block_on(m.users().get_all().items().try_collect()).unwrap();
    assert_eq!(all.len(), 101);
}

#[test]
fn a_confirmation_names_the_authority_apart_from_case_and_surrounding_space() {
    let (mock, m, _) = clients();
    mock.expect(GetAllUsers::DESCRIPTOR).json("[]").always();
    let accepted: Vec<&str> = [
        "",
        " ",
        "tenant.example.com ",
        "TENANT.example.com",
        "tenant.example.com.",
        "https://tenant.example.com",
        "tenant.example.com:443",
        "evil.tenant.example.com",
        "tenant.example.com/api/v2",
        "tenant.example.com\0",
    ]
    .into_iter()
    .filter(|c| mock.clock().block_on(async { m.users().delete_all(Confirm::tenant(*c)).await }).is_ok())
    .collect();
    assert_eq!(accepted, ["tenant.example.com ", "TENANT.example.com"]);
}

#[test]
fn a_spawned_task_outlives_the_block_on_that_started_it() {
    let clock = VirtualClock::new();
    let c = clock.clone();
    let task = clock.spawn(async move {
        c.sleep(s(5)).await;
        7
    });
    clock.block_on(clock.sleep(s(1)));
    assert_eq!(clock.block_on(task), 7);
}

#[test]
fn a_nested_block_on_works() {
    let clock = VirtualClock::new();
    let c = clock.clone();
    let task = clock.spawn(async move {
        c.sleep(s(5)).await;
        7
    });
    let c = clock.clone();
    let n = clock.block_on(async move {
        c.sleep(s(1)).await;
        c.block_on(c.sleep(s(1)));
        task.await
    });
    assert_eq!(n, 7);
}

#[test]
fn a_nested_block_on_works_after_a_task_was_spawned() {
    let clock = VirtualClock::new();
    let c = clock.clone();
    let n = clock.block_on(async move {
        let c2 = c.clone();
        let task = c.spawn(async move {
            c2.sleep(s(5)).await;
            7
        });
        c.block_on(c.sleep(s(1)));
        task.await
    });
    assert_eq!(n, 7);
}

#[test]
fn a_sleeper_of_another_executor_survives_the_end_of_a_block_on() {
    let clock = VirtualClock::new();
    let (tx, rx) = std::sync::mpsc::channel();
    let (done, finished) = std::sync::mpsc::channel();
    let c = clock.clone();
    clock.block_on(async {
        std::thread::spawn(move || {
            let mut sleep = c.sleep(s(3600));
            let mut first = true;
            futures_executor::block_on(futures_util::future::poll_fn(|cx| {
                let p = sleep.as_mut().poll(cx);
                if first {
                    first = false;
                    tx.send(()).unwrap();
                }
                p
            }));
            done.send(()).unwrap();
        });
        rx.recv().unwrap();
    });
    finished.recv_timeout(s(3)).expect("the sleeper never wakes");
}

#[test]
fn two_runs_on_a_virtual_clock_are_identical() {
    let run = || {
        let mock = MockTransport::new();
        mock.expect(GetUser::DESCRIPTOR).status(503).always();
        let u = mock.management().users();
        let c = mock.clock();
        c.block_on(futures_util::future::join_all((0..20).map(|i| {
            let u = u.clone();
            let c = c.clone();
            async move {
                c.sleep(Duration::from_millis(i * 37)).await;
                let _ = u.get(format!("a|{i}")).await;
            }
        })));
        (c.elapsed(), mock.requests().iter().map(|r| r.path()).collect::<Vec<_>>())
    };
    assert_eq!(run(), run());
}

fn broken_body(status: u16) -> impl HttpTransport {
    transport_fn(move |_, _| async move {
        let mut r = http::Response::new(Body::from_stream(stream::iter([
            Ok(bytes::Bytes::from_static(b"{")),
            Err(TransportError::new(TransportErrorKind::Io, Sent::Yes, "reset in the body")),
        ])));
        *r.status_mut() = http::StatusCode::from_u16(status).unwrap();
        Ok(r)
    })
}

#[test]
fn an_error_status_with_an_interrupted_body_still_means_that_nothing_was_written() {
    let mut bad = false;
    for status in [400, 401, 404, 409, 429] {
        let clock = VirtualClock::new();
        let c = ManagementClient::builder(broken_body(status))
            .domain("t.example.com")
            .token("t")
            .clock(clock.clone())
            .build()
            .unwrap();
        let e = clock.block_on(c.users().create(NewUser::new("db")).send()).unwrap_err();
        println!(
            "{status}: {e} status={:?} attempts={} applied={}",
            e.status(),
            e.attempts(),
            e.may_have_been_applied()
        );
        bad |= e.may_have_been_applied();
    }
    assert!(!bad);
}

#[test]
fn an_error_status_with_a_body_over_the_limit_still_means_that_nothing_was_written() {
    let (mock, m, _) = clients();
    mock.expect(CreateUser::DESCRIPTOR).status(400).bytes(vec![b'x'; 100]).always();
    let e =
        mock.clock().block_on(m.users().create(NewUser::new("db")).response_limit(10).send()).unwrap_err();
    assert!(!e.may_have_been_applied() && e.status().is_some(), "{e} {:?}", e.status());
}

#[test]
fn optional_returns_none_for_a_404_with_a_body_over_the_limit() {
    let (mock, m, _) = clients();
    mock.expect(GetUser::DESCRIPTOR).status(404).bytes(vec![b'x'; 100]).always();
    let r = mock.clock().block_on(m.users().get("auth0|1").optional().response_limit(10).send());
    assert!(matches!(r, Ok(None)), "{r:?}");
}

#[test]
fn a_token_closure_that_panics_leaves_the_token_source_usable() {
    let mock = MockTransport::new();
    let n = Arc::new(AtomicU32::new(0));
    let k = n.clone();
    let source = Arc::new(token_fn(mock.clock(), move || {
        let k = k.clone();
        async move {
            if k.fetch_add(1, SeqCst) == 0 {
                panic!("boom")
            }
            Ok(AccessToken::new("t").expires_in(s(3600)))
        }
    }));
    let error = mock.clock().block_on(source.token()).unwrap_err();
    assert_eq!(error.to_string(), "no access token: the token source panicked");
    mock.clock().block_on(source.token()).unwrap();
}

#[test]
fn an_early_renewal_that_hangs_delays_a_call_by_less_than_a_second() {
    let mock = MockTransport::new();
    mock.expect(TOKEN).json(r#"{"access_token":"token-1","expires_in":3600}"#);
    mock.expect(TOKEN).delay(s(3600)).json("{}").always();
    mock.expect(GetUser::DESCRIPTOR).json(USER).always();
    let (users, clock) = (client_with_credentials(&mock).users(), mock.clock());
    clock.block_on(async {
        users.get("auth0|1").await.unwrap();
        clock.sleep(s(3600 - 59)).await;
        let at = clock.elapsed();
        users.get("auth0|1").await.unwrap();
        println!("waited {:?} although the token was valid", clock.elapsed() - at);
        assert!(clock.elapsed() - at < s(1));
    });
}

#[test]
fn a_blank_connection_is_refused() {
    let (_, m, _) = clients();
    assert!(m.users().create(NewUser::new("  ")).into_request().is_err());
}

#[test]
fn malformed_domains_are_refused() {
    for d in
        ["https:t.auth0.com", "https:/t.auth0.com", "t.auth0.com:hunter2", "t.auth0.com:", "[::1]evil.com"]
    {
        assert!(BaseUrl::parse(d).is_err(), "{d}");
    }
}

#[tokio::test]
async fn plain_http_to_a_host_that_only_looks_like_loopback_is_refused() {
    let t = transport_fn(|r: http::Request<bytes::Bytes>, _| async move {
        println!("sent to {} host={:?}", r.uri(), r.uri().host());
        Ok(http::Response::new(Body::from(USER)))
    });
    let c = ManagementClient::builder(t).domain("http://[::1]evil.com").token("t").build();
    assert!(c.is_err(), "accepted as loopback");
}
