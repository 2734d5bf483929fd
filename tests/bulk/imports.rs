//! Imports: which rows were refused, and what is known where something fails in the middle.

use http::Method;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use users_core::{Error, ErrorKind};
use users_mock::MockTransport;

const IMPORT: (Method, &str) = (Method::POST, "/jobs/users-imports");
const LOOK: (Method, &str) = (Method::GET, "/jobs/{id}");
const ERRORS: (Method, &str) = (Method::GET, "/jobs/{id}/errors");

/// The longest poll of a future.
#[allow(clippy::disallowed_methods)]
async fn longest_poll<F: Future>(future: F) -> (F::Output, Duration) {
    let mut future = pin!(future);
    let mut longest = Duration::ZERO;
    let output = std::future::poll_fn(|context| {
        let began = Instant::now();
        let output = future.as_mut().poll(context);
        longest = longest.max(began.elapsed());
        output
    })
    .await;
    (output, longest)
}

/// What comes of an import as a caller sees it who passes errors on.
fn imported(mock: &MockTransport, rows: Vec<Value>) -> Result<(), Error> {
    let jobs = mock.management().jobs();
    mock.clock().block_on(async move {
        jobs.import_all("con_1", rows).await?;
        Ok(())
    })
}

#[test]
#[ignore = "fails until the next commit"]
#[allow(clippy::disallowed_methods)]
fn refusals_of_four_thousand_rows_are_matched_at_once() {
    let rows: Vec<Value> =
        (0..4000).map(|n| json!({"email": format!("user{n}@example.com"), "n": n})).collect();
    // In the opposite order, and with the keys in another one.
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
    let began = Instant::now();
    let (report, longest) =
        mock.clock().block_on(longest_poll(async { jobs.import_all("con_1", rows).await }));
    let places: Vec<_> = report.unwrap().refused.iter().map(|refused| refused.row.unwrap()).collect();
    assert!(places.into_iter().eq(0..4000));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}, {longest:?} in one poll", began.elapsed());
}

#[test]
#[ignore = "fails until the next commit"]
fn rows_that_are_no_objects_are_refused_before_their_file_is_sent() {
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
fn an_accepted_import_without_an_id_says_so() {
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"status":"pending"}"#);
    let error = imported(&mock, vec![json!({"email": "ada@example.com"})]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.to_string().contains("does not name its id") && error.may_have_been_applied(), "{error}");
}

#[test]
#[ignore = "fails until the next commit"]
fn an_error_after_an_accepted_job_says_that_rows_may_have_been_imported() {
    let mock = MockTransport::new();
    mock.expect(IMPORT).json(r#"{"id":"job_1","status":"pending"}"#);
    mock.expect(LOOK).status(403);
    let error = imported(&mock, vec![json!({"email": "ada@example.com"})]).unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.may_have_been_applied(), "{error}");
}
