//! The file of a journal: what it holds, and what is made of damage.

use super::scratch::Scratch;
use super::{client, named, new_user, posts};
use futures_util::FutureExt as _;
use users_core::{BulkJournal, ErrorKind};
use users_mock::Tenant;

#[test]
fn a_journal_holds_no_personal_data_and_no_secret() {
    let scratch = Scratch::new("data");
    let tenant = Tenant::new();
    let users = client(&tenant, &["500@users.create,times=2"]).users();
    let run = users
        .bulk()
        .journal(BulkJournal::open(scratch.file()).unwrap().sync_each())
        .create((0..5).map(new_user));
    tenant.clock().block_on(run.finish()).unwrap();
    let text = std::fs::read_to_string(scratch.file()).unwrap();
    assert!(text.starts_with("users-bulk-journal 1 users.create "));
    assert_eq!(text.lines().count(), 11);
    for part in ["example", "Correct", "auth0|", "Username", "password"] {
        assert!(!text.contains(part), "{text}");
    }
    // Another journal has other hashes for the same inputs.
    let other = Scratch::new("data2");
    let run = users.bulk().journal(BulkJournal::open(other.file()).unwrap()).create((0..5).map(new_user));
    tenant.clock().block_on(run.finish()).unwrap();
    let hash = |text: &str| text.lines().nth(1).unwrap().split(' ').nth(2).unwrap().to_owned();
    assert_ne!(hash(&text), hash(&std::fs::read_to_string(other.file()).unwrap()));
}

#[test]
fn a_journal_that_is_cut_or_changed_anywhere_is_read_and_its_damage_reported() {
    let scratch = Scratch::new("damage");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let run = users
        .bulk()
        .concurrency(3)
        .journal(BulkJournal::open(scratch.file()).unwrap())
        .create((0..8).map(new_user));
    tenant.clock().block_on(run.finish()).unwrap();
    let whole = std::fs::read(scratch.file()).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let copy = scratch.0.join("copy");
    let opened = |bytes: &[u8]| {
        std::fs::write(&copy, bytes).unwrap();
        BulkJournal::open(&copy)
    };
    for end in 0..=whole.len() {
        let journal = opened(&whole[..end]).unwrap();
        assert!(journal.damage().is_empty(), "a line that was being written is no damage: {end}");
        assert_eq!(std::fs::read(&copy).unwrap(), &whole[..end], "opening it changes nothing");
        assert!(end == 0 || end >= header || journal.applied() == 0);
    }
    // A run removes the line that was not complete, and writes the header that was not.
    for end in [3, header - 1, header + 20, whole.len() - 1] {
        let run = users.bulk().journal(opened(&whole[..end]).unwrap()).create((0..8).map(new_user));
        tenant.clock().block_on(run.finish()).unwrap();
        let journal = BulkJournal::open(&copy).unwrap();
        assert_eq!(
            (journal.damage(), std::fs::read(&copy).unwrap().last()),
            (&[][..], Some(&b'\n')),
            "{end}"
        );
    }
    for at in 0..whole.len() {
        for change in [1, 0x20, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            match opened(&bytes) {
                Err(error) => assert!(at < header && error.kind() == ErrorKind::Journal, "{at}: {error}"),
                Ok(journal) => assert!(at >= header && journal.damage().len() == 1, "{at}"),
            }
        }
    }
    assert!(opened(&[0xFF; 10_000]).is_err() && opened(b"users-bulk-journal 2 x 00 0\n").is_err());
}

