//! Random runs, compared with the tenant.

use super::{client, new_user};
use std::collections::HashMap;
use users_core::Applied;
use users_core::model::UserUpdate;
use users_mock::Tenant;

/// A random run of many operations with faults: the outcomes agree with the tenant.
#[test]
fn outcomes_are_true_although_every_tenth_request_fails() {
    let operations: usize =
        std::env::var("USERS_BULK_OPERATIONS").map_or(4_000, |count| count.parse().unwrap());
    let mut rng = fastrand::Rng::with_seed(11);
    let mut round = 0;
    let mut left = operations;
    while left > 0 {
        round += 1;
        let count = left.min(500);
        left -= count;
        let tenant = Tenant::builder().rng_seed(round).build();
        let faults =
            ["503", "500", "reset-before", "reset-after", "truncated", "connect-refused", "429", "hang"]
                .map(|fault| format!("{fault},chance=0.0125"));
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let faulty = client(&tenant, &faults);
        let users = faulty.users();
        tenant.clock().block_on(async {
            let mut run = users.bulk().concurrency(rng.usize(1..20)).create((0..count / 3).map(new_user));
            let mut created: HashMap<usize, String> = HashMap::new();
            let mut outcomes = 0;
            while let Some(outcome) = run.try_next().await.unwrap() {
                outcomes += 1;
                let index = usize::try_from(outcome.index).unwrap();
                let email = format!("user{index}@example.com");
                let found: Vec<String> = with_email(&tenant, &email);
                assert!(found.len() <= 1, "{email} was created twice");
                match outcome.status.applied() {
                    Applied::Yes => assert_eq!(found.len(), 1, "{email}"),
                    Applied::No => assert_eq!(found.len(), 0, "{email}: {:?}", outcome.status),
                    Applied::Maybe => {}
                }
                created.extend(found.into_iter().map(|id| (index, id)));
            }
            assert_eq!(outcomes, count / 3);

            let updates: Vec<(String, UserUpdate)> = created
                .values()
                .map(|id| (id.clone(), UserUpdate::new().nickname(format!("n-{id}"))))
                .collect();
            let mut run = users.bulk().concurrency(rng.usize(1..20)).update(updates);
            while let Some(outcome) = run.try_next().await.unwrap() {
                let (id, _) = &outcome.input;
                let is_updated = tenant.user(id).unwrap().nickname == Some(format!("n-{id}"));
                match outcome.status.applied() {
                    Applied::Yes => assert!(is_updated),
                    Applied::No => assert!(!is_updated, "{:?}", outcome.status),
                    Applied::Maybe => {}
                }
            }
            let ids: Vec<String> = created.values().cloned().collect();
            let mut run = users.bulk().concurrency(rng.usize(1..20)).delete(ids);
            while let Some(outcome) = run.try_next().await.unwrap() {
                let is_there = tenant.user(&outcome.input).is_some();
                match outcome.status.applied() {
                    Applied::Yes => assert!(!is_there),
                    Applied::No => assert!(is_there, "{:?}", outcome.status),
                    Applied::Maybe => {}
                }
            }
        });
    }
}

fn with_email(tenant: &Tenant, email: &str) -> Vec<String> {
    let users = tenant.management().users();
    // The clock is driven by the caller, and the tenant answers without waiting.
    let found = futures_executor::block_on(async { users.by_email(email).await }).unwrap();
    found.into_iter().map(|user| user.user_id.unwrap().to_string()).collect()
}
