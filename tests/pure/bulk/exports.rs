//! Exports: the file is checked, and a failed download is repeated without losing the job.

use async_trait::async_trait;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use users_core::model::UsersExport;
use users_core::{
    Body, Error, ErrorKind, HttpTransport, ManagementClient, Retry, Sent, TransportError, TransportErrorKind,
};
use users_mock::{Expectation, MockTransport};

const FILE: (Method, &str) = (Method::GET, "/exports/{file}");

pub(super) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Expects an export whose file is at `https://files.example.com/exports/1?signature=secret-N`, where N counts the requests for the
/// job.
pub(super) fn export(mock: &MockTransport) {
    export_at(mock, "https://files.example.com/exports/1");
}

fn export_at(mock: &MockTransport, location: &'static str) {
    mock.expect((Method::POST, "/jobs/users-exports")).json(r#"{"id":"job_1","status":"pending"}"#);
    let lookups = AtomicUsize::new(0);
    mock.expect((Method::GET, "/jobs/{id}")).always().answer(move |_| {
        let times = lookups.fetch_add(1, Ordering::SeqCst);
        let job = format!(
            r#"{{"id":"job_1","status":"completed","location":"{location}?signature=secret-{times}"}}"#
        );
        http::Response::new(job.into())
    });
}

pub(super) fn file(mock: &MockTransport) -> Expectation {
    mock.expect(FILE)
}

/// The bytes that an export writes, and its result.
fn exported(mock: &MockTransport) -> (Vec<u8>, Result<(), Error>) {
    let (mut sink, jobs) = (Vec::new(), mock.management().jobs());
    let ended = mock.clock().block_on(jobs.export(UsersExport::new()).write_to(&mut sink));
    (sink, ended.map(drop))
}

#[test]
fn a_file_is_written_unchanged_and_requested_without_the_access_token() {
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
fn the_download_asks_the_transport_not_to_decompress_the_file() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).bytes(gzip("ada\n"));
    exported(&mock).1.unwrap();
    assert_eq!(mock.requests().last().unwrap().headers()["accept-encoding"], "identity");
}

#[test]
fn a_truncated_file_is_an_error() {
    let packed = gzip("ada\nbob\n");
    for length in 0..packed.len() {
        let mock = MockTransport::new();
        export(&mock);
        file(&mock).status(200).bytes(packed[..length].to_vec()).always();
        let error = exported(&mock).1.expect_err(&format!("{length} of {} bytes are accepted", packed.len()));
        assert!(error.to_string().contains("file"), "{error}");
    }
}

#[test]
fn a_file_with_a_wrong_checksum_or_length_is_an_error() {
    let packed = gzip("ada\nbob\n");
    for at in packed.len() - 8..packed.len() {
        let mock = MockTransport::new();
        export(&mock);
        let mut packed = packed.clone();
        packed[at] ^= 1;
        file(&mock).bytes(packed).always();
        assert_eq!(exported(&mock).1.expect_err("a wrong trailer is accepted").kind(), ErrorKind::Decode);
    }
}

#[test]
fn an_html_page_or_an_uncompressed_file_is_an_error_and_not_written() {
    for (coding, body) in
        [("identity", "<!DOCTYPE html><p>Sign in</p>"), ("gzip", "{\"email\":\"ada\"}\n"), ("gzip", "{")]
    {
        let mock = MockTransport::new();
        export(&mock);
        file(&mock).bytes(body).header("content-encoding", coding).always();
        let (written, ended) = exported(&mock);
        let error = ended.expect_err("a file that is not gzip is accepted");
        assert_eq!((error.kind(), written.as_slice()), (ErrorKind::Decode, &b""[..]), "{error}");
        assert!(error.to_string().contains("not gzip"), "{error}");
    }
}

