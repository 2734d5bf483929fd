//! Exports: the file is checked, and a download that fails is repeated without losing the job.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use users_core::model::UsersExport;
use users_core::{Error, ErrorKind, Sent, TransportErrorKind};
use users_mock::{Expectation, MockTransport};

const FILE: (Method, &str) = (Method::GET, "/exports/{file}");

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Expects an export whose file is at `https://files.example.com/exports/1?signature=secret-N`, another N each time.
fn export(mock: &MockTransport) {
    export_at(mock, "https://files.example.com/exports/1");
}

fn export_at(mock: &MockTransport, location: &'static str) {
    mock.expect((Method::POST, "/jobs/users-exports")).json(r#"{"id":"job_1","status":"pending"}"#);
    let looked = AtomicUsize::new(0);
    mock.expect((Method::GET, "/jobs/{id}")).always().answer(move |_| {
        let times = looked.fetch_add(1, Ordering::SeqCst);
        let job = format!(
            r#"{{"id":"job_1","status":"completed","location":"{location}?signature=secret-{times}"}}"#
        );
        http::Response::new(job.into())
    });
}

fn file(mock: &MockTransport) -> Expectation {
    mock.expect(FILE)
}

/// What an export writes, and how it ends.
fn exported(mock: &MockTransport) -> (Vec<u8>, Result<(), Error>) {
    let (mut sink, jobs) = (Vec::new(), mock.management().jobs());
    let ended = mock.clock().block_on(jobs.export_to(UsersExport::new(), &mut sink));
    (sink, ended.map(drop))
}

#[test]
fn a_file_is_written_as_it_is_and_asked_for_as_it_is() {
    let (mock, packed) = (MockTransport::new(), gzip("ada\n"));
    export(&mock);
    file(&mock).bytes(packed.clone()).header("content-length", &packed.len().to_string());
    let (written, ended) = exported(&mock);
    ended.unwrap();
    assert_eq!(written, packed);
    let requests = mock.requests();
    assert!(!requests.last().unwrap().headers().contains_key("authorization"));
}

#[test]
#[ignore = "fails until the next commit"]
fn a_transport_is_asked_not_to_unpack_the_file() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).bytes(gzip("ada\n"));
    exported(&mock).1.unwrap();
    assert_eq!(mock.requests().last().unwrap().headers()["accept-encoding"], "identity");
}

#[test]
#[ignore = "fails until the next commit"]
fn a_file_that_is_cut_short_is_an_error() {
    let packed = gzip("ada\nbob\n");
    for length in 0..packed.len() {
        let mock = MockTransport::new();
        export(&mock);
        file(&mock).status(200).bytes(packed[..length].to_vec()).always();
        let error = exported(&mock).1.expect_err(&format!("{length} of {} bytes pass", packed.len()));
        assert!(error.to_string().contains("file"), "{error}");
    }
}

#[test]
#[ignore = "fails until the next commit"]
fn a_file_that_does_not_fit_its_checksum_or_length_is_an_error() {
    let packed = gzip("ada\nbob\n");
    for at in packed.len() - 8..packed.len() {
        let mock = MockTransport::new();
        export(&mock);
        let mut packed = packed.clone();
        packed[at] ^= 1;
        file(&mock).bytes(packed).always();
        assert_eq!(exported(&mock).1.expect_err("a wrong trailer passes").kind(), ErrorKind::Decode);
    }
}

#[test]
#[ignore = "fails until the next commit"]
fn a_page_or_an_unpacked_file_is_an_error_and_not_written() {
    for (coding, body) in
        [("identity", "<!DOCTYPE html><p>Sign in</p>"), ("gzip", "{\"email\":\"ada\"}\n"), ("gzip", "{")]
    {
        let mock = MockTransport::new();
        export(&mock);
        file(&mock).bytes(body).header("content-encoding", coding).always();
        let (written, ended) = exported(&mock);
        let error = ended.expect_err("this is no gzip");
        assert_eq!((error.kind(), written.as_slice()), (ErrorKind::Decode, &b""[..]), "{error}");
        assert!(error.to_string().contains("not gzip"), "{error}");
    }
}

#[test]
#[ignore = "fails until the next commit"]
fn a_download_that_fails_is_repeated_at_a_fresh_address() {
    let (mock, packed) = (MockTransport::new(), gzip("ada\n"));
    export(&mock);
    file(&mock).status(503);
    file(&mock).transport_error(TransportErrorKind::Io, Sent::Maybe);
    file(&mock).bytes(packed.clone());
    let (written, ended) = exported(&mock);
    ended.unwrap();
    assert_eq!(written, packed);
    let requests = mock.requests();
    let signatures = requests.iter().filter(|request| request.uri().host() == Some("files.example.com"));
    let signatures: Vec<_> = signatures.map(|request| request.query("signature").unwrap()).collect();
    assert_eq!(signatures, ["secret-0", "secret-1", "secret-2"]);
}

#[test]
#[ignore = "fails until the next commit"]
fn a_failed_download_says_that_the_file_failed() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).status(403).bytes(Bytes::from_static(b"<Error>signature=secret-0</Error>"));
    let error = exported(&mock).1.unwrap_err();
    assert_eq!((error.operation(), error.status().unwrap().as_u16()), (Some("jobs.export_to"), 403));
    assert!(error.to_string().starts_with("GET export file: 403: "), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[test]
#[ignore = "fails until the next commit"]
fn a_file_is_read_over_https_or_from_this_machine_only() {
    for (location, is_read) in [
        ("http://files.example.com/exports/1", false),
        ("ftp://files.example.com/exports/1", false),
        ("https://name:password@files.example.com/exports/1", false),
        ("/exports/1", false),
        ("http://127.0.0.1:3000/exports/1", true),
        ("http://[::1]:3000/exports/1", true),
        ("http://localhost/exports/1", true),
    ] {
        let mock = MockTransport::new();
        export_at(&mock, location);
        file(&mock).bytes(gzip("ada\n")).always();
        let ended = exported(&mock).1;
        assert_eq!(ended.is_ok(), is_read, "{location}: {ended:?}");
        assert_eq!(mock.requests().len(), if is_read { 3 } else { 2 }, "{location}");
    }
}
