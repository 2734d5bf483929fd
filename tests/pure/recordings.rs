//! Recordings of a real tenant, replayed against the embedded one: the statuses are equal, and the bodies have the same shape.

use bytes::Bytes;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use users_mock::{Seed, Tenant};

/// Keys whose values are generated for each response, so that only their shape is compared.
const RANDOM: &[&str] = &[
    "created_at",
    "updated_at",
    "last_password_reset",
    "user_id",
    "id",
    "connection_id",
    "client_id",
    "deleted_at",
    "enabled_clients",
    "expires_at",
    "invitation_url",
    "next",
    "organization_id",
    "ticket",
    "ticket_id",
    "recovery_code",
];

#[test]
fn the_tenant_answers_recorded_requests_as_recorded() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut files: Vec<PathBuf> = std::fs::read_dir(own)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".seed.json"))
        .collect();
    assert!(!files.is_empty());
    if let Some(recorded) = std::env::var_os("USERS_RECORDINGS") {
        let all = std::fs::read_dir(recorded).unwrap().map(|file| file.unwrap().path());
        files.extend(all.filter(|path| path.extension().is_some_and(|kind| kind == "json")));
    } else {
        eprintln!("USERS_RECORDINGS names no folder of recordings; only the fixtures are replayed");
    }
    for file in &files {
        replay(file);
    }
}

fn replay(file: &Path) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let exchanges: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let tenant = Tenant::new();
    let user_token =
        if name.starts_with("user-info") { Some(seed_the_user(&tenant, &exchanges)) } else { None };
    if name.starts_with("connection-manager-list") {
        // The recorded tenant had four connections before.
        let seed = ["a", "b", "c"]
            .iter()
            .fold(Seed::new(), |seed, name| seed.connection(&format!("con_{name}"), name, "google-oauth2"));
        tenant.seed(seed);
    }
    if name.starts_with("log-manager-") {
        seed_the_log(&tenant, &exchanges);
    }
    let token = tenant.management_token();
    // Ids that the recorded tenant generated, with the ids that this tenant generated in their place.
    let mut ids: HashMap<String, String> = HashMap::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let (request, expected) = (&exchange["request"], &exchange["response"]);
        let place = format!("{name}, exchange {number}: {} {}", request["method"], request["path"]);
        let rename = |text: &str| ids.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
        let query =
            request["query"].as_str().filter(|query| !query.is_empty()).map(|query| format!("?{query}"));
        let body = match &request["body"] {
            Value::Null => String::new(),
            Value::String(form) => rename(form),
            json => rename(&json.to_string()),
        };
        let answer = tenant.handle(
            http::Request::builder()
                .method(request["method"].as_str().unwrap())
                .uri(rename(&format!(
                    "https://tenant.example.com{}{}",
                    request["path"].as_str().unwrap(),
                    query.unwrap_or_default()
                )))
                .header("authorization", format!("Bearer {}", user_token.as_ref().unwrap_or(&token).expose()))
                .header("content-type", request["content_type"].as_str().unwrap_or("application/json"))
                .body(Bytes::from(body))
                .unwrap(),
        );
        assert_eq!(
            u64::from(answer.status().as_u16()),
            expected["status"].as_u64().unwrap(),
            "{place}: {:?}",
            answer.body()
        );
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, expected["headers"]["content-type"].as_str().unwrap_or(kind), "{place}");
        let given: Value = if answer.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(answer.body()).unwrap()
        };
        collect_ids(&expected["body"], &given, &mut ids);
        compare(&place, "", &expected["body"], &given);
    }
}

/// Adds the user of the one recording that starts with an existing user.
fn seed_the_user(tenant: &Tenant, exchanges: &[Value]) -> users_core::model::Secret {
    let claims = &exchanges[0]["response"]["body"];
    let mut user = claims.as_object().unwrap().clone();
    let id = "auth0|recorded";
    user.insert("user_id".into(), id.into());
    user.remove("sub");
    let custom: serde_json::Map<String, Value> =
        [("sub", &claims["sub"]), ("unknown-param", &claims["unknown-param"])]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
    let seed = Seed::new().user(&Value::from(user).to_string()).unwrap();
    tenant.seed(seed.claims(id, &Value::from(custom).to_string()).unwrap());
    tenant.access_token_for(id).unwrap()
}

/// Adds the log entries that the recording shows, and ten later ones, which are the first page of the recorded requests for the second.
fn seed_the_log(tenant: &Tenant, exchanges: &[Value]) {
    let recorded = exchanges.iter().flat_map(|exchange| exchange["response"]["body"].as_array().unwrap());
    let later = (0..10).map(|number| serde_json::json!({"log_id": format!("9009{number:052}")}));
    let logs: Vec<Value> = recorded.cloned().chain(later).collect();
    let seed = Seed::from_json(&serde_json::json!({"logs": logs}).to_string()).unwrap();
    tenant.seed(seed);
}

fn collect_ids(expected: &Value, given: &Value, ids: &mut HashMap<String, String>) {
    match (expected, given) {
        (Value::Object(expected), Value::Object(given)) => {
            for (key, value) in expected {
                match (key.as_str(), value, given.get(key)) {
                    (
                        "user_id" | "id" | "client_id" | "next",
                        Value::String(old),
                        Some(Value::String(new)),
                    ) if old != new => {
                        // The bare part occurs in paths and in full ids.
                        let bare = |id: &str| id.rsplit('|').next().unwrap_or(id).to_owned();
                        ids.insert(bare(old), bare(new));
                    }
                    (_, value, Some(other)) => collect_ids(value, other, ids),
                    _ => {}
                }
            }
        }
        (Value::Array(expected), Value::Array(given)) => {
            expected.iter().zip(given).for_each(|(expected, given)| collect_ids(expected, given, ids));
        }
        _ => {}
    }
}

fn compare(place: &str, path: &str, expected: &Value, given: &Value) {
    match (expected, given) {
        (Value::Object(expected), Value::Object(given)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(given), keys(expected), "{place}: the keys of {path:?}");
            for (key, value) in expected {
                if RANDOM.contains(&key.as_str()) {
                    let same_kind = std::mem::discriminant(value) == std::mem::discriminant(&given[key]);
                    assert!(same_kind, "{place}: {path}.{key} is {}", given[key]);
                } else {
                    compare(place, &format!("{path}.{key}"), value, &given[key]);
                }
            }
        }
        (Value::Array(expected), Value::Array(given)) => {
            assert_eq!(given.len(), expected.len(), "{place}: the length of {path:?}");
            // Authentication methods have no order.
            let by_type = |list: &[Value]| {
                let mut list = list.to_vec();
                list.sort_by_key(|item| item["type"].to_string());
                list
            };
            let (expected, given) = (by_type(expected), by_type(given));
            for (index, (expected, given)) in expected.iter().zip(&given).enumerate() {
                compare(place, &format!("{path}[{index}]"), expected, given);
            }
        }
        _ => assert_eq!(given, expected, "{place}: {path}"),
    }
}
