//! The bodies of the fuzz targets in `tests/fuzz`, which the test program `fuzz_bodies` runs too.
//!
//! Each accepts any bytes and panics if a guarantee is violated. This file depends only on `users-core` and `users-mock`, because the
//! fuzz crate includes it and compiles everything with a sanitizer.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Debug;
use users_core::management::{DeleteUser, GetAllUsers, GetUser};
use users_core::model::{
    AuthenticationMethod, ErrorBody, Identity, Job, JobRowErrors, JsonObject, LogEvent, MetadataUpdate,
    Model, NewUser, Page, RefreshToken, Session, User, UserInfo, UserUpdate, json,
};
use users_core::{BaseUrl, CATALOGUE, Operation, PathTemplate, RateLimit};
use users_mock::{FaultSpec, Seed, Tenant};

/// A fuzz target: its name, and the function that runs on an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every fuzz target; `tests/fuzz` has one program for each.
pub const TARGETS: &[Target] = &[
    ("decode", decode),
    ("reader", reader),
    ("query", query),
    ("router", router),
    ("base_url", base_url),
    ("headers", headers),
    ("fault_spec", fault_spec),
];

/// A model that was decoded encodes to equal JSON, and decodes from it to an equal value.
pub fn decode(input: &[u8]) {
    round_trip::<User>(input);
    round_trip::<Page<User>>(input);
    round_trip::<Page<LogEvent>>(input);
    round_trip::<Identity>(input);
    round_trip::<Job>(input);
    round_trip::<JobRowErrors>(input);
    round_trip::<ErrorBody>(input);
    round_trip::<UserInfo>(input);
    round_trip::<Session>(input);
    round_trip::<RefreshToken>(input);
    round_trip::<AuthenticationMethod>(input);
    round_trip::<NewUser>(input);
    round_trip::<UserUpdate>(input);
    round_trip::<MetadataUpdate>(input);
    round_trip::<JsonObject>(input);
}

/// The reader of models accepts the same texts as serde_json, and reads the same values.
pub fn reader(input: &[u8]) {
    let text: Option<&RawValue> = serde_json::from_slice(input).ok();
    is_accepted_alike::<JsonObject>(input, text.is_some());
    is_accepted_alike::<Page<User>>(input, text.is_some());
    is_accepted_alike::<Vec<Session>>(input, text.is_some());
    let user = is_accepted_alike::<User>(input, text.is_some());
    for offset in [0, input.len() / 2, input.len()] {
        json::path_at(&String::from_utf8_lossy(input), offset);
    }
    let Some(text) = text else { return };
    let is_object = text.get().starts_with('{');
    let object = json::from_slice::<JsonObject>(input, usize::MAX).ok();
    assert_eq!(object.is_some(), is_object);
    assert_eq!(user.is_some(), is_object);
    let (Some(object), Some(user)) = (object, user) else { return };
    // Fails for a key with a lone surrogate, which serde_json cannot decode.
    let Ok(entries) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text.get()) else { return };
    let found: BTreeMap<&str, &str> = object.iter().collect();
    assert_eq!(found, entries.iter().map(|(key, value)| (key.as_str(), value.get())).collect());
    assert_eq!(object.len(), entries.len());
    // The field of a key has the value that serde_json reads, or none and the text is kept.
    let value = |key: &str| entries.get(key).map_or("", |value| value.get());
    field(&user, "email", value("email"), user.email.as_ref());
    field(&user, "user_id", value("user_id"), user.user_id.as_ref());
    field(&user, "email_verified", value("email_verified"), user.email_verified.as_ref());
    field(&user, "logins_count", value("logins_count"), user.logins_count.as_ref());
    field(&user, "blocked", value("blocked"), user.blocked.as_ref());
    field(&user, "created_at", value("created_at"), user.created_at.as_ref());
    field(&user, "multifactor", value("multifactor"), user.multifactor.as_ref());
    let unknown = entries.keys().filter(|key| !User::FIELDS.contains(&key.as_str()));
    unknown.for_each(|key| assert_eq!(user.unknown.raw(key), Some(value(key)), "{key}"));
}

