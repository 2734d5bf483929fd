//! Recordings: what they keep, what they leave out, and what is answered from them.

use bytes::Bytes;
use http::Method;
use std::fmt::Write as _;
use users_core::authentication::RequestToken;
use users_core::management::GetUser;
use users_core::model::{NewUser, Secret};
use users_core::{
    Body, Clock as _, ErrorKind, HttpTransport, ManagementClient, Sent, SystemClock, TransportError,
    TransportErrorKind,
};
use users_mock::{Fault, FaultyTransport, MockTransport, Recorder, Replay, Scrub, Tenant, VirtualClock};

/// Sends a request through a recorder whose server answers with this body, and returns the file.
fn record(request: http::Request<Bytes>, response: &str, kind: &str) -> String {
    let (response, kind) = (response.to_owned(), kind.to_owned());
    let recorder = Recorder::new(users_core::transport_fn(move |_, _| {
        let response =
            http::Response::builder().header("content-type", &kind).body(Body::from(response.clone()));
        async { Ok(response.unwrap()) }
    }));
    VirtualClock::new().block_on(async {
        let response = recorder.send(request, None).await.unwrap();
        response.into_body().collect(usize::MAX).await.unwrap();
    });
    recorder.to_har().unwrap()
}

/// The forms in which a secret may stand in a text.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}");
        text
    });
    let unicode = secret.chars().fold(String::new(), |mut text, character| {
        let _ = write!(text, "\\u{:04x}", u32::from(character));
        text
    });
    let html = secret.replace('"', "&quot;").replace('&', "&amp;");
    let json = serde_json::to_string(secret).unwrap();
    vec![secret.to_owned(), percent, unicode, html, json.trim_matches('"').to_owned()]
}

#[test]
fn no_secret_is_in_a_recording_in_any_form() {
    let secrets = [
        "pass \"word\" 1",
        "client-secret-2",
        "refresh-token-3",
        "assertion-4",
        "otp-code-5",
        "cookie-6",
        "bearer-7",
        "ticket-8",
        "signature-9",
        "recovery-10",
        "verifier-11",
        "authorization-code-12",
        "hash-13",
        "api-key-14",
        "idp-token-15",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.sig-16",
    ];
    let [
        password,
        client,
        refresh,
        assertion,
        otp,
        cookie,
        bearer,
        ticket,
        signature,
        recovery,
        verifier,
        code,
        hash,
        key,
        idp,
        jwt,
    ] = secrets;
    let quoted = |secret: &str| serde_json::to_string(secret).unwrap();
    // Every secret once more where no key tells that it is one, in every form.
    let echo: String = secrets.iter().flat_map(|secret| forms(secret)).collect::<Vec<_>>().join(" ");
    let body = format!(
        r#"{{"password":{},"client_secret":"{client}","refresh_token":"{refresh}","client_assertion":"{assertion}","otp":"{otp}",
            "code":"{code}","code_verifier":"{verifier}","custom_password_hash":{{"hash":{{"value":"{hash}"}}}},"nickname":"Ada"}}"#,
        quoted(password)
    );
    let request =
        http::Request::post(format!("https://tenant.example.com/oauth/token?id_token={jwt}&page=2"))
            .header("authorization", format!("Bearer {bearer}"))
            .header("cookie", cookie)
            .header("x-api-key", key)
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap();
    let response = format!(
        r#"{{"ticket":"https://tenant.example.com/u/verify?ticket={ticket}#","location":"https://s3.example.com/file.gz?X-Amz-Signature={signature}&X-Amz-Expires=60",
            "details":{{"path":"/u/reset-password?ticket=path-ticket-17&page=3"}},
            "recovery_code":"{recovery}","identities":[{{"access_token":"{idp}","provider":"github"}}],"errorCode":"invalid_body","note":{}}}"#,
        quoted(&echo)
    );
    let har = record(request, &response, "application/json");
    for secret in secrets {
        for form in forms(secret) {
            // In the file, the body is a string of JSON once more.
            let escaped = serde_json::to_string(&form).unwrap();
            for form in [form.as_str(), escaped.trim_matches('"')] {
                assert!(!har.contains(form), "{secret} is in the file as {form}:\n{har}");
            }
        }
    }
    assert!(!har.contains("path-ticket-17"), "{har}");
    for kept in ["page=3", "nickname", "Ada", "invalid_body", "github", "page=2", "s3.example.com/file.gz"] {
        assert!(har.contains(kept), "{kept} is gone:\n{har}");
    }
}

