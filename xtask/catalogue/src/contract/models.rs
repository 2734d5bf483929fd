//! The models, held against full values of the contract's types.

use super::Drift;
use super::facts::Facts;
use super::value::{PLAIN_TEXT, full};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt::Debug;
use users_model::*;

/// Decodes a value and encodes it again; gives what was not understood.
type Check = fn(&Value) -> Vec<String>;

/// Which model an endpoint's request and answer are, `None` where there is no body.
#[rustfmt::skip]
const MODELS: &[(&str, Option<Check>, Option<Check>)] = &[
    ("DELETE /connections/{id}/users",                                 None, None),
    ("POST /jobs/users-exports",                                       Some(of::<UsersExport>), Some(of::<Job>)),
    ("POST /jobs/users-imports",                                       Some(import_form), Some(of::<Job>)),
    ("POST /jobs/verification-email",                                  Some(of::<VerificationEmail>), Some(of::<Job>)),
    ("GET /jobs/{id}",                                                 None, Some(of::<Job>)),
    ("GET /jobs/{id}/errors",                                          None, Some(job_errors)),
    ("GET /refresh-tokens",                                            None, Some(of::<Page<RefreshToken>>)),
    ("POST /refresh-tokens/revoke",                                    Some(of::<RefreshTokenRevocation>), None),
    ("GET /refresh-tokens/{id}",                                       None, Some(of::<RefreshToken>)),
    ("DELETE /refresh-tokens/{id}",                                    None, None),
    ("PATCH /refresh-tokens/{id}",                                     Some(of::<RefreshTokenUpdate>), Some(of::<RefreshToken>)),
    ("GET /roles/{id}/users",                                          None, Some(of::<Page<RoleUser>>)),
    ("POST /roles/{id}/users",                                         Some(list_of::<String>), None),
    ("GET /sessions/{id}",                                             None, Some(of::<Session>)),
    ("DELETE /sessions/{id}",                                          None, None),
    ("PATCH /sessions/{id}",                                           Some(of::<SessionUpdate>), Some(of::<Session>)),
    ("POST /sessions/{id}/revoke",                                     None, None),
    ("POST /tickets/email-verification",                               Some(of::<EmailVerificationTicket>), Some(of::<Ticket>)),
    ("POST /tickets/password-change",                                  Some(of::<PasswordChangeTicket>), Some(of::<Ticket>)),
    ("GET /user-blocks",                                               None, Some(of::<UserBlocks>)),
    ("DELETE /user-blocks",                                            None, None),
    ("GET /user-blocks/{id}",                                          None, Some(of::<UserBlocks>)),
    ("DELETE /user-blocks/{id}",                                       None, None),
    ("GET /users",                                                     None, Some(of::<Page<User>>)),
    ("POST /users",                                                    Some(of::<NewUser>), Some(of::<User>)),
    ("GET /users-by-email",                                            None, Some(of::<Vec<User>>)),
    ("GET /users/{id}",                                                None, Some(of::<User>)),
    ("DELETE /users/{id}",                                             None, None),
    ("PATCH /users/{id}",                                              Some(of::<UserUpdate>), Some(of::<User>)),
    ("GET /users/{id}/authentication-methods",                         None, Some(of::<Page<AuthenticationMethod>>)),
    ("DELETE /users/{id}/authentication-methods",                      None, None),
    ("POST /users/{id}/authentication-methods",                        Some(of::<NewAuthenticationMethod>), Some(of::<AuthenticationMethod>)),
    ("PUT /users/{id}/authentication-methods",                         Some(of::<Vec<AuthenticationMethodReplacement>>), Some(of::<Vec<AuthenticationMethod>>)),
    ("GET /users/{id}/authentication-methods/{authentication_method_id}",    None, Some(of::<AuthenticationMethod>)),
    ("DELETE /users/{id}/authentication-methods/{authentication_method_id}", None, None),
    ("PATCH /users/{id}/authentication-methods/{authentication_method_id}",  Some(of::<AuthenticationMethodUpdate>), Some(of::<AuthenticationMethod>)),
    ("DELETE /users/{id}/authenticators",                              None, None),
    ("GET /users/{id}/connected-accounts",                             None, Some(of::<Page<ConnectedAccount>>)),
    ("GET /users/{id}/effective-permissions",                          None, Some(of::<Page<EffectivePermission>>)),
    ("GET /users/{id}/effective-permissions/sources/effective-roles",  None, Some(of::<Page<EffectiveRole>>)),
    ("GET /users/{id}/effective-roles",                                None, Some(of::<Page<EffectiveRole>>)),
    ("GET /users/{id}/effective-roles/sources/groups",                 None, Some(of::<Page<Group>>)),
    ("GET /users/{id}/enrollments",                                    None, Some(of::<Vec<Enrollment>>)),
    ("GET /users/{id}/federated-connections-tokensets",                None, Some(of::<Vec<FederatedTokenSet>>)),
    ("DELETE /users/{id}/federated-connections-tokensets/{tokenset_id}", None, None),
    ("GET /users/{id}/groups",                                         None, Some(of::<Page<Group>>)),
    ("POST /users/{id}/identities",                                    Some(of::<LinkTarget>), Some(of::<Vec<Identity>>)),
    ("DELETE /users/{id}/identities/{provider}/{user_id}",             None, Some(of::<Vec<Identity>>)),
    ("GET /users/{id}/logs",                                           None, Some(of::<Page<LogEvent>>)),
    ("POST /users/{id}/multifactor/actions/invalidate-remember-browser", None, None),
    ("DELETE /users/{id}/multifactor/{provider}",                      None, None),
    ("GET /users/{id}/organizations",                                  None, Some(of::<Page<Organization>>)),
    ("GET /users/{id}/permissions",                                    None, Some(of::<Page<Permission>>)),
    ("DELETE /users/{id}/permissions",                                 Some(list_of::<PermissionRef>), None),
    ("POST /users/{id}/permissions",                                   Some(list_of::<PermissionRef>), None),
    ("POST /users/{id}/recovery-code-regeneration",                    None, Some(of::<RecoveryCode>)),
    ("POST /users/{id}/revoke-access",                                 Some(of::<AccessRevocation>), None),
    ("POST /users/{id}/risk-assessments/clear",                        Some(of::<RiskAssessmentClearance>), None),
    ("GET /users/{id}/roles",                                          None, Some(of::<Page<Role>>)),
    ("DELETE /users/{id}/roles",                                       Some(list_of::<String>), None),
    ("POST /users/{id}/roles",                                         Some(list_of::<String>), None),
    ("GET /users/{user_id}/refresh-tokens",                            None, Some(of::<Page<RefreshToken>>)),
    ("DELETE /users/{user_id}/refresh-tokens",                         None, None),
    ("GET /users/{user_id}/sessions",                                  None, Some(of::<Page<Session>>)),
    ("DELETE /users/{user_id}/sessions",                               None, None),
];