/// Reads a model, and compares whether the text is accepted as JSON.
fn is_accepted_alike<T: Model>(input: &[u8], is_json: bool) -> Option<T> {
    let read = json::from_slice::<T>(input, usize::MAX);
    let is_accepted = !matches!(read, Err(json::ReadError::Syntax(_)));
    // A value of another shape ends reading before a later syntax error is found.
    let is_shape = matches!(read, Err(json::ReadError::Shape { .. }));
    assert!(
        is_accepted == is_json || is_shape,
        "{}: {read:?}",
        String::from_utf8_lossy(input),
        read = read.err()
    );
    read.ok()
}

fn field<T: DeserializeOwned + PartialEq + Debug>(user: &User, key: &str, value: &str, field: Option<&T>) {
    let expected = serde_json::from_str::<T>(value).ok();
    assert_eq!(field, expected.as_ref(), "{key}: {value}");
    let kept = (!value.is_empty() && expected.is_none()).then_some(value);
    assert_eq!(user.unknown.raw(key), kept, "{key}");
}

fn round_trip<T: DeserializeOwned + Serialize + PartialEq + Debug>(input: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(input) else { return };
    let text = serde_json::to_string(&read).expect("a decoded value can be encoded");
    let input_text = String::from_utf8_lossy(input);
    assert!(
        json::equal(&input_text, &text),
        "{}: {input_text} is encoded as {text}",
        std::any::type_name::<T>()
    );
    let again: T = serde_json::from_str(&text).expect("an encoded value can be decoded");
    assert!(read == again, "{}: {text}", std::any::type_name::<T>());
}

/// The tenant answers a search with 200, 400 or 414, whatever `q` is.
pub fn query(input: &[u8]) {
    let tenant = tenant();
    let query = percent_encoded(input);
    let Ok(request) = Request::get(format!("https://tenant.example.com/api/v2/users?q={query}"))
        .header("authorization", "Bearer t")
        .body(Bytes::new())
    else {
        return;
    };
    let status = tenant.handle(request).status().as_u16();
    assert!(matches!(status, 200 | 400 | 414), "{status}");
}

/// The tenant answers any request, with a body of the type that it states, and no `GET` changes a user.
///
/// The input is a byte that chooses an operation, and parts that end with a line feed: the path's parameter, the query, headers as
/// `name:value` until an empty one, and the body.
pub fn router(input: &[u8]) {
    let tenant = tenant();
    let (choice, rest) = input.split_first().map_or((0, input), |(first, rest)| (usize::from(*first), rest));
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (parameter, query, mut rest) = (part(), part(), part());
    let descriptor = CATALOGUE.get(choice % (CATALOGUE.len() + 1));
    let parameter = if parameter.is_empty() { "auth0%7C1".to_owned() } else { percent_encoded(parameter) };
    let path = descriptor.map_or_else(
        || format!("/{parameter}"),
        |descriptor| format!("/api/v2{}", filled(&descriptor.path, &parameter)),
    );
    let method = descriptor.map_or(http::Method::GET, |descriptor| descriptor.method.clone());
    let query = String::from_utf8_lossy(query);
    let mut request =
        Request::builder().method(method.clone()).uri(format!("https://tenant.example.com{path}?{query}"));
    if choice < 224 {
        request = request.header("authorization", "Bearer t");
    }
    loop {
        let (line, behind) = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or((rest, &[] as &[u8]), |end| (&rest[..end], &rest[end + 1..]));
        rest = behind;
        let Some((name, value)) = header(line) else { break };
        request = request.header(name, value);
    }
    let Ok(request) = request.body(Bytes::copy_from_slice(rest)) else { return };
    let before: Vec<Option<User>> = tenant.user_ids().iter().map(|id| tenant.user(id)).collect();
    let response = tenant.handle(request);
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") && !response.body().is_empty() {
        serde_json::from_slice::<&serde_json::value::RawValue>(response.body())
            .expect("JSON, as the content type states");
    }
    if method == http::Method::GET {
        let after: Vec<Option<User>> = tenant.user_ids().iter().map(|id| tenant.user(id)).collect();
        assert!(before == after, "GET {path} has changed a user");
    }
    assert!(response.status() != StatusCode::INTERNAL_SERVER_ERROR);
}