#[test]
fn nothing_is_repeated_after_damage_to_a_journal() {
    let scratch = Scratch::new("mend");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let run = |journal| users.bulk().concurrency(2).journal(journal).create((0..6).map(named));
    tenant.clock().block_on(run(BulkJournal::open(scratch.file()).unwrap()).finish()).unwrap();
    let whole = std::fs::read(scratch.file()).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let before = posts(&tenant);
    for at in (header..whole.len()).step_by(3).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(scratch.file(), bytes).unwrap();
        let report =
            tenant.clock().block_on(run(BulkJournal::open(scratch.file()).unwrap()).finish()).unwrap();
        assert_eq!((report.failed.len(), report.progress.finished()), (0, 6));
    }
    assert_eq!(posts(&tenant), before);
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_run_before_anything_is_sent() {
    let scratch = Scratch::new("full");
    let error = BulkJournal::open(&scratch.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(error.to_string().contains("cannot be opened") && std::error::Error::source(&error).is_some());
    if let Ok(journal) = BulkJournal::open("/dev/full") {
        let tenant = Tenant::new();
        let mut run = client(&tenant, &[]).users().bulk().journal(journal).create((0..3).map(new_user));
        tenant.clock().block_on(async {
            assert_eq!(run.try_next().await.unwrap_err().kind(), ErrorKind::Journal);
            assert!(run.try_next().await.unwrap().is_none());
        });
        assert_eq!(tenant.user_count(), 0);
    }
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_not_changed() {
    let scratch = Scratch::new("no-journal");
    let key = "0123456789abcdef0123456789abcdef";
    for text in [
        "auth0|123".to_owned(),
        "\n".to_owned(),
        "x".repeat(10_000),
        "users-bulk-journal 2 ".to_owned(),
        "users-bulk-journal 1  ".to_owned(),
        "users-bulk-journal 1 users.create 0123x".to_owned(),
        format!("users-bulk-journal 1 users.create {key} 0123456"),
        format!("users-bulk-journal 1 users.create {key} 01234567"),
        format!("users-bulk-journal 1 users.create {key}0"),
        format!("users-bulk-journal 1 {} 0", "x".repeat(101)),
    ] {
        std::fs::write(scratch.file(), &text).unwrap();
        let opened = BulkJournal::open(scratch.file());
        assert_eq!(std::fs::read_to_string(scratch.file()).unwrap(), text);
        if text.ends_with(" 0123456") {
            assert!(opened.is_ok(), "the beginning of a header that was being written");
            continue;
        }
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal, "{text}");
        assert!(error.to_string().ends_with("; nothing was changed"), "{error}");
    }
}

#[test]
fn a_journal_of_another_run_is_not_changed_by_a_run_that_it_refuses() {
    let scratch = Scratch::new("refuses");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let run = users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create([new_user(0)]);
    tenant.clock().block_on(run.finish()).unwrap();
    let mut bytes = std::fs::read(scratch.file()).unwrap();
    bytes.extend_from_slice(b"started 1 ");
    std::fs::write(scratch.file(), &bytes).unwrap();
    let run = users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).delete(["auth0|1"]);
    assert!(tenant.clock().block_on(run.finish()).is_err());
    assert_eq!(std::fs::read(scratch.file()).unwrap(), bytes);
}

#[test]
fn two_runs_do_not_use_one_journal_at_once() {
    let scratch = Scratch::new("two");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let journal = || BulkJournal::open(scratch.file());
    tenant.clock().block_on(async {
        let mut run = users.bulk().journal(journal().unwrap()).create((0..5).map(named));
        for _ in 0..2 {
            let error = journal().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal);
            assert!(error.to_string().ends_with("is in use by another run"), "{error}");
            run.try_next().await.unwrap();
        }
        drop(run);
        // A run that has ended needs it no longer.
        let mut run = users.bulk().journal(journal().unwrap()).create((0..5).map(named));
        while run.try_next().await.unwrap().is_some() {}
        assert!(journal().is_ok());
        assert!(run.try_next().await.unwrap().is_none());
    });
}

#[test]
fn nothing_is_repeated_after_a_change_of_the_last_byte_of_a_journal() {
    let scratch = Scratch::new("last");
    let tenant = Tenant::new();
    let run = |faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let journal = BulkJournal::open(scratch.file()).unwrap();
        let damage = journal.damage().len();
        let run = users.bulk().journal(journal).create([named(0)]);
        (damage, tenant.clock().block_on(run.finish()).unwrap().progress)
    };
    // The process is killed when the request was sent: the last line is `started`.
    run(&["reset-after@users.create,always"]);
    let text = std::fs::read_to_string(scratch.file()).unwrap();
    let lines: Vec<&str> = text.lines().take(2).collect();
    for end in [0x0B, 0x8A, b' ', b'0'] {
        let mut bytes = lines.join("\n").into_bytes();
        bytes.push(end);
        std::fs::write(scratch.file(), bytes).unwrap();
        let before = posts(&tenant);
        let (damage, progress) = run(&[]);
        assert_eq!((damage, progress.uncertain, posts(&tenant) - before), (1, 1, 0), "{end}");
        // What is added after the damaged line is in lines of its own.
        let bytes = std::fs::read(scratch.file()).unwrap();
        let added =
            bytes.split(|byte| *byte == b'\n').skip(2).map(String::from_utf8_lossy).collect::<Vec<_>>();
        assert!(added[0].starts_with("started 0 ") && added[1].starts_with("unknown 0 "), "{added:?}");
        assert_eq!(run(&[]).1.uncertain, 1);
    }
}

