//! Imports that are continued from their journal.

use super::scratch::Scratch;
use super::{DATABASE, client};
use serde_json::{Value, json};
use std::future::IntoFuture as _;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use users_core::management::{GetJob, ImportUsers};
use users_core::{BulkJournal, ErrorKind, ImportError, ImportReport, ManagementClient};
use users_mock::{FaultyTransport, MockTransport, Tenant};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A row so large that each file contains exactly one.
fn large(number: usize) -> Value {
    json!({"email": format!("user{number}@example.com"), "user_metadata": {"filler": "x".repeat(300_000)}})
}

fn connection(tenant: &Tenant) -> String {
    let client = tenant.management();
    tenant.clock().block_on(client.connections().by_name(DATABASE)).unwrap().unwrap()
}

/// The number of files that the tenant received.
fn files(tenant: &Tenant) -> usize {
    tenant.requests_to(ImportUsers::DESCRIPTOR).len()
}

fn import(
    client: &ManagementClient,
    tenant: &Tenant,
    scratch: &Scratch,
    rows: Vec<Value>,
    is_idempotent: bool,
) -> Result<ImportReport, ImportError> {
    let import = client.jobs().import_all(connection(tenant), rows).idempotent(is_idempotent);
    let journal = BulkJournal::open(scratch.file()).unwrap();
    tenant.clock().block_on(import.journal(journal).into_future())
}

#[test]
fn an_import_that_is_continued_sends_no_file_again_and_reports_all_of_them() {
    let scratch = Scratch::new("import-continued");
    let tenant = Tenant::new();
    let mut rows: Vec<Value> = (0..5).map(large).collect();
    rows[1] = rows[0].clone();
    let refused = client(&tenant, &["403@jobs.import_users,after=2,always"]);
    let failed = import(&refused, &tenant, &scratch, rows.clone(), false).unwrap_err();
    assert_eq!(failed.error().status().unwrap().as_u16(), 403);
    assert_eq!(files(&tenant), 2);
    let whole = client(&tenant, &[]);
    for _ in 0..2 {
        let report = import(&whole, &tenant, &scratch, rows.clone(), false).unwrap();
        assert_eq!((report.summary.inserted, report.summary.failed), (Some(4), Some(1)));
        assert_eq!(report.refused.iter().map(|refused| refused.row).collect::<Vec<_>>(), [Some(1)]);
        assert!(report.uncertain.is_empty() && report.unfinished.is_empty());
        assert_eq!((files(&tenant), tenant.user_count()), (5, 4));
    }
}

