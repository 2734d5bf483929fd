//! What was recorded of Auth0, one row for each statement, with the recording that shows it.
//!
//! The tenant does not follow these: the limits of `/userinfo` and of logins with a password, because it limits the Management API only;
//! the grants that log users in; several custom domains; what roles and organizations show since 2026 (`type`, `third_party_client_access`,
//! `is_app_entitlement_active`), which recordings of 2023 lack; and that telemetry is in the log, which has only seeded entries.

mod belongings;
mod organizations;
mod service;
mod users;

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::Value;
use std::collections::BTreeSet;
use users_mock::{Limits, Tenant};

const SEED: &str = r#"{
    "users": [
        {"user_id": "auth0|1", "email": "ada@example.com", "name": "Ada"},
        {"user_id": "auth0|2", "email": "bob@example.com", "name": "Bob", "email_verified": true},
        {"user_id": "github|a/b%3A", "email": "path@example.com"}
    ],
    "roles": [
        {"id": "rol_1", "name": "viewer", "description": "Views"}, {"id": "rol_2", "name": "admin"}, {"id": "rol_3", "name": "editor"}
    ],
    "resource_servers": [
        {"id": "1", "identifier": "https://api.example.com/", "name": "Orders", "scopes": [{"value": "write:orders", "description": "Write"}, {"value": "read:orders", "description": "Read"}]}
    ],
    "clients": [{"client_id": "app", "name": "App", "initiate_login_uri": "https://app.example.com/login"}],
    "organizations": [{"id": "org_Aaaaaaaaaaaaaaaa", "name": "acme", "display_name": "Acme"}],
    "device_credentials": [{"id": "dcr_1", "user_id": "auth0|1", "type": "public_key", "device_name": "Phone", "client_id": "app"}],
    "logs": [
        {"log_id": "90020230602105804120563000000000000001223372045029303662", "date": "2023-06-02T10:57:58.000Z", "type": "ss", "description": "", "ip": "10.0.0.1", "isMobile": false, "user_agent": "Firefox"},
        {"log_id": "90020230602105804441281000000000000001223372045029304287", "date": "2023-06-02T10:57:59.007Z", "type": "sapi", "description": "Create a user", "ip": "10.0.0.1", "isMobile": false, "user_agent": "Firefox"},
        {"log_id": "90020230602105805996607000000000000001223372045029306413", "date": "2023-06-02T10:58:01.495Z", "type": "ss", "description": "", "ip": "10.0.0.1", "isMobile": false, "user_agent": "Firefox"}
    ],
    "belongings": {"auth0|1": {
        "sessions": [{"id": "ses_1", "user_id": "auth0|1"}, {"id": "ses_2", "user_id": "auth0|1"}],
        "refresh_tokens": [{"id": "tok_1", "user_id": "auth0|1", "client_id": "app"}],
        "grants": [{"id": "5f0c6bd15f0c6bd15f0c6bd1", "clientID": "app", "user_id": "auth0|1", "audience": "https://api.example.com/", "scope": []}]
    }}
}"#;

/// The section of the specification, the recording, and what it shows.
struct Row(&'static str, &'static str, Vec<Exchange>);

/// A request, and what its response has.
struct Exchange {
    method: &'static str,
    target: String,
    token: Token,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    status: u16,
    shown: Value,
    shown_headers: Vec<(&'static str, &'static str)>,
}

#[derive(PartialEq)]
enum Token {
    Management,
    ReadUsers,
    User,
    Absent,
}

/// A request to the Management API. In its path and body, `<1/id>` stands for a value in the response to the second request.
fn ask(method: &'static str, path: &str) -> Exchange {
    let target = if path.starts_with("/oauth/") || path.starts_with("/userinfo") {
        path.to_owned()
    } else {
        format!("/api/v2{path}")
    };
    Exchange {
        method,
        target,
        token: Token::Management,
        headers: vec![("content-type", "application/json")],
        body: String::new(),
        status: 0,
        shown: Value::Null,
        shown_headers: Vec::new(),
    }
}

