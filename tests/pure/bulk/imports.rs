//! Imports: which rows were refused, and what is reported if the import fails in the middle.

use http::Method;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use users_core::{Error, ErrorKind, ImportError, ImportReport, Sent, TransportErrorKind};
use users_mock::MockTransport;

const IMPORT: (Method, &str) = (Method::POST, "/jobs/users-imports");
const GET_JOB: (Method, &str) = (Method::GET, "/jobs/{id}");
const ERRORS: (Method, &str) = (Method::GET, "/jobs/{id}/errors");

/// The output of a future, and the time of its longest poll.
#[allow(clippy::disallowed_methods)]
async fn longest_poll<F: Future>(future: F) -> (F::Output, Duration) {
    let mut future = pin!(future);
    let mut longest = Duration::ZERO;
    let output = std::future::poll_fn(|context| {
        let started = Instant::now();
        let output = future.as_mut().poll(context);
        longest = longest.max(started.elapsed());
        output
    })
    .await;
    (output, longest)
}

/// The result of an import for a caller that converts the error with `?`.
fn imported(mock: &MockTransport, rows: Vec<Value>) -> Result<(), Error> {
    let jobs = mock.management().jobs();
    mock.clock().block_on(async move {
        jobs.import_all("con_1", rows).await?;
        Ok(())
    })
}

#[test]
#[allow(clippy::disallowed_methods)]
fn four_thousand_refused_rows_are_matched_within_seconds() {
    let rows: Vec<Value> =
        (0..4000).map(|n| json!({"email": format!("user{n}@example.com"), "n": n})).collect();
    // In reverse order, and with the keys in another order.
    let refused: Vec<Value> = (0..4000)
        .rev()
        .map(|n| {
            let user = json!({"n": n, "email": format!("user{n}@example.com")});
            json!({"user": user, "errors": [{"code": "NOT_PASSED"}]})
        })
        .collect();
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"id":"job_1","status":"completed"}"#).always();
    mock.expect(ERRORS).model(&refused).always();
    let jobs = mock.management().jobs();
    let started = Instant::now();
    let (report, longest) =
        mock.clock().block_on(longest_poll(async { jobs.import_all("con_1", rows).await }));
    let places: Vec<_> = report.unwrap().refused.iter().map(|refused| refused.row.unwrap()).collect();
    assert!(places.into_iter().eq(0..4000));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}, {longest:?} in one poll", started.elapsed());
    assert!(longest < Duration::from_secs(1), "{longest:?} in one poll");
}

#[test]
fn rows_that_are_not_objects_are_refused_before_their_file_is_sent() {
    for row in [json!(7), json!("ada"), json!(null), json!([{}])] {
        let mock = MockTransport::new();
        let error = imported(&mock, vec![json!({"email": "ada@example.com"}), row.clone()]).unwrap_err();
        assert!(error.is_invalid_argument(), "{row}: {error:?}");
        assert!(error.to_string().contains("row 1 is not a JSON object"), "{error}");
        let call = mock.management().jobs().import_users("con_1", [row]);
        let error = mock.clock().block_on(call.send()).unwrap_err();
        assert!(error.to_string().contains("row 0 is not a JSON object"), "{error}");
        assert_eq!(mock.requests().len(), 0);
    }
}

#[test]
fn an_accepted_import_without_a_job_id_is_reported() {
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"status":"pending"}"#);
    let error = imported(&mock, vec![json!({"email": "ada@example.com"})]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.to_string().contains("does not name its id") && error.may_have_been_applied(), "{error}");
}

#[test]
fn an_error_after_an_accepted_job_says_that_rows_may_have_been_imported() {
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"id":"job_1","status":"pending"}"#);
    mock.expect(GET_JOB).status(403);
    let error = imported(&mock, vec![json!({"email": "ada@example.com"})]).unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.may_have_been_applied(), "{error}");
}

/// A row so large that each file contains exactly one.
fn large(n: usize) -> Value {
    json!({"email": format!("user{n}@example.com"), "filler": "x".repeat(300_000)})
}

fn import(mock: &MockTransport, rows: Vec<Value>) -> Result<ImportReport, ImportError> {
    let jobs = mock.management().jobs();
    mock.clock().block_on(async move { jobs.import_all("con_1", rows).await })
}

