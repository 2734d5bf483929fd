//! The bodies of every operation, compared with full values of the contract's types.

use super::facts::Facts;
use super::requests;
use super::value::{PLAIN_TEXT, full};
use super::{Drift, is_endpoint};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use users_core::bodies::{Bodies, Decoded};
use users_model::*;

/// Every key that the model of a request can send.
#[rustfmt::skip]
const SENT: &[(&str, &[&str])] = &[
    ("POST /dbconnections/signup",                                           NewSignup::FIELDS),
    ("POST /jobs/users-exports",                                             UsersExport::FIELDS),
    ("POST /jobs/verification-email",                                        VerificationEmail::FIELDS),
    ("POST /refresh-tokens/revoke",                                          RefreshTokenRevocation::FIELDS),
    ("PATCH /refresh-tokens/{id}",                                           RefreshTokenUpdate::FIELDS),
    ("PATCH /sessions/{id}",                                                 SessionUpdate::FIELDS),
    ("POST /tickets/email-verification",                                     EmailVerificationTicket::FIELDS),
    ("POST /tickets/password-change",                                        PasswordChangeTicket::FIELDS),
    ("POST /users",                                                          NewUser::FIELDS),
    ("PATCH /users/{id}",                                                    UserUpdate::FIELDS),
    ("POST /users/{id}/authentication-methods",                              NewAuthenticationMethod::FIELDS),
    ("PUT /users/{id}/authentication-methods",                               AuthenticationMethodReplacement::FIELDS),
    ("PATCH /users/{id}/authentication-methods/{authentication_method_id}",  AuthenticationMethodUpdate::FIELDS),
    ("POST /users/{id}/identities",                                          LinkTarget::FIELDS),
    ("DELETE /users/{id}/permissions",                                       PermissionRef::FIELDS),
    ("POST /users/{id}/permissions",                                         PermissionRef::FIELDS),
    ("POST /users/{id}/revoke-access",                                       AccessRevocation::FIELDS),
    ("POST /users/{id}/risk-assessments/clear",                              RiskAssessmentClearance::FIELDS),
];

/// The number of alternatives and enum values of a type that are checked in turn.
const CHOICES: usize = 60;

/// Compares every request and every response of the contract with the operation's own types.
pub fn check(facts: &Facts, drifts: &mut Vec<Drift>) {
    for (name, operation) in &facts.operations {
        let Some(bodies) = bodies_of(name) else {
            drifts.push((name.clone(), "is not declared by operations!".to_owned()));
            continue;
        };
        let mut report = |what: &str, problem: String| {
            let drift = (name.clone(), format!("the {what}: {problem}"));
            if !drifts.contains(&drift) {
                drifts.push(drift);
            }
        };
        check_request(facts, name, &operation.request, bodies, &mut report);
        for kind in operation.success.values() {
            check_body(facts, kind, bodies.response, |problem| report("response", problem));
        }
    }
}

/// The bodies of the endpoint that the contract names `GET /users/{id}`.
fn bodies_of(name: &str) -> Option<&'static Bodies> {
    users_core::bodies().find(|bodies| is_endpoint(bodies.descriptor, name))
}

fn check_request(
    facts: &Facts,
    name: &str,
    kind: &Value,
    bodies: &Bodies,
    report: &mut impl FnMut(&str, String),
) {
    if let Some((_, sent)) = SENT.iter().find(|(known, _)| *known == name) {
        let allowed: BTreeSet<String> =
            (0..CHOICES).flat_map(|choice| keys(&full(facts, kind, choice))).collect();
        for key in sent.iter().filter(|key| !allowed.contains(**key)) {
            report("request", format!("\"{key}\" is not in the contract"));
        }
    }
    match bodies.request {
        Some(request) => check_body(facts, kind, request, |problem| report("request", problem)),
        None if name == "POST /jobs/users-imports" => {
            import_form(&full(facts, kind, 0)).into_iter().for_each(|problem| report("request", problem));
        }
        None if kind.is_null() => {}
        None => match requests::properties(bodies.descriptor.name) {
            Ok(sent) => {
                let allowed: BTreeSet<String> =
                    (0..CHOICES).flat_map(|choice| properties(&full(facts, kind, choice))).collect();
                let missing = allowed.difference(&sent).map(|name| format!("does not send {name}"));
                let extra = sent.difference(&allowed).map(|name| format!("{name} is not in the contract"));
                missing.chain(extra).for_each(|problem| report("request", problem));
            }
            Err(problem) => report("request", problem),
        },
    }
}

/// Checks that a type decodes every property, names every enum value, and encodes to the same JSON.
fn check_body(
    facts: &Facts,
    kind: &Value,
    decode: impl Fn(&str) -> Result<Decoded, String>,
    mut report: impl FnMut(String),
) {
    if kind.is_null() {
        return;
    }
    if kind == "text" {
        let returned = decode(PLAIN_TEXT).map(|decoded| decoded.json);
        if returned.as_deref() != Ok(&Value::from(PLAIN_TEXT).to_string()) {
            report(format!("is plain text, and is decoded as {returned:?}"));
        }
        return;
    }
    for choice in 0..CHOICES {
        let value = full(facts, kind, choice);
        match decode(&value.to_string()) {
            Err(error) => report(format!("cannot be decoded: {error}")),
            Ok(decoded) => problems(&value, &decoded).into_iter().for_each(&mut report),
        }
    }
}

fn problems(value: &Value, decoded: &Decoded) -> Vec<String> {
    let mut problems = Vec::new();
    match serde_json::from_str::<Value>(&decoded.json) {
        Ok(back) if back == *value => {}
        Ok(Value::Null) => problems.push("has no model".to_owned()),
        Ok(back) => problems.push(format!("is encoded differently: {back}")),
        Err(error) => problems.push(format!("cannot be encoded: {error}")),
    }
    // `Debug` lists, at every depth, the keys that a model has no field for, and the enum values that it does not name.
    let after = |mark: &str, end: char| -> Vec<String> {
        let rest = decoded.debug.split(mark).skip(1);
        rest.filter_map(|rest| rest.split(end).next().map(ToOwned::to_owned)).collect()
    };
    problems.extend(after("unknown: {\"", '}').into_iter().map(|keys| format!("has no field for \"{keys}")));
    let words = after("Other(\"", '"').into_iter().filter(|word| word != PLAIN_TEXT);
    problems.extend(words.map(|word| format!("has no name for {word}")));
    problems
}

/// The keys of a request, or of the items if the request is a list or has exactly one.
fn keys(request: &Value) -> Vec<String> {
    match request {
        Value::Array(items) => items.iter().flat_map(keys).collect(),
        Value::Object(fields) => {
            let inner = fields.values().filter(|value| value.is_array() && fields.len() == 1).flat_map(keys);
            fields.keys().cloned().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}

/// The properties of an object; of an enum of texts each value.
fn properties(request: &Value) -> Vec<String> {
    let entries = request.as_object().into_iter().flatten();
    entries.map(|(name, value)| requests::property(name, value)).collect()
}

/// Checks the form of an import, which has these fields; the test `requests.rs` shows that each of them is sent.
fn import_form(value: &Value) -> Vec<String> {
    const FIELDS: &[&str] = &["users", "connection_id", "upsert", "external_id", "send_completion_email"];
    let given: Vec<&String> = value.as_object().map(Map::keys).into_iter().flatten().collect();
    let unknown = given.iter().filter(|name| !FIELDS.contains(&name.as_str()));
    unknown.map(|name| format!("has no field for \"{name}\"")).collect()
}
