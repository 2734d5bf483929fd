//! Runs that are continued from their journal.

use super::scratch::Scratch;
use super::{client, new_user};
use serde_json::json;
use std::collections::HashMap;
use users_core::model::{NewUser, Timestamp, UserUpdate};
use users_core::{Applied, BulkJournal, Error, ErrorKind, ManagementClient, Retry};
use users_mock::{Seed, Tenant};

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
        let failed = users.bulk().journal(journal()).delete(["auth0|1"]).finish().await.unwrap_err();
        let error = Error::from(failed);
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(error.to_string().contains("is of a run of users.create, not of users.delete"), "{error}");
        let before = tenant.requests().len();
        let report = users.bulk().journal(journal()).create([7, 1, 2].map(new_user)).finish().await.unwrap();
        assert_eq!((report.progress.done, report.failed.len()), (2, 1));
        assert!(report.failed[0].2.as_ref().unwrap().to_string().contains("input 0"));
        assert_eq!(tenant.requests().len(), before);
    });
}

/// What is no refusal of the input itself may pass, whatever the reason was.
#[test]
fn only_inputs_that_the_server_refused_are_not_executed_again() {
    let lasting = [400, 404, 409, 413, 422];
    let passing = ["401", "402", "403", "407", "421", "423", "425", "429", "451", "connect-refused"];
    let faults = lasting.iter().map(|status| (status.to_string(), false));
    for (fault, passes) in faults.chain(passing.map(|fault| (fault.to_owned(), true))) {
        let scratch = Scratch::new(&format!("lasting-{fault}"));
        let tenant = Tenant::new();
        let run = |faults: &[&str]| {
            let users = client(&tenant, faults).users();
            let journal = BulkJournal::open(scratch.file()).unwrap();
            let run = users.bulk().retry(Retry::never()).journal(journal).create((0..5).map(new_user));
            tenant.clock().block_on(run.finish()).unwrap().progress
        };
        assert_eq!(run(&[&format!("{fault}@users.create,always")]).failed, 5, "{fault}");
        assert_eq!(run(&[]).done, if passes { 5 } else { 0 }, "{fault}");
    }
}

/// A read has no effect, so none of its failures is a lasting one, except that the user does not exist.
#[test]
fn reads_that_failed_are_executed_again() {
    for fault in ["500", "503", "hang", "reset-after", "truncated", "garbage", "403"] {
        let scratch = Scratch::new(&format!("reads-{fault}"));
        let tenant = Tenant::builder().users(3).build();
        let run = |faults: &[&str]| {
            let users = client(&tenant, faults).users();
            let run = users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).get(tenant.user_ids());
            tenant.clock().block_on(run.finish()).unwrap().progress
        };
        assert_eq!(run(&[&format!("{fault}@users.get,always")]).failed, 3, "{fault}");
        assert_eq!(run(&[]).done, 3, "{fault}");
    }
}

#[test]
fn inputs_of_a_run_without_a_token_are_executed_by_the_next_one() {
    let scratch = Scratch::new("secret");
    let tenant = Tenant::new();
    let (id, secret) = tenant.client();
    let run = |secret: &str| {
        let builder = ManagementClient::builder(tenant.clone()).domain(tenant.domain()).clock(tenant.clock());
        let users = builder.client_credentials(id.clone(), secret).build().unwrap().users();
        let run =
            users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create((0..5).map(new_user));
        tenant.clock().block_on(run.finish()).unwrap().progress
    };
    assert_eq!(run("wrong").failed, 5);
    assert_eq!(tenant.user_count(), 0);
    assert_eq!(run(secret.expose()).done, 5);
}

#[test]
fn a_run_that_was_dropped_in_the_middle_is_continued_and_repeats_nothing() {
    let scratch = Scratch::new("dropped");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let journal = || BulkJournal::open(scratch.file()).unwrap();
    tenant.clock().block_on(async {
        // The inputs may be endless.
        let mut run = users.bulk().journal(journal()).create((0..).map(new_user));
        for _ in 0..50 {
            let outcome = run.try_next().await.unwrap().unwrap();
            assert_eq!((outcome.status.applied(), run.progress().total), (Applied::Yes, None));
        }
        run.stop();
        let mut rest = 0;
        while run.try_next().await.unwrap().is_some() {
            rest += 1;
        }
        assert!(rest <= 8);
        let mut run = users.bulk().journal(journal()).create((0..100).map(new_user));
        for _ in 0..70 {
            run.try_next().await.unwrap().unwrap();
        }
        drop(run);
        let report = users.bulk().journal(journal()).create((0..100).map(new_user)).finish().await.unwrap();
        assert_eq!((report.progress.done, tenant.user_count()), (100, 100), "{:?}", report.failed);
    });
}

/// Users of one instant come in another order with each walk, so a run over a walk has to keep the ids.
#[test]
fn a_run_over_everyone_is_continued_from_the_ids_that_were_stored() {
    let scratch = Scratch::new("stored");
    let users: Vec<_> = (0..300)
        .map(|number| {
            let created = Timestamp::from_unix_millis(1_700_000_000_000 + number / 20);
            json!({"user_id": format!("auth0|{number:04}"), "created_at": created})
        })
        .collect();
    let seed = Seed::from_json(&json!({"users": users}).to_string()).unwrap();
    let tenant = Tenant::builder().seed(seed).build();
    let users = client(&tenant, &[]).users();
    let file = scratch.0.join("ids");
    tenant.clock().block_on(async {
        let mut everyone = users.get_all().fields(["user_id"]).everyone();
        let mut ids = Vec::new();
        while let Some(user) = everyone.try_next().await.unwrap() {
            ids.extend(user.user_id.map(|id| id.to_string()));
        }
        std::fs::write(&file, ids.join("\n")).unwrap();
    });
    let run = || {
        let ids: Vec<_> = std::fs::read_to_string(&file).unwrap().lines().map(ToOwned::to_owned).collect();
        let updates = ids.into_iter().map(|id| (id, UserUpdate::new().blocked(true)));
        users.bulk().concurrency(16).journal(BulkJournal::open(scratch.file()).unwrap()).update(updates)
    };
    tenant.clock().block_on(async {
        let mut killed = run();
        for _ in 0..150 {
            killed.try_next().await.unwrap();
        }
        drop(killed);
        let report = run().finish().await.unwrap();
        assert_eq!((report.progress.done, report.progress.failed), (300, 0));
    });
    assert!(tenant.user_ids().iter().all(|id| tenant.user(id).unwrap().blocked == Some(true)));
}
