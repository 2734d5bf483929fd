//! The file of a journal: what it holds, and what is made of damage.

use super::scratch::Scratch;
use super::{DATABASE, client, new_user};
use users_core::model::NewUser;
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
        let kept = std::fs::read(&copy).unwrap();
        assert!(kept.is_empty() || kept.ends_with(b"\n"));
        assert!(end == 0 || end >= header || journal.applied() == 0);
    }
    for at in 0..whole.len() {
        for change in [1, 0x20, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            match opened(&bytes) {
                Err(error) => assert!(at < header && error.kind() == ErrorKind::Journal, "{at}: {error}"),
                // A change of the last line's end makes it one that was being written.
                Ok(journal) => {
                    assert!(at >= header && (!journal.damage().is_empty() || at == whole.len() - 1), "{at}")
                }
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
    // Neither address nor id: a repetition could not be noticed.
    let named =
        |number: usize| NewUser::new(DATABASE).username(format!("user{number}")).password("Correct horse 1");
    let run = |journal| users.bulk().concurrency(2).journal(journal).create((0..6).map(named));
    tenant.clock().block_on(run(BulkJournal::open(scratch.file()).unwrap()).finish()).unwrap();
    let whole = std::fs::read(scratch.file()).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let posts = || tenant.requests().iter().filter(|request| request.method == "POST").count();
    let before = posts();
    for at in (header..whole.len() - 1).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(scratch.file(), bytes).unwrap();
        let report =
            tenant.clock().block_on(run(BulkJournal::open(scratch.file()).unwrap()).finish()).unwrap();
        assert_eq!((report.failed.len(), report.progress.finished()), (0, 6));
    }
    assert_eq!(posts(), before);
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