impl Exchange {
    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    fn body(mut self, kind: &'static str, body: &str) -> Self {
        self.headers = vec![("content-type", kind)];
        body.clone_into(&mut self.body);
        self
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn by(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    /// The response has this status and body. Of an object, the members named here are compared; `"absent"` is none, `{"only": …}` has no
    /// others, and a text with `#` and `*` stands for one and any number of letters and digits, or of any characters.
    fn gives(mut self, status: u16, shown: Value) -> Self {
        (self.status, self.shown) = (status, shown);
        self
    }

    /// The response has this header; the value `absent` means that it has not.
    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.shown_headers.push((name, value));
        self
    }
}

fn assert_as_recorded(rows: Vec<Row>) {
    let mut failures = Vec::new();
    for Row(section, recording, exchanges) in rows {
        let tenant = Tenant::builder().limits(Limits::enterprise()).users(60).build();
        tenant.seed_json(SEED).unwrap();
        let mut given: Vec<Value> = Vec::new();
        for (number, exchange) in exchanges.iter().enumerate() {
            let response = send(&tenant, exchange, &given);
            let body: Value = serde_json::from_slice(response.body())
                .unwrap_or_else(|_| String::from_utf8_lossy(response.body()).into_owned().into());
            let mut differences = Vec::new();
            if response.status().as_u16() != exchange.status {
                differences.push(format!("status {}, not {}", response.status(), exchange.status));
            }
            compare("", &exchange.shown, &body, &mut differences);
            compare_headers(exchange, response.headers(), &mut differences);
            if !differences.is_empty() {
                let request = format!("{} {}", exchange.method, exchange.target);
                let all = differences.join("\n    ");
                failures.push(format!(
                    "{section}, {recording}, request {number}: {request}\n    {all}\n    {body}"
                ));
            }
            given.push(body);
        }
    }
    assert!(
        failures.is_empty(),
        "{} differ from what was recorded:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn send(tenant: &Tenant, exchange: &Exchange, given: &[Value]) -> http::Response<Bytes> {
    let percent = |text: &str| text.replace('|', "%7C");
    let target = fill(&exchange.target, given, percent);
    let token = match exchange.token {
        Token::Management => Some(tenant.management_token()),
        Token::ReadUsers => Some(tenant.management_token_with(&["read:users"])),
        Token::User => tenant.access_token_for("auth0|1"),
        Token::Absent => None,
    };
    let mut request =
        Request::builder().method(exchange.method).uri(format!("https://tenant.example.com{target}"));
    for (name, value) in &exchange.headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {}", token.expose()));
    }
    tenant.handle(request.body(fill(&exchange.body, given, str::to_owned).into()).unwrap())
}

/// Puts values of earlier responses in the place of their pointers.
fn fill(text: &str, given: &[Value], write: impl Fn(&str) -> String) -> String {
    let mut parts = text.split('<');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_pointer = part.starts_with(|first: char| first.is_ascii_digit());
        let Some((place, rest)) = part.split_once('>').filter(|_| is_pointer) else {
            filled += "<";
            filled += part;
            continue;
        };
        let (number, pointer) = place.split_at(place.find('/').unwrap());
        let value = given[number.parse::<usize>().unwrap()].pointer(pointer);
        filled += &write(value.and_then(Value::as_str).unwrap_or_else(|| panic!("{place} is absent")));
        filled += rest;
    }
    filled
}

fn compare(path: &str, expected: &Value, given: &Value, differences: &mut Vec<String>) {
    match (expected, given) {
        (Value::Object(expected), _) if expected.contains_key("only") => {
            let expected = &expected["only"];
            compare(path, expected, given, differences);
            let keys = |value: &Value| -> BTreeSet<String> {
                value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
            };
            if keys(expected) != keys(given) {
                differences.push(format!("{path} has {:?}, not {:?}", keys(given), keys(expected)));
            }
        }
        (Value::Object(expected), Value::Object(given)) => {
            for (key, value) in expected {
                match given.get(key) {
                    None if value == "absent" => {}
                    None => differences.push(format!("{path}/{key} is absent")),
                    Some(given) => compare(&format!("{path}/{key}"), value, given, differences),
                }
            }
        }
        (Value::Array(expected), Value::Array(given)) if expected.len() == given.len() => {
            for (index, (expected, given)) in expected.iter().zip(given).enumerate() {
                compare(&format!("{path}/{index}"), expected, given, differences);
            }
        }
        (Value::String(pattern), Value::String(given)) if fits(pattern.as_bytes(), given.as_bytes()) => {}
        _ if expected == given => {}
        _ => differences.push(format!("{path} is {given}, not {expected}")),
    }
}

fn compare_headers(exchange: &Exchange, headers: &HeaderMap, differences: &mut Vec<String>) {
    for (name, expected) in &exchange.shown_headers {
        let given = headers.get(*name).map_or("absent", |value| value.to_str().unwrap());
        if !fits(expected.as_bytes(), given.as_bytes()) {
            differences.push(format!("the header {name} is {given:?}, not {expected:?}"));
        }
    }
}

fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skipped| fits(rest, &text[skipped..])),
        (Some((b'#', rest)), Some((first, text))) => first.is_ascii_alphanumeric() && fits(rest, text),
        (Some((letter, rest)), Some((first, text))) => letter == first && fits(rest, text),
        (Some(_), None) => false,
    }
}