/// Every key that the model of a request can send by itself.
#[rustfmt::skip]
const SENT: &[(&str, &[&str])] = &[
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

/// How many of the alternatives and words of a type are tried, one after the other.
const CHOICES: usize = 60;

/// Holds every request and every answer of the contract against its model.
pub fn check(facts: &Facts, drifts: &mut Vec<Drift>) {
    for (name, operation) in &facts.operations {
        let Some((_, request, answer)) = MODELS.iter().find(|(known, ..)| known == name) else {
            drifts.push((name.clone(), "has no models".to_owned()));
            continue;
        };
        hold(facts, name, "request", &operation.request, *request, drifts);
        if let Some((_, sent)) = SENT.iter().find(|(known, _)| known == name) {
            let allowed = (0..CHOICES)
                .flat_map(|choice| keys(&full(facts, &operation.request, choice)))
                .collect::<BTreeSet<_>>();
            for key in sent.iter().filter(|key| !allowed.contains(**key)) {
                drifts.push((name.clone(), format!("the request: \"{key}\" is not in the contract")));
            }
        }
        for kind in operation.success.values() {
            hold(facts, name, "answer", kind, *answer, drifts);
        }
    }
}

/// The keys of a request, or of the items of the one list that it is or has.
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

fn hold(facts: &Facts, name: &str, what: &str, kind: &Value, check: Option<Check>, drifts: &mut Vec<Drift>) {
    let Some(check) = check else {
        if !kind.is_null() {
            drifts.push((name.to_owned(), format!("the {what} has no model")));
        }
        return;
    };
    if kind.is_null() {
        return;
    }
    for choice in 0..CHOICES {
        for problem in check(&full(facts, kind, choice)) {
            let drift = (name.to_owned(), format!("the {what}: {problem}"));
            if !drifts.contains(&drift) {
                drifts.push(drift);
            }
        }
    }
}

/// A model must take every property, know every word, and give back what came.
fn of<T: DeserializeOwned + Serialize + Debug>(value: &Value) -> Vec<String> {
    let model: T = match serde_json::from_value(value.clone()) {
        Ok(model) => model,
        Err(error) => return vec![format!("cannot be read: {error}")],
    };
    let mut problems = Vec::new();
    match serde_json::to_value(&model) {
        Ok(back) if back == *value => {}
        Ok(back) => problems.push(format!("comes back as another: {back}")),
        Err(error) => problems.push(format!("cannot be written: {error}")),
    }
    // `Debug` lists, at every depth, the keys that a model has no field for, and the words that it has no name for.
    let shown = format!("{model:?}");
    let after = |mark: &str, end: char| -> Vec<String> {
        shown.split(mark).skip(1).filter_map(|rest| rest.split(end).next().map(ToOwned::to_owned)).collect()
    };
    problems.extend(after("unknown: {\"", '}').into_iter().map(|keys| format!("has no field for \"{keys}")));
    let words = after("Other(\"", '"').into_iter().filter(|word| word != PLAIN_TEXT);
    problems.extend(words.map(|word| format!("has no name for {word}")));
    problems
}

/// An object with one list, whose items are of this type.
fn list_of<T: DeserializeOwned + Serialize + Debug>(value: &Value) -> Vec<String> {
    let lists: Vec<&Value> = value.as_object().map(Map::values).into_iter().flatten().collect();
    match lists.as_slice() {
        [list] => of::<Vec<T>>(list),
        _ => vec![format!("is no object with one list: {value}")],
    }
}

/// The answer is a list of rows, or the job.
fn job_errors(value: &Value) -> Vec<String> {
    if value.is_array() { of::<Vec<JobRowErrors>>(value) } else { of::<Job>(value) }
}

/// The form of an import has these fields; `requests.rs` among the tests shows each of them being sent.
fn import_form(value: &Value) -> Vec<String> {
    const FIELDS: &[&str] = &["users", "connection_id", "upsert", "external_id", "send_completion_email"];
    let given: Vec<&String> = value.as_object().map(Map::keys).into_iter().flatten().collect();
    let unknown = given.iter().filter(|name| !FIELDS.contains(&name.as_str()));
    unknown.map(|name| format!("has no field for \"{name}\"")).collect()
}
