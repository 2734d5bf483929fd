//! Deleting all users of a tenant.

use super::client;
use serde_json::json;
use users_core::management::Confirm;
use users_mock::{Seed, Tenant};

#[test]
fn delete_all_counts_first_without_writing_and_deletes_nothing_without_the_authority() {
    let tenant = Tenant::builder().users(1_500).build();
    let users = client(&tenant, &[]).users();
    tenant.clock().block_on(async {
        let confirm = Confirm::tenant(tenant.domain());
        let wrong = Confirm::tenant("other.example.com");
        assert!(users.delete_all(wrong.clone()).await.unwrap_err().is_invalid_argument());
        assert!(users.delete_all(wrong).dry_run().await.unwrap_err().is_invalid_argument());
        assert_eq!(tenant.requests().len(), 0);
        assert_eq!(users.delete_all(confirm.clone()).dry_run().await.unwrap(), 1_500);
        assert!(tenant.requests().iter().all(|request| request.method == "GET"));
        let report = users.delete_all(confirm).concurrency(20).await.unwrap();
        assert_eq!((report.deleted, report.failed.len(), tenant.user_count()), (1_500, 0, 0));
    });
}

#[test]
fn delete_all_also_deletes_users_who_cannot_be_walked() {
    let users: Vec<_> =
        (0..1_200).map(|number| json!({"user_id": format!("auth0|{number}"), "created_at": {}})).collect();
    let tenant = Tenant::builder()
        .search_user_id_ranges(false)
        .search_user_id_wildcards(false)
        .seed(Seed::from_json(&json!({"users": users}).to_string()).unwrap())
        .build();
    let report = tenant.clock().block_on(async {
        client(&tenant, &[]).users().delete_all(Confirm::tenant(tenant.domain())).await.unwrap()
    });
    assert_eq!((report.deleted, tenant.user_count()), (1_200, 0));
}