#[test]
fn an_import_that_is_dropped_at_any_poll_is_continued_to_its_end() {
    let rows: Vec<Value> = (0..4).map(large).collect();
    let mut dropped = 0;
    for polls in 1.. {
        let scratch = Scratch::new(&format!("import-dropped-{polls}"));
        let tenant = Tenant::new();
        // So that it may be dropped while a request is on its way.
        let slow = FaultyTransport::new(tenant.clone(), tenant.clock()).latency(MILLISECOND..=MILLISECOND);
        let builder = ManagementClient::builder(slow).domain(tenant.domain()).clock(tenant.clock());
        let client = builder.token(tenant.management_token()).build().unwrap();
        let import_all = client.jobs().import_all(connection(&tenant), rows.clone()).idempotent(true);
        let import_all = import_all.journal(BulkJournal::open(scratch.file()).unwrap());
        let has_ended = tenant.clock().block_on(async {
            let mut running = pin!(import_all.into_future());
            let mut count = 0;
            std::future::poll_fn(|context| {
                count += 1;
                match running.as_mut().poll(context) {
                    Poll::Ready(_) => Poll::Ready(true),
                    Poll::Pending if count == polls => Poll::Ready(false),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        });
        let report = import(&client, &tenant, &scratch, rows.clone(), true).unwrap();
        // A row of a file that was sent again is rejected, since the user exists.
        let (inserted, failed) = (report.summary.inserted.unwrap(), report.summary.failed.unwrap());
        assert_eq!((inserted + failed, report.jobs.len(), tenant.user_count()), (4, 4, 4), "{polls}");
        assert!(failed as usize <= files(&tenant) - 4 && files(&tenant) <= 6, "{polls}: {failed}");
        if has_ended {
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 10, "{dropped}");
}

#[test]
fn a_file_in_doubt_is_sent_again_only_with_consent() {
    let scratch = Scratch::new("import-doubt");
    let tenant = Tenant::new();
    let rows: Vec<Value> = (0..3).map(large).collect();
    let broken = client(&tenant, &["reset-after@jobs.import_users,after=1"]);
    let failed = import(&broken, &tenant, &scratch, rows.clone(), false).unwrap_err();
    assert_eq!(failed.report().uncertain.iter().map(|rows| rows.start).collect::<Vec<_>>(), [1]);
    let whole = client(&tenant, &[]);
    let report = import(&whole, &tenant, &scratch, rows.clone(), false).unwrap();
    assert_eq!((report.summary.inserted, report.uncertain.len()), (Some(2), 1));
    let before = files(&tenant);
    let report = import(&whole, &tenant, &scratch, rows, true).unwrap();
    assert_eq!((files(&tenant) - before, report.uncertain.len()), (1, 0));
    assert_eq!(
        (report.summary.inserted, report.summary.failed),
        (Some(2), Some(1)),
        "it had been carried out"
    );
}

#[test]
fn other_rows_and_other_options_are_refused() {
    let scratch = Scratch::new("import-other");
    let tenant = Tenant::new();
    let client = client(&tenant, &[]);
    import(&client, &tenant, &scratch, vec![large(0), large(1)], false).unwrap();
    let before = files(&tenant);
    let failed = import(&client, &tenant, &scratch, vec![large(0), large(2)], false).unwrap_err();
    assert!(failed.error().is_invalid_argument() && failed.rows() == Some(1..2), "{failed:?}");
    let journal = BulkJournal::open(scratch.file()).unwrap();
    let upsert = client.jobs().import_all(connection(&tenant), [large(0)]).upsert(true).journal(journal);
    let failed = tenant.clock().block_on(upsert.into_future()).unwrap_err();
    assert!(failed.error().is_invalid_argument(), "{failed:?}");
    assert_eq!(files(&tenant), before);
    let journal = BulkJournal::open(scratch.file()).unwrap();
    let deletion = client.users().bulk().journal(journal).delete(["auth0|1"]).finish();
    let failed = tenant.clock().block_on(deletion).unwrap_err();
    assert_eq!(users_core::Error::from(failed).kind(), ErrorKind::Journal);
}

/// Auth0 deletes the data of jobs after 24 hours.
#[test]
fn a_job_that_is_no_longer_known_is_unfinished_unless_its_results_were_read() {
    let scratch = Scratch::new("import-unknown");
    let mock = MockTransport::new();
    let run = || {
        let journal = BulkJournal::open(scratch.file()).unwrap();
        let import = mock.management().jobs().import_all("con_1", (0..2).map(large)).journal(journal);
        mock.clock().block_on(import.into_future())
    };
    let errors = (http::Method::GET, "/jobs/{id}/errors");
    mock.expect(ImportUsers::DESCRIPTOR).json(r#"{"id":"job_0","status":"completed"}"#);
    mock.expect(errors.clone()).status(204);
    mock.expect(ImportUsers::DESCRIPTOR).json(r#"{"id":"job_1","status":"completed"}"#);
    mock.expect(errors).status(403);
    run().unwrap_err();
    mock.expect(GetJob::DESCRIPTOR).status(404).times(2);
    let report = run().unwrap();
    let unfinished: Vec<_> = report.unfinished.into_iter().map(|job| (job.job_id, job.rows)).collect();
    assert_eq!(unfinished, [("job_1".to_owned(), 1..2)]);
    mock.verify();
}
