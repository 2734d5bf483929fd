//! The users of an export: the file is decompressed and decoded on the way, and a repeated download returns nobody twice.

use super::exports::{Pieces, export, file, gzip, in_pieces};
use bytes::Bytes;
use http::Method;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::model::{JobStatus, User, UsersExport};
use users_core::{Error, ErrorKind, ExportProgress, ExportedUsers, ManagementClient};
use users_mock::{MockTransport, Tenant};

const BROKEN: &str = "the connection broke";

/// The e-mail address of a user, or the id of one without an address.
fn address(user: User) -> String {
    user.email.or(user.user_id.map(|id| id.to_string())).unwrap()
}

/// The e-mail addresses of a stream, and how it ended. It returns nothing after its end.
async fn addresses(mut users: ExportedUsers) -> (Vec<String>, Result<(), Error>) {
    let mut addresses = Vec::new();
    let ended = loop {
        match users.try_next().await {
            Ok(Some(user)) => addresses.push(address(user)),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(users.next().await.is_none());
    (addresses, ended)
}

/// The e-mail addresses of an export whose downloads have these pieces.
fn in_attempts(attempts: Vec<Pieces>) -> (Vec<String>, Result<(), Error>) {
    let (mock, client) = in_pieces(attempts);
    mock.clock().block_on(addresses(client.jobs().export(UsersExport::new()).users()))
}

/// The e-mail addresses of an export with this file.
fn of(packed: Vec<u8>) -> (Vec<String>, Result<(), Error>) {
    let packed = Bytes::from(packed);
    in_attempts((0..3).map(|_| packed.chunks(7).map(|piece| Ok(packed.slice_ref(piece))).collect()).collect())
}

/// The file of users with these e-mail addresses.
fn lines(addresses: &[&str]) -> String {
    addresses.iter().map(|address| format!("{}\n", json!({"email": address}))).collect()
}

#[test]
fn the_users_of_a_tenant_are_streamed_and_the_progress_of_the_job_is_reported() {
    let tenant = Tenant::builder().users(120).job_duration(Duration::from_secs(20)).build();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let export = tenant.management().jobs().export(UsersExport::new().fields(["user_id", "email"]));
    let users = export.on_progress(move |progress| sink.lock().unwrap().push(progress.clone())).users();
    let (found, ended) = tenant.clock().block_on(addresses(users));
    ended.unwrap();
    let all = tenant.clock().block_on(tenant.management().users().get_all().items().try_collect()).unwrap();
    let mut expected: Vec<String> = all.into_iter().map(address).collect();
    let mut found = found;
    expected.sort();
    found.sort();
    assert_eq!((found.len(), found), (120, expected));

    let seen: Vec<ExportProgress> = seen.lock().unwrap().clone();
    assert!(seen.iter().all(|progress| progress.job_id == seen[0].job_id), "{seen:?}");
    assert_eq!(seen[0].status, Some(JobStatus::Pending));
    let percents: Vec<u64> = seen.iter().filter_map(|progress| progress.percentage_done).collect();
    assert!(percents.iter().any(|percent| (1..100).contains(percent)), "{percents:?}");
    assert!(percents.is_sorted() && percents.last() == Some(&100), "{percents:?}");
    assert!(seen.iter().any(|progress| progress.time_left > Some(Duration::ZERO)), "{seen:?}");
    assert_eq!(seen.last().unwrap().status, Some(JobStatus::Completed));
}

#[test]
fn the_id_of_a_started_job_is_known_at_once_and_its_file_is_read_later_by_the_id() {
    let tenant = Tenant::builder().users(3).job_duration(Duration::from_secs(3600)).build();
    let jobs = tenant.management().jobs();
    tenant.clock().block_on(async {
        let running = jobs.export(UsersExport::new().format("json")).start().await.unwrap();
        assert!(running.job_id().starts_with("job_"), "{running:?}");
        assert!(tenant.clock().elapsed() < Duration::from_secs(1));
        let id = running.job_id().to_owned();
        drop(running);
        let (found, ended) = addresses(jobs.export_job(id.as_str()).users()).await;
        ended.unwrap();
        assert_eq!(found.len(), 3);
        // The link that the first reader got has expired.
        tenant.clock().advance(Duration::from_secs(600));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let resumed = jobs
            .export_job(id.as_str())
            .on_progress(move |progress| sink.lock().unwrap().push(progress.clone()));
        let mut text = Vec::new();
        let job = resumed.write_unpacked_to(&mut text).await.unwrap();
        assert_eq!((job.id.as_ref(), String::from_utf8(text).unwrap().lines().count()), (Some(&id), 3));
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn another_format_than_json_is_refused_before_anything_is_sent_or_downloaded() {
    let mock = MockTransport::new();
    let jobs = mock.management().jobs();
    let (found, ended) =
        mock.clock().block_on(addresses(jobs.export(UsersExport::new().format("csv")).users()));
    let error = ended.unwrap_err();
    assert!(error.is_invalid_argument() && error.job_id().is_none() && found.is_empty(), "{error:?}");
    assert_eq!(mock.requests().len(), 0);

    let tenant = Tenant::builder().users(3).build();
    let jobs = tenant.management().jobs();
    tenant.clock().block_on(async {
        let running = jobs.export(UsersExport::new()).start().await.unwrap();
        let id = running.job_id().to_owned();
        for users in [running.users(), jobs.export_job(id.as_str()).users()] {
            let error = addresses(users).await.1.unwrap_err();
            assert!(error.is_invalid_argument() && error.job_id() == Some(id.as_str()), "{error:?}");
        }
        let mut csv = Vec::new();
        jobs.export_job(id).write_unpacked_to(&mut csv).await.unwrap();
        assert!(csv.starts_with(b"\"user_id\","), "{csv:?}");
    });
}

#[test]
fn nothing_is_sent_before_the_stream_is_polled() {
    let mock = MockTransport::new();
    drop(mock.management().jobs().export(UsersExport::new()).users());
    assert_eq!(mock.requests().len(), 0);
}

#[test]
fn the_format_json_is_requested_for_users_unless_it_is_set() {
    let mock = MockTransport::new();
    export(&mock);
    file(&mock).bytes(gzip(""));
    let users = mock.management().jobs().export(UsersExport::new().limit(5)).users();
    mock.clock().block_on(addresses(users)).1.unwrap();
    let requests = mock.requests();
    assert_eq!(requests[0].method(), Method::POST);
    assert_eq!(requests[0].json::<serde_json::Value>().unwrap(), json!({"format": "json", "limit": 5}));
}

#[test]
fn lines_may_end_with_crlf_or_with_nothing_and_may_be_empty() {
    for text in [
        "{\"email\":\"ada\"}\n{\"email\":\"bob\"}\n",
        "{\"email\":\"ada\"}\r\n{\"email\":\"bob\"}\r\n",
        "{\"email\":\"ada\"}\n{\"email\":\"bob\"}",
        "\n\n{\"email\":\"ada\"}\n\r\n \n {\"email\":\"bob\"}\r\n\n",
    ] {
        let (found, ended) = of(gzip(text));
        ended.unwrap();
        assert_eq!(found, ["ada", "bob"], "{text:?}");
    }
}

#[test]
fn an_export_without_users_is_an_empty_stream() {
    for text in ["", "\n"] {
        let (found, ended) = of(gzip(text));
        assert!(ended.is_ok() && found.is_empty(), "{ended:?}");
    }
}

#[test]
fn a_file_of_several_gzip_members_is_one_file_also_where_a_member_ends_within_a_character() {
    let text = lines(&["ädä", "b🦀b", "eve"]);
    for cut in 0..text.len() {
        let (one, two) = text.as_bytes().split_at(cut);
        let packed = [pack(one), pack(b""), pack(two)].concat();
        let (found, ended) = of(packed);
        ended.unwrap();
        assert_eq!(found, ["ädä", "b🦀b", "eve"], "members cut at {cut}");
    }
}

/// The bytes as a gzip member.
fn pack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_character_may_be_divided_between_chunks() {
    // Not compressed, so that each chunk ends within the text.
    let packed = Bytes::from(pack(lines(&["ädä", "b🦀b"]).as_bytes()));
    for size in 1..packed.len() {
        let pieces = packed.chunks(size).map(|piece| Ok(packed.slice_ref(piece))).collect();
        let (found, ended) = in_attempts(vec![pieces]);
        ended.unwrap();
        assert_eq!(found, ["ädä", "b🦀b"], "chunks of {size}");
    }
}

#[test]
fn an_interrupted_download_is_repeated_and_returns_no_user_twice() {
    let packed = Bytes::from(pack(lines(&["ada", "bob", "eve"]).as_bytes()));
    for cut in 0..packed.len() {
        let first = vec![Ok(packed.slice(..cut)), Err(BROKEN)];
        let second = vec![Ok(packed.slice(..cut / 2)), Err(BROKEN)];
        let third = vec![Ok(packed.slice(..3)), Ok(packed.slice(3..))];
        let (found, ended) = in_attempts(vec![first, second, third]);
        ended.unwrap();
        assert_eq!(found, ["ada", "bob", "eve"], "cut at {cut}");
    }
}

#[test]
fn a_repeated_download_that_returns_another_file_is_an_error_and_none_of_its_users_is_returned() {
    let packed = Bytes::from(pack(lines(&["ada", "bob", "eve"]).as_bytes()));
    // Behind the line of ada, and the beginning of the next one.
    let cut = 10 + 5 + 22;
    // A decoder returns the last bytes of a chunk with the next chunk.
    let first = vec![Ok(packed.slice(..cut)), Ok(packed.slice(cut..=cut)), Err(BROKEN)];
    for other in [lines(&["eva", "tom", "max"]), lines(&["a"]), String::new()] {
        let other = vec![Ok(Bytes::from(pack(other.as_bytes())))];
        let (found, ended) = in_attempts(vec![first.clone(), other]);
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), found), (ErrorKind::Decode, vec!["ada".to_owned()]), "{error}");
        assert!(error.to_string().contains("another file"), "{error}");
        assert_eq!(error.job_id(), Some("job_1"));
    }
    // The same users, compressed in another way, are the same file.
    let again = vec![Ok(Bytes::from(gzip(&lines(&["ada", "bob", "eve"]))))];
    let (found, ended) = in_attempts(vec![first, again]);
    ended.unwrap();
    assert_eq!(found, ["ada", "bob", "eve"]);
}

#[test]
fn a_truncated_file_is_an_error_after_the_users_it_contains() {
    let packed = pack(lines(&["ada", "bob"]).as_bytes());
    for length in 0..packed.len() {
        let (found, ended) = of(packed[..length].to_vec());
        let error = ended.expect_err(&format!("{length} of {} bytes are accepted", packed.len()));
        assert_eq!((error.kind(), error.job_id()), (ErrorKind::Decode, Some("job_1")), "{error}");
        assert_eq!(error.attempts(), 3, "a truncated file is requested again: {error}");
        assert!(
            ["ada", "bob"].starts_with(&found.iter().map(String::as_str).collect::<Vec<_>>()),
            "{found:?}"
        );
    }
}

#[test]
fn a_wrong_checksum_is_an_error_and_not_the_end_of_the_stream() {
    let packed = gzip(&lines(&["ada", "bob"]));
    for at in packed.len() - 8..packed.len() {
        let mut packed = packed.clone();
        packed[at] ^= 1;
        let error = of(packed).1.expect_err("a wrong trailer is accepted");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("checksum"), "{error}");
    }
}

#[test]
fn an_html_page_is_an_error_that_does_not_quote_it() {
    for page in ["<!DOCTYPE html><p>Sign in</p>".as_bytes().to_vec(), gzip("<!DOCTYPE html>\n<p>Sign in</p>")]
    {
        let (found, ended) = of(page);
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), found.len()), (ErrorKind::Decode, 0), "{error}");
        assert!(!format!("{error} {error:?}").contains("DOCTYPE"), "{error:?}");
    }
}

