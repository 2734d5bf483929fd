//! Deleting all users of a tenant.

use super::client;
use serde_json::json;
use std::error::Error as StdError;
use std::future::IntoFuture as _;
use users_core::management::{Confirm, DeleteAllError};
use users_core::{Error, ErrorKind};
use users_mock::{Seed, Tenant};

/// A tenant whose users have no date of creation, so that they cannot be walked.
fn without_dates(count: usize) -> Tenant {
    let users: Vec<_> =
        (0..count).map(|number| json!({"user_id": format!("auth0|{number}"), "created_at": {}})).collect();
    let seed = Seed::from_json(&json!({"users": users}).to_string()).unwrap();
    Tenant::builder().search_user_id_ranges(false).search_user_id_wildcards(false).seed(seed).build()
}

#[test]
fn delete_all_counts_first_without_writing_and_deletes_nothing_without_the_authority() {
    let tenant = Tenant::builder().users(1_500).build();
    let users = client(&tenant, &[]).users();
    tenant.clock().block_on(async {
        let confirm = Confirm::tenant(tenant.domain());
        let wrong = Confirm::tenant("other.example.com");
        let refused = users.delete_all(wrong.clone()).await.unwrap_err();
        assert!(refused.error().is_invalid_argument() && !refused.may_have_been_applied());
        assert!(!Error::from(refused).may_have_been_applied());
        assert!(users.delete_all(wrong).dry_run().await.unwrap_err().is_invalid_argument());
        assert_eq!(tenant.requests().len(), 0);
        let count = users.delete_all(confirm.clone()).dry_run().await.unwrap();
        assert_eq!((count.users, count.is_exact, count.to_string()), (1_500, true, "1500".to_owned()));
        assert!(tenant.requests().iter().all(|request| request.method == "GET"));
        let report = users.delete_all(confirm).concurrency(20).await.unwrap();
        assert_eq!((report.deleted, report.failed.len(), tenant.user_count()), (1_500, 0, 0));
    });
}

#[test]
fn delete_all_also_deletes_users_who_cannot_be_walked() {
    let tenant = without_dates(1_200);
    let report = tenant.clock().block_on(async {
        client(&tenant, &[]).users().delete_all(Confirm::tenant(tenant.domain())).await.unwrap()
    });
    assert_eq!((report.deleted, tenant.user_count()), (1_200, 0));
}

#[test]
fn a_dry_run_counts_the_users_who_cannot_be_walked_or_says_that_there_are_more() {
    for (there, counted, shown) in [(0, 0, "0"), (800, 800, "800"), (1_200, 1_000, "at least 1000")] {
        let tenant = without_dates(there);
        let count = tenant.clock().block_on(async {
            client(&tenant, &[]).users().delete_all(Confirm::tenant(tenant.domain())).dry_run().await.unwrap()
        });
        assert_eq!(
            (count.users, count.is_exact, count.to_string()),
            (counted, there < 1_000, shown.to_owned())
        );
        assert!(tenant.requests().iter().all(|request| request.method == "GET"));
    }
}

#[test]
fn a_deletion_of_all_users_that_fails_reports_whom_it_deleted() {
    let tenant = Tenant::builder().users(500).build();
    let users = client(&tenant, &["403@users.get_all,after=2,always", "400@users.delete,times=1"]).users();
    let deletion = users.delete_all(Confirm::tenant(tenant.domain()));
    let failed = tenant.clock().block_on(deletion.into_future()).unwrap_err();
    let deleted = 500 - tenant.user_count();
    assert!(deleted > 0);
    let report = failed.report();
    assert_eq!((report.deleted, report.failed.len()), (u64::try_from(deleted).unwrap(), 1));
    assert!(tenant.user(report.failed[0].0.as_str()).is_some());
    assert_eq!((failed.error().kind(), failed.may_have_been_applied()), (ErrorKind::Status, true));
    let text = failed.to_string();
    assert!(
        text.starts_with(&format!("not all users were deleted (deleted: {deleted}, failed: 1); ")),
        "{text}"
    );
    // As an error of the crate too.
    let error = Error::from(failed);
    assert!(error.is_forbidden() && error.may_have_been_applied());
    let source = error.source().unwrap().downcast_ref::<DeleteAllError>().unwrap();
    assert_eq!(source.report().deleted, u64::try_from(deleted).unwrap());
    // Again deletes those who are left.
    let report = tenant
        .clock()
        .block_on(client(&tenant, &[]).users().delete_all(Confirm::tenant(tenant.domain())).into_future());
    assert_eq!((report.unwrap().deleted + u64::try_from(deleted).unwrap(), tenant.user_count()), (500, 0));
}
