//! The progress of imports.

use http::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::{ImportAll, ImportProgress};
use users_mock::{MockTransport, Tenant};

/// Collects the progress of an import.
fn observed(import: ImportAll) -> (ImportAll, Arc<Mutex<Vec<ImportProgress>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    (import.on_progress(move |progress| sink.lock().unwrap().push(*progress)), seen)
}

/// A row so large that each file contains exactly one.
fn large(n: usize) -> Value {
    json!({"email": format!("user{n}@example.com"), "filler": "x".repeat(300_000)})
}

#[test]
fn an_import_reports_the_rows_that_were_sent_and_what_became_of_them() {
    let tenant = Tenant::builder().job_duration(Duration::from_secs(20)).build();
    // Three files of two rows: 200 KB each. The last row has no address.
    let mut rows: Vec<Value> = (0..5)
        .map(|n| json!({"email": format!("user{n}@example.com"), "user_metadata": {"filler": "x".repeat(200_000)}}))
        .collect();
    rows.push(json!({"user_metadata": {"filler": "x".repeat(200_000)}}));
    let (import, seen) = observed(tenant.management().jobs().import_all("con_TenantDatabase00", rows));
    let report = tenant.clock().block_on(async { import.await }).unwrap();
    let seen = seen.lock().unwrap().clone();
    let sent: Vec<_> = seen.iter().map(|progress| progress.rows_sent).collect();
    let done: Vec<_> = seen.iter().map(|progress| progress.rows_done).collect();
    // Two jobs at a time.
    assert_eq!((&sent[..2], &done[..2]), (&[2, 4][..], &[0, 0][..]));
    assert!(sent.is_sorted() && done.is_sorted() && seen.len() == 6, "{seen:?}");
    assert_eq!(seen.iter().map(|progress| progress.jobs_running).max(), Some(2));
    assert!(seen.iter().all(|progress| progress.total == Some(6)));
    let last = seen.last().unwrap();
    assert_eq!((last.rows_sent, last.rows_done, last.jobs_running), (6, 6, 0));
    assert_eq!((Some(last.inserted), Some(last.failed)), (report.summary.inserted, report.summary.failed));
    assert_eq!((last.inserted, last.updated, last.failed), (5, 0, 1));
}

#[test]
fn the_total_is_unknown_if_the_rows_do_not_state_it() {
    let tenant = Tenant::new();
    let rows = (0..10)
        .map(|n| json!({"email": format!("user{n}@example.com")}))
        .filter(|row| row["email"] != "user3");
    let (import, seen) = observed(tenant.management().jobs().import_all("con_TenantDatabase00", rows));
    tenant.clock().block_on(async { import.await }).unwrap();
    assert!(seen.lock().unwrap().iter().all(|progress| progress.total.is_none()));
    assert_eq!(seen.lock().unwrap().last().unwrap().rows_done, 10);
}

#[test]
fn the_progress_of_an_import_that_fails_is_that_of_its_report() {
    let mock = MockTransport::new();
    mock.expect((Method::POST, "/jobs/users-imports")).json(r#"{"id":"job_0","status":"pending"}"#);
    mock.expect((Method::POST, "/jobs/users-imports")).json(r#"{"id":"job_1","status":"pending"}"#);
    // One job fails as a whole. The errors of the other one cannot be read, but its summary.
    mock.expect((Method::GET, "/jobs/{id}"))
        .with_path("id", "job_0")
        .json(r#"{"id":"job_0","status":"failed"}"#);
    mock.expect((Method::GET, "/jobs/{id}/errors")).with_path("id", "job_0").status(204);
    mock.expect((Method::GET, "/jobs/{id}"))
        .with_path("id", "job_1")
        .json(r#"{"id":"job_1","status":"completed","summary":{"total":1,"updated":1}}"#);
    mock.expect((Method::GET, "/jobs/{id}/errors")).with_path("id", "job_1").status(403);
    let (import, seen) = observed(mock.management().jobs().import_all("con_1", [large(0), large(1)]));
    let failed = mock.clock().block_on(async { import.await }).unwrap_err();
    assert_eq!((failed.report().jobs.len(), failed.report().unfinished.len()), (1, 1));
    let last = *seen.lock().unwrap().last().unwrap();
    assert_eq!((last.rows_sent, last.rows_done, last.jobs_running), (2, 2, 0), "{last:?}");
    assert_eq!((last.inserted, last.updated, last.failed), (0, 1, 1), "{last:?}");
}