#[test]
fn a_line_that_is_no_user_ends_the_stream_with_its_number_and_without_its_text() {
    for line in ["\"secret\"", "[{}]", "{\"email\":\"secret", "7", "\u{1}secret"] {
        let (found, ended) = of(gzip(&format!("{}\r\n\n{line}\n{}", "{\"email\":\"ada\"}", lines(&["bob"]))));
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), found), (ErrorKind::Decode, vec!["ada".to_owned()]), "{error}");
        assert!(error.to_string().contains("line 3 "), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        assert_eq!((error.operation(), error.job_id()), (Some("jobs.export"), Some("job_1")));
    }
    let (_, ended) = of(pack(b"{\"email\":\"\xff\"}\n"));
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Decode);
}

#[test]
fn a_line_larger_than_the_response_limit_is_an_error() {
    // The limit of the client is 1000 bytes.
    let fits = format!("{}\n", json!({"email": "a".repeat(1000 - 13)}));
    assert_eq!(fits.len(), 1000);
    let (found, ended) = of(gzip(&(lines(&["ada"]) + &fits)));
    ended.unwrap();
    assert_eq!(found.len(), 2);
    for line in [fits.replace('a', "aa"), "a".repeat(10_000_000), format!("{}\n", " ".repeat(1001))] {
        let (found, ended) = of(gzip(&(lines(&["ada"]) + &line)));
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), found.len()), (ErrorKind::ResponseTooLarge, 1), "{error}");
        assert!(error.to_string().contains("line 2 ") && error.job_id() == Some("job_1"), "{error}");
    }
}

