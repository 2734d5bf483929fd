//! Runs that are continued from their journal.

use super::scratch::Scratch;
use super::{client, new_user};
use std::collections::HashMap;
use users_core::model::NewUser;
use users_core::{Applied, BulkJournal, ErrorKind};
use users_mock::Tenant;

#[test]
fn a_run_that_is_continued_repeats_nothing_whose_outcome_is_known() {
    let scratch = Scratch::new("known");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let run =
        || users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create((0..50).map(new_user));
    tenant.clock().block_on(async {
        let mut first = run();
        for _ in 0..20 {
            first.try_next().await.unwrap();
        }
        first.stop();
        while first.try_next().await.unwrap().is_some() {}
        let before = tenant.requests().len();
        let mut statuses = HashMap::new();
        let mut second = run();
        while let Some(outcome) = second.try_next().await.unwrap() {
            assert!(statuses.insert(outcome.index, outcome.status.applied()).is_none());
        }
        assert!(statuses.len() == 50 && statuses.values().all(|applied| *applied == Applied::Yes));
        assert_eq!(tenant.user_count(), 50);
        assert!(tenant.requests().len() - before <= 30);
        let third = run().finish().await.unwrap();
        assert_eq!((third.progress.done, tenant.user_count()), (50, 50));
    });
    assert_eq!(BulkJournal::open(scratch.file()).unwrap().applied(), 50);
}

#[test]
fn a_failure_that_may_pass_is_tried_again_and_a_refusal_is_not() {
    let scratch = Scratch::new("failures");
    let tenant = Tenant::new();
    let inputs = || vec![new_user(0), NewUser::new("nothing").email("x@example.com"), new_user(2)];
    let attempt = |faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let run =
            users.bulk().concurrency(1).journal(BulkJournal::open(scratch.file()).unwrap()).create(inputs());
        tenant.clock().block_on(run.finish()).unwrap()
    };
    let first = attempt(&["connect-refused@users.create,after=2,always"]);
    assert_eq!((first.progress.done, first.progress.failed), (1, 2));
    let before = tenant.requests().len();
    let second = attempt(&[]);
    assert_eq!((second.progress.done, second.progress.failed), (2, 1));
    assert!(second.failed[0].0 == 1 && second.failed[0].2.is_none());
    assert_eq!(tenant.requests().len() - before, 1, "the refused user is not sent again");
}

#[test]
fn a_journal_is_of_one_operation_and_of_the_same_inputs() {
    let scratch = Scratch::new("other");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let journal = || BulkJournal::open(scratch.file()).unwrap();
    tenant.clock().block_on(async {
        users.bulk().journal(journal()).create((0..3).map(new_user)).finish().await.unwrap();
        let error = users.bulk().journal(journal()).delete(["auth0|1"]).finish().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(error.to_string().contains("is of a run of users.create, not of users.delete"), "{error}");
        let before = tenant.requests().len();
        let report = users.bulk().journal(journal()).create([7, 1, 2].map(new_user)).finish().await.unwrap();
        assert_eq!((report.progress.done, report.failed.len()), (2, 1));
        assert!(report.failed[0].2.as_ref().unwrap().to_string().contains("input 0"));
        assert_eq!(tenant.requests().len(), before);
    });
}