/// Accepts the next file as this job.
fn accept(mock: &MockTransport, job: &str) {
    mock.expect(IMPORT).json(format!(r#"{{"id":"{job}","status":"pending"}}"#));
}

fn complete(mock: &MockTransport, job: &str, refused: &[Value]) {
    let body = format!(
        r#"{{"id":"{job}","status":"completed","summary":{{"total":1,"inserted":{},"failed":{}}}}}"#,
        1 - refused.len(),
        refused.len()
    );
    mock.expect(GET_JOB).with_path("id", job).json(body);
    if refused.is_empty() {
        mock.expect(ERRORS).with_path("id", job).status(204);
    } else {
        mock.expect(ERRORS).with_path("id", job).model(refused);
    }
}

fn sent_files(mock: &MockTransport) -> usize {
    mock.requests().iter().filter(|request| request.method() == Method::POST).count()
}

#[test]
fn an_import_that_fails_in_the_middle_keeps_its_report() {
    let mock = MockTransport::new();
    // The first file is done, with a refused row. The status of the second file's job cannot be read. The third file is accepted
    // at that time, and the fourth is never sent.
    for job in ["job_0", "job_1", "job_2"] {
        accept(&mock, job);
    }
    complete(&mock, "job_0", &[json!({"user": large(0), "errors": [{"code": "FORMAT"}]})]);
    mock.expect(GET_JOB).with_path("id", "job_1").json(r#"{"id":"job_1","status":"processing"}"#);
    mock.expect(GET_JOB).with_path("id", "job_1").status(403);
    mock.expect(GET_JOB).always().json(r#"{"id":"job_2","status":"processing"}"#);
    let failed = import(&mock, (0..4).map(large).collect()).unwrap_err();

    assert_eq!(failed.rows(), Some(1..2));
    assert_eq!((failed.error().status().unwrap().as_u16(), failed.error().job_id()), (403, Some("job_1")));
    assert!(failed.may_have_been_applied());
    let report = failed.report();
    assert_eq!((report.jobs.len(), report.job_rows.len(), report.job_rows[0].clone()), (1, 1, 0..1));
    assert_eq!((report.summary.failed, report.refused[0].row), (Some(1), Some(0)));
    let unfinished: Vec<_> =
        report.unfinished.iter().map(|job| (job.job_id.as_str(), job.rows.clone())).collect();
    assert_eq!(unfinished, [("job_1", 1..2), ("job_2", 2..3)]);
    assert_eq!((sent_files(&mock), report.uncertain.len()), (3, 0));
    assert_eq!(
        failed.to_string(),
        "the import failed with the file of rows 1 to 1 (jobs ended: 1, unfinished: 2)"
    );
    assert_eq!(failed.into_report().jobs.len(), 1);
}

#[test]
fn a_file_whose_outcome_is_unknown_is_reported_as_uncertain() {
    let mock = MockTransport::new();
    accept(&mock, "job_0");
    mock.expect(IMPORT).transport_error(TransportErrorKind::Io, Sent::Maybe);
    mock.expect(GET_JOB).always().json(r#"{"id":"job_0","status":"processing"}"#);
    let failed = import(&mock, (0..5).map(large).collect()).unwrap_err();
    let report = failed.report();
    assert_eq!((failed.rows(), report.uncertain.len()), (Some(1..2), 1));
    assert_eq!(report.uncertain[0], 1..2);
    assert_eq!((report.unfinished[0].job_id.as_str(), report.unfinished[0].rows.clone()), ("job_0", 0..1));
    assert!(failed.may_have_been_applied() && sent_files(&mock) == 2);
}

#[test]
fn an_import_that_is_refused_immediately_has_changed_nothing() {
    let mock = MockTransport::new();
    mock.expect(IMPORT).status(403).always();
    let failed = import(&mock, vec![large(0)]).unwrap_err();
    assert!(!failed.may_have_been_applied(), "{failed:?}");
    let error = Error::from(failed);
    assert!(!error.may_have_been_applied(), "{error:?}");
    assert_eq!(error.operation(), Some("jobs.import_users"));
}

#[test]
fn converting_an_import_error_keeps_its_report() {
    let mock = MockTransport::new();
    accept(&mock, "job_0");
    mock.expect(GET_JOB).status(429).header("retry-after", "7000");
    let error = imported(&mock, vec![large(0)]).unwrap_err();
    assert!(error.is_rate_limited() && error.may_have_been_applied(), "{error:?}");
    assert_eq!((error.retry_after(), error.job_id()), (Some(Duration::from_secs(7000)), Some("job_0")));
    // Each cause is reported once.
    let mut chain = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    let failed = source.and_then(|source| source.downcast_ref::<ImportError>()).expect("the import error");
    assert_eq!(failed.report().unfinished[0].job_id, "job_0");
    assert_eq!(failed.error().job_id(), Some("job_0"));
    while let Some(this) = source {
        chain.push(this.to_string());
        source = this.source();
    }
    assert!(chain[0].starts_with("GET /jobs/{id}: 429"), "{chain:?}");
    assert_eq!(chain[1..], ["the import failed with the file of rows 0 to 0 (jobs ended: 0, unfinished: 1)"]);
}

#[test]
fn an_invalid_row_keeps_the_files_before_it_in_the_report() {
    let mock = MockTransport::new();
    accept(&mock, "job_0");
    mock.expect(GET_JOB).always().json(r#"{"id":"job_0","status":"processing"}"#);
    let failed = import(&mock, vec![large(0), large(1), json!("not an object")]).unwrap_err();
    assert!(failed.error().is_invalid_argument() && failed.may_have_been_applied());
    assert_eq!(failed.rows(), Some(1..3));
    assert_eq!(failed.report().unfinished[0].rows, 0..1);
    assert_eq!(sent_files(&mock), 1);
}

#[test]
fn refused_rows_of_a_full_file_are_matched_without_a_long_poll() {
    // As many rows as fit into a file, in the slowest order.
    let rows: Vec<Value> = (0..19_000).map(|n| json!({"email": format!("{n}")})).collect();
    let refused: Vec<Value> = rows.iter().rev().map(|row| json!({"user": row})).collect();
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"id":"job_1","status":"completed"}"#);
    mock.expect(ERRORS).model(&refused);
    let jobs = mock.management().jobs();
    let import = longest_poll(async { jobs.import_all("con_1", rows).await });
    let (report, longest) = mock.clock().block_on(import);
    let report = report.unwrap();
    assert_eq!(report.jobs.len(), 1);
    assert!(report.refused.iter().map(|refused| refused.row.unwrap()).eq(0..19_000));
    assert!(longest < Duration::from_secs(2), "{longest:?} in one poll");
}

#[test]
fn of_identical_rows_the_last_one_counts_as_refused() {
    let mock = MockTransport::new();
    let row = json!({"email": "ada@example.com", "password_hash": "$2b$10$secret"});
    let shown = json!({"password_hash": "*****", "email": "ada@example.com"});
    mock.expect(IMPORT).json(r#"{"id":"job_1","status":"completed"}"#);
    let unknown = json!({"user": {"email": "eve@example.com"}});
    mock.expect(ERRORS).model([
        json!({"user": shown}),
        unknown,
        json!({"errors": []}),
        json!({"user": shown}),
    ]);
    let report = import(&mock, vec![row.clone(), row.clone(), row]).unwrap();
    let places: Vec<_> = report.refused.iter().map(|refused| refused.row).collect();
    assert_eq!(places, [Some(1), Some(2), None, None]);
}

#[test]
fn a_finished_job_keeps_its_summary_if_its_errors_cannot_be_read() {
    let mock = users_mock::MockTransport::new();
    mock.expect((http::Method::POST, "/jobs/users-imports"))
        .status(202)
        .json(r#"{"id":"job_1","status":"pending"}"#);
    mock.expect((http::Method::GET, "/jobs/{id}"))
        .json(r#"{"id":"job_1","status":"completed","summary":{"inserted":1,"total":1}}"#);
    mock.expect((http::Method::GET, "/jobs/{id}/errors")).status(403);
    let rows = [serde_json::json!({"email": "ada@example.com"})];
    let import = mock.management().jobs().import_all("con_1", rows).into_future();
    let failed = mock.clock().block_on(import).unwrap_err();
    let unfinished = &failed.report().unfinished[0];
    let summary = unfinished.job.as_ref().and_then(|job| job.summary.clone()).unwrap();
    assert_eq!((unfinished.job_id.as_str(), summary.inserted), ("job_1", Some(1)));
}