#[test]
fn secrets_in_forms_and_in_multipart_bodies_are_left_out() {
    let form = http::Request::post("https://tenant.example.com/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from("grant_type=password&username=ada&password=correct%20horse%201&client_id=app"))
        .unwrap();
    let har = record(form, r#"{"access_token":"opaque-1","token_type":"Bearer"}"#, "application/json");
    assert!(!har.contains("horse") && !har.contains("opaque-1"), "{har}");
    assert!(har.contains("grant_type=password&username=ada&password=redacted&client_id=app"), "{har}");
    assert!(har.contains("Bearer"), "{har}");

    let part = "--x1y2z3\r\ncontent-disposition: form-data; name=\"users\"\r\n\r\n[{\"email\":\"ada@example.com\",\"password_hash\":\"$2b$10$secret\"}]\r\n--x1y2z3--\r\n";
    let multipart = http::Request::post("https://tenant.example.com/api/v2/jobs/users-imports")
        .header("content-type", "multipart/form-data; boundary=x1y2z3")
        .body(Bytes::from(part))
        .unwrap();
    let har = record(multipart, "{}", "application/json");
    assert!(!har.contains("$2b$10") && !har.contains("x1y2z3"), "{har}");
    assert!(har.contains("ada@example.com"), "{har}");
}

#[test]
fn personal_data_is_replaced_by_choice_and_equal_values_remain_equal() {
    let request = || {
        http::Request::get("https://tenant.example.com/api/v2/users?q=email%3A%22ada%40example.org%22")
            .body(Bytes::new())
            .unwrap()
    };
    let response = r#"[{"user_id":"auth0|1","email":"ada@example.org","name":"Ada Lovelace","last_ip":"203.0.113.7"},
        {"user_id":"auth0|2","email":"ada@example.org","note":"writes to ada@example.org"}]"#;
    let recorder = |scrub| {
        let recorder = Recorder::new(users_core::transport_fn(move |_, _| async move {
            Ok(http::Response::builder()
                .header("content-type", "application/json")
                .body(Body::from(response))
                .unwrap())
        }));
        let recorder = recorder.scrub(scrub);
        VirtualClock::new().block_on(async {
            let response = recorder.send(request(), None).await.unwrap();
            response.into_body().collect(usize::MAX).await.unwrap();
        });
        recorder.to_har().unwrap()
    };
    let kept = recorder(Scrub::Secrets);
    assert!(kept.contains("ada@example.org") && kept.contains("Ada Lovelace"));
    let har = recorder(Scrub::SecretsAndPersonalData);
    for gone in ["example.org", "Lovelace", "203.0.113.7"] {
        assert!(!har.contains(gone), "{gone}:\n{har}");
    }
    assert!(har.contains("auth0|1"));
    let replay = Replay::from_har(&har).unwrap();
    let users = replay.management().users();
    let found =
        replay.clock().block_on(users.get_all().q(r#"email:"ada@example.org""#).send()).unwrap().items;
    assert_eq!(found[0].email, found[1].email);
    assert!(found[1].unknown.raw("note").unwrap().contains(found[0].email.as_deref().unwrap()));
}

#[test]
fn a_request_that_was_not_recorded_is_answered_with_what_differs() {
    let tenant = Tenant::builder().users(1).build();
    let recorder = Recorder::new(tenant.clone());
    let client =
        ManagementClient::builder(recorder.clone()).domain(tenant.domain()).token("t").build().unwrap();
    let create = |nickname: &str| NewUser::new("db").email("ada@example.com").nickname(nickname);
    let _ = tenant.clock().block_on(client.users().create(create("Ada")).send());
    let replay = Replay::from_har(&recorder.to_har().unwrap()).unwrap();
    let users = replay.management().users();
    let call = users.create(create("Grace")).retry(users_core::Retry::never());
    let error = replay.clock().block_on(call.send()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.to_string().contains(r#"nickname: "Grace", expected "Ada""#), "{error}");
    assert_eq!(replay.remaining(), 1);
    // The recorded answer is used once.
    for (expected, remaining) in [("400", 0), ("was used already", 0)] {
        let call = users.create(create("Ada")).retry(users_core::Retry::never());
        let error = replay.clock().block_on(call.send()).unwrap_err();
        assert!(error.to_string().contains(expected) || error.status().is_some(), "{error}");
        assert_eq!(replay.remaining(), remaining);
    }
}

#[test]
fn failures_of_the_transport_are_replayed_too() {
    let tenant = Tenant::builder().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    faulty.inject(Fault::ConnectRefused);
    faulty.inject(Fault::Truncated).after(1);
    let recorder = Recorder::new(faulty);
    let client = |transport: &dyn Fn() -> std::sync::Arc<dyn HttpTransport>, clock: VirtualClock| {
        let builder = ManagementClient::builder(transport()).domain("tenant.example.com").clock(clock);
        builder.token(Secret::new("mgmt-token")).retry(users_core::Retry::never()).build().unwrap().users()
    };
    let kinds = |users: &users_core::management::UsersManager, clock: VirtualClock| {
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let error = clock.block_on(users.get("auth0|1").send()).unwrap_err();
            kinds.push((error.kind(), error.may_have_been_applied(), error.to_string()));
        }
        kinds
    };
    let recorded = client(&|| std::sync::Arc::new(recorder.clone()), tenant.clock());
    let recorded = kinds(&recorded, tenant.clock());
    let replay = Replay::from_har(&recorder.to_har().unwrap()).unwrap();
    let replayed = client(&|| std::sync::Arc::new(replay.clone()), replay.clock());
    assert_eq!(kinds(&replayed, replay.clock()), recorded);
    replay.verify();
}

#[test]
fn a_recording_of_a_client_that_fetched_its_token_has_no_token() {
    let mock = MockTransport::new();
    mock.expect(RequestToken::DESCRIPTOR).json(r#"{"access_token":"opaque-token-1","expires_in":60}"#);
    mock.expect(GetUser::DESCRIPTOR).json(r#"{"nickname":"Ada"}"#);
    let recorder = Recorder::new(mock.clone());
    let client = |transport: std::sync::Arc<dyn HttpTransport>| {
        let builder = ManagementClient::builder(transport).domain("tenant.example.com");
        builder.client_credentials("my-client", "my-secret").build().unwrap().users()
    };
    let users = client(std::sync::Arc::new(recorder.clone()));
    mock.clock().block_on(users.get("auth0|1").send()).unwrap();
    let har = recorder.to_har().unwrap();
    assert!(!har.contains("opaque-token-1") && !har.contains("my-secret"), "{har}");
    let replay = Replay::from_har(&har).unwrap();
    let users = client(std::sync::Arc::new(replay.clone()));
    let user = replay.clock().block_on(users.get("auth0|1").send()).unwrap();
    assert_eq!(user.nickname.as_deref(), Some("Ada"));
    replay.verify();
}

#[test]
fn a_file_is_written_whole_and_one_that_is_no_recording_is_an_error() {
    let folder = std::env::temp_dir().join(format!("users-cassette-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("one.har");
    let recorder = Recorder::new(Tenant::new());
    recorder.save(&file).unwrap();
    assert_eq!(Replay::from_file(&file).unwrap().remaining(), 0);
    std::fs::write(&file, r#"{"log":{"version":"1.2"}}"#).unwrap();
    let error = Replay::from_file(&file).unwrap_err().to_string();
    assert!(error.contains("one.har: it is not an HTTP archive (HAR 1.2): missing field"), "{error}");
    assert!(Replay::from_file(folder.join("none.har")).unwrap_err().to_string().contains("none.har"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn bodies_that_are_not_text_are_kept() {
    let bytes = vec![0x1f, 0x8b, 0xff, 0x00];
    let answer = bytes.clone();
    let recorder = Recorder::new(users_core::transport_fn(move |_, _| {
        let answer = answer.clone();
        async move { Ok(http::Response::new(Body::from(answer))) }
    }));
    let request = || {
        http::Request::builder()
            .method(Method::GET)
            .uri("https://files.example.com/a")
            .body(Bytes::new())
            .unwrap()
    };
    let read = |transport: &dyn HttpTransport| {
        VirtualClock::new()
            .block_on(async { transport.send(request(), None).await?.into_body().collect(usize::MAX).await })
    };
    assert_eq!(read(&recorder).unwrap(), bytes);
    let replay = Replay::from_har(&recorder.to_har().unwrap()).unwrap();
    assert_eq!(read(&replay).unwrap(), bytes);
    let error: TransportError = read(&replay).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (TransportErrorKind::Invalid, Sent::No));
}

#[test]
fn the_time_to_write_a_recording_grows_with_its_length_and_not_with_its_square() {
    let time = |count: usize| {
        let tenant = Tenant::new();
        let recorder = Recorder::new(tenant.clone());
        let builder =
            ManagementClient::builder(recorder.clone()).domain(tenant.domain()).clock(tenant.clock());
        let users = builder.token(tenant.management_token()).build().unwrap().users();
        tenant.clock().block_on(async {
            for number in 0..count {
                let user =
                    NewUser::new("Username-Password-Authentication").email(format!("u{number}@example.com"));
                users.create(user.password(format!("Correct horse {number} of {count}"))).await.unwrap();
            }
        });
        let clock = SystemClock::new();
        let started = clock.now();
        let har = recorder.to_har().unwrap();
        assert!(!har.contains("Correct horse"));
        clock.now().saturating_since(started)
    };
    let (few, many) = (time(100), time(800));
    assert!(many < few * 8 * 4, "{few:?} for 100 requests, {many:?} for 800");
}