/// An accepted base URL has no part that could lead to another host, and parses again to an equal value.
pub fn base_url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(url) = BaseUrl::parse(text) else { return };
    assert!(!url.authority().contains(['@', '/', '?', '#', ' ']), "{url:?}");
    let path = url.path();
    assert!(path.is_empty() || (path.starts_with('/') && !path.ends_with('/')), "{url:?}");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    assert!(path.chars().all(is_plain) && !path.contains("//"), "{url:?}");
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{url:?}");
    let scheme = if url.is_plain_http() { "http" } else { "https" };
    let again = BaseUrl::parse(&format!("{scheme}://{}{path}", url.authority()))
        .expect("an accepted URL is accepted again");
    assert!(url == again, "{url:?} {again:?}");
}

/// A response with any status, headers and body is decoded or becomes an error that can be printed.
pub fn headers(input: &[u8]) {
    let (status, mut rest) = input.split_first().map_or((0, input), |(first, rest)| (*first, rest));
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(100 + u16::from(status) * 2).unwrap_or(StatusCode::OK);
    const NAMES: [&str; 6] = [
        "retry-after",
        "date",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "content-type",
    ];
    for name in NAMES {
        let (line, behind) = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or((rest, &[] as &[u8]), |end| (&rest[..end], &rest[end + 1..]));
        rest = behind;
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_bytes(line)) {
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = Bytes::copy_from_slice(rest);
    let _ = RateLimit::from_headers(response.headers());
    shown::<GetUser>(&response);
    shown::<GetAllUsers>(&response);
    shown::<DeleteUser>(&response);
}

fn shown<O: Operation>(response: &Response<Bytes>) {
    if let Err(error) = O::decode(response.clone()) {
        let text = format!("{error} {error:?} {:?} {:?}", error.rate_limit(), error.retry_after());
        assert!(text.len() < 64 * 1024, "an error of {} bytes", text.len());
    }
}

/// A fault specification is parsed, or refused with a reason.
pub fn fault_spec(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match text.parse::<FaultSpec>() {
        Ok(spec) => assert!(!format!("{spec:?}").is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A tenant of a few users, one of which has every kind of data.
fn tenant() -> Tenant {
    const USER: &str = r#"{"user_id":"auth0|1","username":"ada","email":"ada@example.com","name":"Ada Lovelace","logins_count":5,
        "user_metadata":{"a":{"b":[1,"x"]},"plan":"gold"},"app_metadata":{"n":1e400},
        "identities":[{"provider":"auth0","connection":"Username-Password-Authentication","user_id":"1","isSocial":false},
                      {"provider":"github","connection":"github","user_id":7,"isSocial":true}]}"#;
    let seed = Seed::new().user(USER).expect("a user");
    let seed = seed.belongings("auth0|1", "sessions", r#"[{"id":"s1"}]"#).expect("sessions");
    Tenant::builder().token("t").users(2).seed(seed).build()
}

/// The path with this value for every parameter; a value that the template refuses is inserted unchanged.
fn filled(template: &PathTemplate, parameter: &str) -> String {
    template
        .parameters()
        .fold(template.to_string(), |path, name| path.replace(&format!("{{{name}}}"), parameter))
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let at = line.iter().position(|byte| *byte == b':')?;
    Some((HeaderName::from_bytes(&line[..at]).ok()?, HeaderValue::from_bytes(&line[at + 1..]).ok()?))
}

fn percent_encoded(input: &[u8]) -> String {
    let mut text = String::with_capacity(input.len() * 3);
    for byte in input {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
