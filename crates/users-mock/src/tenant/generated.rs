//! Generated users, the same every time.

use super::record::{Record, put};
use super::state::{DATABASE, State};
use users_core::model::{JsonObject, Timestamp};

const GIVEN: &[&str] =
    &["Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "John", "Katherine", "Tony"];
const FAMILY: &[&str] =
    &["Allen", "Dijkstra", "Hoare", "Hopper", "Johnson", "Knuth", "Liskov", "Lovelace", "McCarthy", "Turing"];

/// 2024-01-01T00:00:00Z
const FIRST_DAY: i64 = 1_704_067_200_000;

/// Adds so many users to the database.
pub(super) fn add(state: &mut State, count: u32) {
    let from = state.users.len();
    for number in (0..count as usize).map(|number| number + from) {
        let user = user(number);
        state.users.push(user);
    }
}

fn user(number: usize) -> Record {
    let pick = |names: &[&'static str], at: usize| names.get(at % names.len()).copied().unwrap_or_default();
    let (given, family) = (pick(GIVEN, number), pick(FAMILY, number / GIVEN.len()));
    let bare = format!("{number:024x}");
    // A user an hour, so that every moment of creation is another.
    let created = Timestamp::from_unix_millis(
        FIRST_DAY.saturating_add(i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(3_600_000)),
    );
    let mut identity = JsonObject::new();
    put(&mut identity, "connection", DATABASE);
    put(&mut identity, "user_id", &bare);
    put(&mut identity, "provider", "auth0");
    put(&mut identity, "isSocial", false);
    let id = format!("auth0|{bare}");
    let mut record = Record::new(id.clone());
    let email = format!("{}.{}.{number}@example.com", given.to_lowercase(), family.to_lowercase());
    record.set("user_id", &id);
    for (key, value) in [("email", email.as_str()), ("given_name", given), ("family_name", family)] {
        record.supply(key, &serde_json::Value::from(value).to_string());
    }
    record.supply("email_verified", if number % 3 == 0 { "false" } else { "true" });
    record.set("created_at", &created);
    record.touch(&created);
    record.set_identities(&[identity]);
    record.set("logins_count", number % 7);
    record.add_defaults();
    record
}
