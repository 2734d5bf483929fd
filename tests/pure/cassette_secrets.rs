//! Cassettes that hold secrets in every place and notation.

use bytes::Bytes;
use users_core::{Body, HttpTransport};
use users_mock::{Recorder, Scrub, VirtualClock};

/// A name, an exchange, and what its recording must not contain.
type Case = (&'static str, http::Request<Bytes>, http::Response<Bytes>, Vec<String>);

/// Sends a request through a recorder whose server gives this response, and returns the file.
fn record_with(scrub: Scrub, request: http::Request<Bytes>, response: http::Response<Bytes>) -> String {
    let (parts, body) = response.into_parts();
    let recorder = Recorder::new(users_core::transport_fn(move |_, _| {
        let mut response = http::Response::new(Body::from(body.clone()));
        *response.headers_mut() = parts.headers.clone();
        *response.status_mut() = parts.status;
        async { Ok(response) }
    }))
    .scrub(scrub);
    VirtualClock::new().block_on(async {
        let response = recorder.send(request, None).await.unwrap();
        response.into_body().collect(usize::MAX).await.unwrap();
    });
    recorder.to_har().unwrap()
}

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

fn post(kind: &str, body: impl Into<Bytes>) -> http::Request<Bytes> {
    http::Request::post("https://tenant.example.com/oauth/token")
        .header("content-type", kind)
        .body(body.into())
        .unwrap()
}

fn ok(kind: &str, body: impl Into<Bytes>) -> http::Response<Bytes> {
    http::Response::builder().header("content-type", kind).body(body.into()).unwrap()
}

fn location(value: &str) -> http::Response<Bytes> {
    http::Response::builder().status(302).header("location", value).body(Bytes::new()).unwrap()
}

#[test]
fn no_secret_is_in_a_recording_wherever_and_however_it_is_written() {
    use base64::Engine as _;
    let b64 = |text: &[u8]| base64::engine::general_purpose::STANDARD.encode(text);
    let j = "application/json";
    let empty = || ok(j, "{}");
    let multipart = |body: String| {
        http::Request::post("https://t.example.com/x")
            .header("content-type", "multipart/form-data; boundary=x1y2z3")
            .body(Bytes::from(body))
            .unwrap()
    };
    let mut cases: Vec<Case> = vec![];
    // The secret stands once in each exchange, so that no other place tells what it is.
    let s = "hunter2-secret";
    let mut add = |name, request, response| {
        cases.push((
            name,
            request,
            response,
            vec![s.to_owned(), b64(s.as_bytes()), b64(format!("client:{s}").as_bytes())],
        ))
    };
    add("location relative", get("https://t.example.com/a"), location(&format!("/callback?code={s}&x=1")));
    add(
        "location fragment",
        get("https://t.example.com/a"),
        location(&format!("https://app.example.com/cb#access_token={s}&x=1")),
    );
    add(
        "location query+fragment",
        get("https://t.example.com/a"),
        location(&format!("https://app.example.com/cb?x=1#access_token={s}&x=1")),
    );
    add("userinfo", get(&format!("https://user:{s}@t.example.com/a")), empty());
    add("url semicolon", get(&format!("https://t.example.com/a?x=1;password={s}")), empty());
    add("encoded key in url", get(&format!("https://t.example.com/a?pass%77ord={s}")), empty());
    add(
        "nested url in query",
        get(&format!(
            "https://t.example.com/a?redirect_uri=https%3A%2F%2Fapp%2Fcb%3Faccess_token%3D{s}%26x%3D1"
        )),
        empty(),
    );
    add("encoded key in form", post("application/x-www-form-urlencoded", format!("pass%77ord={s}")), empty());
    add(
        "form upper-case type",
        post("Application/X-WWW-Form-Urlencoded", format!("a=b&password={s}")),
        empty(),
    );
    add("form without type", post("text/plain", format!("a=b&password={s}")), empty());
    add(
        "form with leading space type",
        post(" application/x-www-form-urlencoded", format!("a=b&password={s}")),
        empty(),
    );
    add(
        "form bracket",
        post("application/x-www-form-urlencoded", format!("a=b&user[password]={s}")),
        empty(),
    );
    add(
        "form bracket array",
        post("application/x-www-form-urlencoded", format!("a=b&token[0]={s}&token[]={s}")),
        empty(),
    );
    add(
        "multipart field",
        multipart(format!(
            "--x1y2z3\r\ncontent-disposition: form-data; name=\"client_secret\"\r\n\r\n{s}\r\n--x1y2z3--\r\n"
        )),
        empty(),
    );
    add(
        "multipart multiline json",
        multipart(format!(
            "--x1y2z3\r\ncontent-disposition: form-data; name=\"users\"\r\n\r\n[\r\n{{\r\n\"password_hash\":\"{s}\"\r\n}}\r\n]\r\n--x1y2z3--\r\n"
        )),
        empty(),
    );
    let mut raw = format!("--x1y2z3\r\ncontent-disposition: form-data; name=\"users\"\r\n\r\n[{{\"password_hash\":\"{s}\"}}]\r\n--x1y2z3\r\n\r\n").into_bytes();
    raw.push(0xff);
    cases.push((
        "multipart non-utf8",
        http::Request::post("https://t.example.com/x")
            .header("content-type", "multipart/form-data; boundary=x1y2z3")
            .body(Bytes::from(raw))
            .unwrap(),
        empty(),
        vec![s.into()],
    ));
    let mut raw = format!("{{\"access_token\":\"{s}\",\"x\":\"").into_bytes();
    raw.extend_from_slice(b"\xff\"}");
    cases.push(("json non-utf8 response", get("https://t.example.com/"), ok(j, raw), vec![s.into()]));
    let mut add = |name, request, response| {
        cases.push((
            name,
            request,
            response,
            vec![s.to_owned(), b64(s.as_bytes()), b64(format!("client:{s}").as_bytes())],
        ))
    };
    add("json escaped key", post(j, format!("{{\"pass\\u0077ord\":\"{s}\"}}")), empty());
    add(
        "json in json string",
        post(
            j,
            format!("{{\"note\":{}}}", serde_json::to_string(&format!("{{\"password\":\"{s}\"}}")).unwrap()),
        ),
        empty(),
    );
    add("json with bom", post(j, format!("\u{feff}{{\"password\":\"{s}\"}}")), empty());
    add("json cut off", get("https://t.example.com/"), ok(j, format!("{{\"access_token\":\"{s}\",\"x\":")));
    add(
        "pretty json cut off",
        get("https://t.example.com/"),
        ok(j, format!("{{\n\"access_token\": \"{s}\",\n\"x\":")),
    );
    add("json secrets array", post(j, format!("{{\"passwords\":[\"{s}\"],\"x\":1}}")), empty());
    add("json secretAccessKey", post(j, format!("{{\"secretAccessKey\":\"{s}\"}}")), empty());
    add("json smtp_pass", post(j, format!("{{\"smtp_pass\":\"{s}\"}}")), empty());
    add("json signing_key", post(j, format!("{{\"signing_key\":\"{s}\"}}")), empty());
    add("json number-ish bool", post(j, format!("{{\"password\":[{{\"x\":\"{s}\"}}]}}")), empty());
    add(
        "json otpauth with spaces",
        get("https://t.example.com/"),
        ok(j, format!("{{\"barcode_uri\":\"otpauth://totp/My App:ada?secret={s}&issuer=x\"}}")),
    );
    add(
        "json url fragment",
        get("https://t.example.com/"),
        ok(j, format!("{{\"url\":\"https://app.example.com/cb#access_token={s}\"}}")),
    );
    add(
        "json url in prose",
        get("https://t.example.com/"),
        ok(j, format!("{{\"message\":\"see https://app.example.com/u/reset?ticket={s} please\"}}")),
    );
    add(
        "text url (impersonation)",
        get("https://t.example.com/"),
        ok("text/plain", format!("https://app.example.com/u/reset?ticket={s}")),
    );
    add(
        "html form",
        get("https://t.example.com/"),
        ok(
            "text/html",
            format!(
                "<input type=hidden name=\"state\" value=\"x\"><input name=\"access_token\" value=\"{s}\">"
            ),
        ),
    );
    add(
        "basic echo",
        http::Request::post("https://t.example.com/oauth/token")
            .header("authorization", format!("Basic {}", b64(format!("client:{s}").as_bytes())))
            .body(Bytes::from(format!("x={s}")))
            .unwrap(),
        ok(j, format!("{{\"note\":\"{s}\"}}")),
    );
    add(
        "basic of body secret in body",
        post(j, format!("{{\"client_secret\":\"{s}\"}}")),
        ok(j, format!("{{\"note\":\"Basic {}\"}}", b64(format!("client:{s}").as_bytes()))),
    );
    add(
        "auth header in json",
        post(j, format!("{{\"headers\":{{\"authorization\":\"Bearer {s}\"}}}}")),
        empty(),
    );
    add("cookie in json", post(j, format!("{{\"headers\":{{\"cookie\":\"auth0={s}\"}}}}")), empty());
    add(
        "header dpop",
        http::Request::get("https://t.example.com/")
            .header("dpop", s)
            .header("x-auth-token", s)
            .body(Bytes::new())
            .unwrap(),
        empty(),
    );
    add(
        "header x-amz-security-token",
        http::Request::get("https://t.example.com/")
            .header("x-forwarded-authorization", format!("Bearer {s}"))
            .body(Bytes::new())
            .unwrap(),
        empty(),
    );
    add(
        "set-cookie then echo",
        get("https://t.example.com/"),
        http::Response::builder()
            .header("set-cookie", format!("auth0={s}; Path=/; HttpOnly"))
            .header("content-type", j)
            .body(Bytes::from(format!("{{\"note\":\"{s}\"}}")))
            .unwrap(),
    );
    add(
        "cookie then echo",
        http::Request::get("https://t.example.com/")
            .header("cookie", format!("a=b; auth0={s}"))
            .body(Bytes::new())
            .unwrap(),
        ok(j, format!("{{\"note\":\"{s}\"}}")),
    );
    add(
        "bearer lower-case echo",
        http::Request::get("https://t.example.com/")
            .header("authorization", format!("bearer  {s}"))
            .body(Bytes::new())
            .unwrap(),
        ok(j, format!("{{\"note\":\"{s}\"}}")),
    );
    add(
        "ndjson",
        get("https://t.example.com/"),
        ok("application/x-ndjson", format!("{{\"a\":1}}\n{{\"password\":\"{s}\"}}\n")),
    );
    add(
        "presigned in path json",
        get("https://t.example.com/"),
        ok(j, format!("{{\"location\":\"https://s3.example.com/f?X-Amz-Signature={s}#x\"}}")),
    );
    add("azure sas", get(&format!("https://b.blob.core.windows.net/f?sv=1&sig={s}&se=2")), empty());
    add(
        "gcs",
        get(&format!("https://storage.googleapis.com/f?GoogleAccessId=1&Expires=5&Signature={s}")),
        empty(),
    );
    add(
        "cloudfront",
        get(&format!("https://x.cloudfront.net/f?Policy={s}&Key-Pair-Id=1&Signature=abc")),
        empty(),
    );
    add("exports signed path", post(j, format!("{{\"Password\":\"{s}\",\"PASSWORD\":\"{s}\"}}")), empty());
    for (name, request, response, forbidden) in cases {
        let har = record_with(Scrub::Secrets, request, response);
        let value: serde_json::Value = serde_json::from_str(&har).unwrap();
        let texts = ["/log/entries/0/request/postData/text", "/log/entries/0/response/content/text"];
        let texts = texts.iter().filter_map(|place| value.pointer(place)?.as_str());
        let decoded = texts.filter_map(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
        let shown = decoded.fold(har.clone(), |shown, bytes| shown + &String::from_utf8_lossy(&bytes));
        for form in &forbidden {
            assert!(!shown.contains(form.as_str()), "{name}: {form} is in the file:\n{har}");
        }
    }
}

#[test]
fn personal_data_are_replaced_in_searches_and_forms_too() {
    let j = "application/json";
    for (name, request, response, forbidden) in [
        (
            "q name",
            get("https://t.example.com/api/v2/users?q=name%3A%22Ada%20Lovelace%22"),
            ok(j, r#"[{"name":"Ada Lovelace","email":"ada@x.com"}]"#),
            vec!["Lovelace"],
        ),
        (
            "q phone",
            get("https://t.example.com/api/v2/users?q=phone_number%3A%22%2B15551234567%22"),
            ok(j, "[]"),
            vec!["15551234567"],
        ),
        (
            "form username",
            post("application/x-www-form-urlencoded", "username=adalovelace&password=xyzxyz"),
            ok(j, "{}"),
            vec!["adalovelace"],
        ),
        (
            "ip array",
            get("https://t.example.com/api/v2/users"),
            ok(j, r#"[{"blocked_for":[{"identifier":"ada","ip":"10.1.2.3"}]}]"#),
            vec!["10.1.2.3"],
        ),
        (
            "identifier=",
            get("https://t.example.com/api/v2/user-blocks?identifier=ada%40x.com"),
            ok(j, "{}"),
            vec!["ada%40x.com"],
        ),
        (
            "double encoded",
            get("https://t.example.com/api/v2/users?q=email%3A%22ada%40x.com%22"),
            ok(j, r#"{"m":"ada@localhost"}"#),
            vec!["ada%40x.com"],
        ),
    ] {
        let har = record_with(Scrub::SecretsAndPersonalData, request, response);
        for form in forbidden {
            assert!(!har.contains(form), "{name}: {form} is in the file:\n{har}");
        }
    }
}

#[test]
fn a_request_with_personal_data_is_replayed_from_a_recording_without_them() {
    let tenant = users_mock::Tenant::builder().users(1).build();
    let id = tenant.user_ids().remove(0);
    let recorder = Recorder::new(tenant.clone()).scrub(Scrub::SecretsAndPersonalData);
    let client = |transport: Recorder| {
        let builder = users_core::ManagementClient::builder(transport).domain(tenant.domain());
        builder.token(tenant.management_token()).build().unwrap().users()
    };
    let update =
        || users_core::model::UserUpdate::new().picture("https://example.org/ada.png").name("Ada Lovelace");
    let recorded = client(recorder.clone());
    tenant.clock().block_on(async {
        recorded.update(&id, update()).await.unwrap();
        recorded.get_all().q("name:\"Ada Lovelace\" AND logins_count:[0 TO *]").await.unwrap();
    });
    let har = recorder.to_har().unwrap();
    assert!(!har.contains("Lovelace") && !har.contains("ada.png"), "{har}");
    assert!(har.contains("logins"), "the rest of the search is kept");
    let replay = users_mock::Replay::from_har(&har).unwrap();
    let users = replay.management().users();
    replay.clock().block_on(async {
        users.update(&id, update()).await.unwrap();
        users.get_all().q("name:\"Ada Lovelace\" AND logins_count:[0 TO *]").await.unwrap();
    });
}