#[test]
fn a_failed_download_is_repeated_with_a_new_url() {
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
fn the_error_of_a_failed_download_names_the_export_file() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).status(403).bytes(Bytes::from_static(b"<Error>signature=secret-0</Error>"));
    let error = exported(&mock).1.unwrap_err();
    assert_eq!((error.operation(), error.status().unwrap().as_u16()), (Some("jobs.export"), 403));
    assert!(error.to_string().starts_with("GET export file: 403: "), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[test]
fn a_file_is_downloaded_only_over_https_or_from_loopback() {
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

/// A transport that sends files in pieces, one list for each attempt, and everything else to the mock.
#[derive(Clone, Debug)]
struct Files(MockTransport, std::sync::Arc<std::sync::Mutex<Vec<Pieces>>>);

pub(super) type Pieces = Vec<Result<Bytes, &'static str>>;

#[async_trait]
impl HttpTransport for Files {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Option<std::time::Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        if request.uri().host() != Some("files.example.com") {
            return self.0.send(request, deadline).await;
        }
        let pieces = self.1.lock().unwrap().remove(0);
        // Some HTTP stacks show the whole URL in their errors.
        let uri = request.uri().clone();
        let pieces = pieces.into_iter().map(move |piece| {
            piece.map_err(|why| {
                TransportError::new(TransportErrorKind::Io, Sent::Yes, format!("{why}: {uri}"))
            })
        });
        Ok(http::Response::new(Body::from_stream(futures_util::stream::iter(pieces))))
    }
}

/// The mock and the client of an export whose downloads have these pieces.
pub(super) fn in_pieces(attempts: Vec<Pieces>) -> (MockTransport, ManagementClient) {
    let mock = MockTransport::new();
    export(&mock);
    let files = Files(mock.clone(), std::sync::Arc::new(attempts.into()));
    let builder = ManagementClient::builder(files).domain(MockTransport::DOMAIN).token("t");
    let client = builder.clock(mock.clock()).response_limit(1000).build().unwrap();
    (mock, client)
}

/// The bytes that an export writes if its downloads have these pieces, and its result.
fn exported_in_pieces(attempts: Vec<Pieces>) -> (Vec<u8>, Result<(), Error>) {
    let (mock, client) = in_pieces(attempts);
    let (mut sink, jobs) = (Vec::new(), client.jobs());
    let ended = mock.clock().block_on(jobs.export(UsersExport::new()).write_to(&mut sink));
    (sink, ended.map(drop))
}

#[test]
fn an_interrupted_download_continues_without_writing_anything_twice() {
    let packed = Bytes::from(gzip("ada\nbob\n"));
    let broken = "the connection broke";
    for cut in 0..packed.len() {
        let first = vec![Ok(packed.slice(..cut)), Err(broken)];
        let second = vec![Ok(packed.slice(..cut / 2)), Err(broken)];
        let third = vec![Ok(packed.slice(..3)), Ok(packed.slice(3..))];
        let (written, ended) = exported_in_pieces(vec![first, second, third]);
        ended.unwrap();
        assert_eq!(written, packed, "cut at {cut}");
    }
    let (_, ended) = exported_in_pieces(vec![vec![Err(broken)]; 3]);
    let error = ended.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 3));
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_repeated_download_that_returns_another_file_is_an_error() {
    let (one, other) = (Bytes::from(gzip("ada\nbob\n")), Bytes::from(gzip("eve\nbob\n")));
    let first = vec![Ok(one.slice(..20)), Err("it broke")];
    for second in [other, Bytes::from(gzip(""))] {
        let (written, ended) = exported_in_pieces(vec![first.clone(), vec![Ok(second)]]);
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), &written[..]), (ErrorKind::Decode, &one[..20]), "{error}");
        assert!(error.to_string().contains("another file"), "{error}");
    }
}

#[test]
fn a_file_that_contradicts_its_content_length_is_an_error() {
    let packed = gzip("ada\n");
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).bytes([packed.clone(), packed].concat()).header("content-length", "24").always();
    assert!(exported(&mock).1.unwrap_err().to_string().contains("its length"));
}