#[test]
fn damage_to_the_line_of_a_second_attempt_does_not_make_the_first_one_count() {
    let scratch = Scratch::new("second");
    let tenant = Tenant::new();
    let run = |faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let run =
            users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create([named(0), named(1)]);
        tenant.clock().block_on(run.finish()).unwrap().progress
    };
    // Postponed first; then sent, and the response is lost.
    assert_eq!(run(&["connect-refused@users.create,always"]).failed, 2);
    assert_eq!(run(&["reset-after@users.create,always"]).uncertain, 2);
    assert_eq!(tenant.user_count(), 2);
    let text = std::fs::read_to_string(scratch.file()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Header, 2 started, 2 postponed, 2 started, 2 unknown: killed before the last two were written, and one `started` is damaged.
    let mut kept = lines[..7].join("\n").into_bytes();
    kept.push(b'\n');
    let at = lines[..5].iter().map(|line| line.len() + 1).sum::<usize>() + 10;
    kept[at] ^= 1;
    std::fs::write(scratch.file(), kept).unwrap();
    assert_eq!(BulkJournal::open(scratch.file()).unwrap().damage().len(), 1);
    let before = posts(&tenant);
    assert_eq!(run(&[]).uncertain, 2);
    assert_eq!(posts(&tenant) - before, 0, "creations that were repeated");
}

#[test]
fn what_was_postponed_after_the_damage_is_executed() {
    let scratch = Scratch::new("after-damage");
    let tenant = Tenant::new();
    let run = |count: usize, faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let journal = BulkJournal::open(scratch.file()).unwrap();
        let run = users.bulk().concurrency(1).journal(journal).create((0..count).map(named));
        tenant.clock().block_on(run.finish()).unwrap().progress
    };
    assert_eq!(run(1, &["reset-before@users.create,always"]).uncertain, 1);
    let mut bytes = std::fs::read(scratch.file()).unwrap();
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    std::fs::write(scratch.file(), bytes).unwrap();
    let postponed = run(5, &["connect-refused@users.create,always"]);
    assert_eq!((postponed.uncertain, postponed.failed), (3, 2), "the damaged line may be of the next inputs");
    let progress = run(5, &[]);
    assert_eq!((progress.uncertain, progress.done), (3, 2), "{progress:?}");
}

#[test]
fn a_line_that_was_being_written_is_removed_before_another_one_is_added() {
    let scratch = Scratch::new("rest");
    let tenant = Tenant::new();
    let bulk = |faults: &[&str]| {
        client(&tenant, faults).users().bulk().journal(BulkJournal::open(scratch.file()).unwrap())
    };
    tenant.clock().block_on(bulk(&[]).create([]).finish()).unwrap();
    let mut bytes = std::fs::read(scratch.file()).unwrap();
    // Longer than the line that is added.
    bytes.extend_from_slice(
        b"started 18446744073709551615 0123456789abcdef 0123456789abcdef 1700000000000 0123456",
    );
    std::fs::write(scratch.file(), bytes).unwrap();
    let mut run = bulk(&["hang@users.create,always"]).create([named(0)]);
    tenant.clock().block_on(async {
        assert!(run.next().now_or_never().is_none());
        drop(run);
    });
    assert_eq!(std::fs::read_to_string(scratch.file()).unwrap().lines().count(), 2);
    let journal = BulkJournal::open(scratch.file()).unwrap();
    assert!(journal.damage().is_empty(), "{:?}", journal.damage());
}
