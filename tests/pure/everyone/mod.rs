//! `everyone()` returns each user of a tenant exactly once, whatever its size.

mod changing;
mod positions;
mod refusals;
mod servers;
mod walks;

use serde_json::json;
use std::collections::HashSet;
use users_core::management::{Everyone, GetAllUsers};
use users_core::model::Timestamp;
use users_core::{Call, Error};
use users_mock::{Seed, Tenant, TenantBuilder};

const START: i64 = 1_700_000_000_000;

/// A tenant with a user for each of these times of creation, in milliseconds after [`START`].
fn tenant_of(builder: TenantBuilder, times: impl IntoIterator<Item = i64>) -> Tenant {
    let mut users = Vec::new();
    for (number, time) in times.into_iter().enumerate() {
        let created = Timestamp::from_unix_millis(START + time);
        // Like the ids that Auth0 generates: those of one second begin alike.
        let id = format!("auth0|{:08x}5f{:014x}", (START + time) / 1000, number * 0x9e37);
        users
            .push(json!({"user_id": id, "created_at": created, "email": format!("user{number}@example.com"),
            "nickname": format!("n{}", number % 3)}));
    }
    builder.seed(Seed::from_json(&json!({"users": users}).to_string()).unwrap()).build()
}

/// A tenant with these users, by their ids and times of creation in milliseconds since 1970.
fn seeded(builder: TenantBuilder, users: impl IntoIterator<Item = (String, i64)>) -> Tenant {
    let users: Vec<_> = users
        .into_iter()
        .map(|(id, time)| json!({"user_id": id, "created_at": Timestamp::from_unix_millis(time)}))
        .collect();
    builder.seed(Seed::from_json(&json!({"users": users}).to_string()).unwrap()).build()
}

fn list(tenant: &Tenant) -> Call<GetAllUsers> {
    tenant.management().users().get_all()
}

fn all_ids(tenant: &Tenant) -> HashSet<String> {
    tenant.user_ids().into_iter().collect()
}

/// The ids that a walk returns, each once, and the number of its requests.
fn walk(tenant: &Tenant, everyone: Everyone) -> Result<(HashSet<String>, u64), Error> {
    tenant.clock().block_on(async {
        let mut everyone = everyone;
        let mut ids = HashSet::new();
        while let Some(user) = everyone.try_next().await? {
            let id = user.user_id.unwrap().to_string();
            assert!(ids.insert(id.clone()), "{id} was returned twice");
        }
        let report = everyone.report();
        assert!(report.is_complete && report.users == ids.len() as u64, "{report:?}");
        Ok((ids, report.requests))
    })
}

/// The requests that a walk of some users may make. Two are not for pages of users: one finds the newest user if they are many, and one shows
/// that nobody has no date.
fn most(per_hundred: f64, users: usize) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
    let pages = (per_hundred * users as f64 / 100.0) as u64;
    pages + 2
}