#[test]
fn every_error_after_the_job_was_accepted_names_the_job_and_it_can_be_resumed() {
    let scripts: [fn(&MockTransport); 4] = [
        // The status of the job cannot be read.
        |mock| drop(mock.expect((Method::GET, "/jobs/{id}")).status(403)),
        // The job fails.
        |mock| {
            let job = r#"{"id":"job_1","status":"failed","status_details":"too many fields"}"#;
            drop(mock.expect((Method::GET, "/jobs/{id}")).json(job));
        },
        // The file cannot be downloaded.
        |mock| {
            let job = r#"{"id":"job_1","status":"completed","location":"https://files.example.com/exports/1?x=secret"}"#;
            drop(mock.expect((Method::GET, "/jobs/{id}")).json(job));
            drop(file(mock).status(403));
        },
        // The job never ends.
        |mock| {
            let job = r#"{"id":"job_1","status":"processing"}"#;
            drop(mock.expect((Method::GET, "/jobs/{id}")).json(job).always());
        },
    ];
    for (number, script) in scripts.into_iter().enumerate() {
        let mock = MockTransport::new();
        mock.expect((Method::POST, "/jobs/users-exports")).json(r#"{"id":"job_1","status":"pending"}"#);
        script(&mock);
        let error = exported(&mock).1.unwrap_err();
        assert_eq!(error.job_id(), Some("job_1"), "script {number}: {error}");
        assert!(error.to_string().contains("(job job_1)"), "{error}");
        assert_ne!(error.operation(), Some("jobs.export_users"));

        let mock = MockTransport::new();
        export(&mock);
        file(&mock).bytes(gzip("ada\n"));
        mock.ignore_unmet();
        let (mut sink, jobs) = (Vec::new(), mock.management().jobs());
        let id = error.job_id().unwrap();
        let job = mock.clock().block_on(jobs.export_job(id).write_to(&mut sink)).unwrap();
        assert_eq!((job.id.as_deref(), sink), (Some("job_1"), gzip("ada\n")));
        assert!(
            mock.requests().iter().all(|request| request.method() == Method::GET),
            "no second job is created"
        );
    }
}

#[test]
fn an_error_of_the_sink_also_names_the_job() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mock = MockTransport::new();
    export(&mock);
    file(&mock).bytes(gzip("ada\n"));
    let error = mock
        .clock()
        .block_on(mock.management().jobs().export(UsersExport::new()).write_to(Full))
        .unwrap_err();
    assert_eq!(error.job_id(), Some("job_1"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "no space left");
    mock.verify();
}

#[test]
fn an_export_without_retries_is_downloaded_once() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).status(503);
    let builder = ManagementClient::builder(mock.clone()).domain(MockTransport::DOMAIN).token("t");
    let client = builder.clock(mock.clock()).retry(Retry::never()).build().unwrap();
    let error =
        mock.clock().block_on(client.jobs().export(UsersExport::new()).write_to(Vec::new())).unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (503, 1));
}

#[test]
fn an_accepted_export_without_a_job_id_is_reported() {
    let mock = MockTransport::new();
    mock.expect((Method::POST, "/jobs/users-exports")).json(r#"{"status":"pending"}"#);
    let error = exported(&mock).1.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Decode, Some("jobs.export_users")));
    assert!(error.to_string().contains("does not name its id") && error.may_have_been_applied(), "{error}");
}

#[test]
fn a_file_is_written_piece_by_piece_and_never_held_in_memory_whole() {
    use std::sync::Arc;
    use users_core::transport_fn;

    /// Counts what was written.
    struct Counter(Arc<AtomicUsize>);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.fetch_add(bytes.len(), Ordering::SeqCst);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    const MEMBERS: usize = 1000;
    let member = Bytes::from(gzip("ada\n"));
    let length = member.len();
    let written = Arc::new(AtomicUsize::new(0));
    let sunk = Arc::clone(&written);
    let transport = transport_fn(move |request, _| {
        let (member, sunk) = (member.clone(), Arc::clone(&sunk));
        async move {
            if request.uri().host() != Some("files.example.com") {
                let job = r#"{"id":"job_1","status":"completed","location":"https://files.example.com/a?signature=x"}"#;
                return Ok(http::Response::new(Body::from(job)));
            }
            assert!(!request.headers().contains_key("authorization"));
            let chunks = (0..MEMBERS).map(move |number| {
                assert_eq!(
                    sunk.load(Ordering::SeqCst),
                    number * member.len(),
                    "each piece is written before the next one is read"
                );
                Ok(member.clone())
            });
            Ok(http::Response::new(Body::from_stream(futures_util::stream::iter(chunks))))
        }
    });
    let client =
        ManagementClient::builder(transport).domain("tenant.example.com").token("t").build().unwrap();
    let counter = Counter(Arc::clone(&written));
    futures_executor::block_on(client.jobs().export(UsersExport::new()).write_to(counter)).unwrap();
    assert_eq!(written.load(Ordering::SeqCst), MEMBERS * length);
}

#[test]
fn a_stalled_download_is_repeated() {
    let (mock, packed) = (MockTransport::new(), gzip("ada\n"));
    export(&mock);
    file(&mock).bytes(packed.clone()).delay(std::time::Duration::from_secs(3600));
    file(&mock).bytes(packed.clone());
    let (written, ended) = exported(&mock);
    ended.unwrap();
    assert_eq!(written, packed);
    // The attempt timeout of 30 seconds, and little more.
    assert!(mock.clock().elapsed().as_secs() < 40, "{:?}", mock.clock().elapsed());
}