#[test]
fn a_file_is_read_while_its_users_are_taken_and_never_held_in_memory_whole() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use users_core::{Body, transport_fn};

    let member = Bytes::from(gzip(&lines(&["ada"])));
    let received = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&received);
    let transport = transport_fn(move |request, _| {
        let (member, count) = (member.clone(), Arc::clone(&count));
        async move {
            if request.uri().host() != Some("files.example.com") {
                let job = r#"{"id":"job_1","status":"completed","location":"https://files.example.com/a?signature=x"}"#;
                return Ok(http::Response::new(Body::from(job)));
            }
            let chunks = (0..1000).map(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(member.clone())
            });
            Ok(http::Response::new(Body::from_stream(futures_util::stream::iter(chunks))))
        }
    });
    let client =
        ManagementClient::builder(transport).domain("tenant.example.com").token("t").build().unwrap();
    futures_executor::block_on(async {
        let mut users = client.jobs().export(UsersExport::new()).users();
        for taken in 1..=1000 {
            users.try_next().await.unwrap().unwrap();
            // A decoder may return the last bytes of a member with the next one.
            assert!(received.load(Ordering::SeqCst) <= taken + 1, "{taken} taken");
        }
        assert!(users.try_next().await.unwrap().is_none());
    });
}

#[test]
fn a_link_that_has_expired_before_the_download_is_replaced() {
    let tenant = Tenant::builder().users(3).build();
    let jobs = tenant.management().jobs();
    tenant.clock().block_on(async {
        let mut users = jobs.export(UsersExport::new()).users();
        users.try_next().await.unwrap().unwrap();
        tenant.clock().advance(Duration::from_secs(600));
        let (found, ended) = addresses(users).await;
        ended.unwrap();
        assert_eq!(found.len(), 2);
    });
}
