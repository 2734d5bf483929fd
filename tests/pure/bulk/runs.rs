//! Operations over many inputs.

use super::scratch::Scratch;
use super::{client, new_user};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use users_core::management::{AssignUserRoles, GetUser};
use users_core::model::UserUpdate;
use users_core::{
    Applied, Body, BulkError, BulkJournal, BulkProgress, Error, ErrorKind, ManagementClient, Resolution,
    Retry, transport_fn,
};
use users_mock::{FaultyTransport, Limits, Seed, Tenant};

#[test]
fn users_are_created_updated_read_and_deleted_each_with_one_outcome() {
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    tenant.clock().block_on(async {
        let mut run = users.bulk().create((0..300).map(new_user));
        let mut ids = vec![None; 300];
        while let Some(outcome) = run.try_next().await.unwrap() {
            let index = usize::try_from(outcome.index).unwrap();
            assert_eq!(outcome.input.email, new_user(index).email);
            assert!(ids[index].replace(outcome.status.value().unwrap().user_id.clone().unwrap()).is_none());
        }
        let ids: Vec<String> = ids.into_iter().map(|id| id.unwrap().to_string()).collect();
        assert_eq!(tenant.user_count(), 300);

        let updates =
            ids.iter().map(|id| (id.clone(), UserUpdate::new().nickname("Ada"))).collect::<Vec<_>>();
        let report = users.bulk().update(updates).finish().await.unwrap();
        assert_eq!((report.progress.done, report.failed.len(), report.uncertain.len()), (300, 0, 0));
        assert!(ids.iter().all(|id| tenant.user(id).unwrap().nickname.as_deref() == Some("Ada")));

        let mut read = users.bulk().concurrency(1).get(ids.clone());
        let first = read.try_next().await.unwrap().unwrap();
        assert_eq!(first.status.value().unwrap().user_id.as_ref().unwrap().as_str(), ids[0]);
        read.stop();
        assert!(read.try_next().await.unwrap().is_none());

        let mixed = ids.iter().cloned().chain(["".to_owned(), "auth0|nobody".to_owned()]).collect::<Vec<_>>();
        let report = users.bulk().delete(mixed).finish().await.unwrap();
        assert_eq!((report.progress.done, report.failed.len()), (301, 1));
        let (index, input, error) = &report.failed[0];
        assert_eq!(
            (*index, input.as_str(), error.as_ref().unwrap().kind()),
            (300, "", ErrorKind::InvalidArgument)
        );
        assert_eq!(tenant.user_count(), 0);
    });
}

#[test]
fn an_update_whose_response_is_lost_is_sent_again_only_with_consent() {
    for is_idempotent in [false, true] {
        let tenant = Tenant::builder().users(5).build();
        let users = client(&tenant, &["reset-after@users.update", "503@users.update"]).users();
        let updates = tenant.user_ids().into_iter().map(|id| (id, UserUpdate::new().blocked(true)));
        let run = users.bulk().concurrency(1).idempotent(is_idempotent).update(updates.collect::<Vec<_>>());
        let report = tenant.clock().block_on(run.finish()).unwrap();
        let uncertain = if is_idempotent { 0 } else { 2 };
        assert_eq!((report.progress.done, report.uncertain.len()), (5 - uncertain, uncertain as usize));
    }
}

#[test]
fn no_more_calls_are_in_flight_than_allowed_and_inputs_are_taken_as_they_end() {
    let tenant = Tenant::builder().users(200).build();
    let transport = FaultyTransport::new(tenant.clone(), tenant.clock())
        .latency(std::time::Duration::from_millis(50)..=std::time::Duration::from_millis(50));
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.token(tenant.management_token()).build().unwrap();
    let taken = Arc::new(Mutex::new(0));
    let inputs = {
        let taken = Arc::clone(&taken);
        tenant.user_ids().into_iter().inspect(move |_| *taken.lock().unwrap() += 1)
    };
    tenant.clock().block_on(async {
        let mut run = client.users().bulk().concurrency(10).get(inputs);
        let mut ended = 0;
        while run.try_next().await.unwrap().is_some() {
            ended += 1;
            assert!(*taken.lock().unwrap() <= ended + 10);
        }
    });
    // 200 calls of 100 ms, 10 at once; the first one is alone, to learn the limits.
    assert!(tenant.clock().elapsed() <= std::time::Duration::from_millis(2_100));
}

#[test]
fn progress_gives_counts_rate_and_time_left_and_the_pace_is_kept() {
    let tenant = Tenant::builder().users(61).limits(Limits::free()).build();
    let users = tenant.management().users();
    let seen: Arc<Mutex<Vec<BulkProgress>>> = Arc::default();
    let progress = Arc::clone(&seen);
    let run =
        users.bulk().on_progress(move |now| progress.lock().unwrap().push(*now)).delete(tenant.user_ids());
    tenant.clock().block_on(run.finish()).unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 61);
    let (half, last) = (seen[30], seen[60]);
    assert_eq!((half.done, half.failed, half.total), (31, 0, Some(61)));
    assert!((1.8..2.4).contains(&half.rate), "{half:?}");
    let left = half.time_left.unwrap().as_secs_f64();
    assert!((12.0..17.0).contains(&left), "{half:?}");
    assert_eq!((last.finished(), last.waiting, last.time_left), (61, 0, Some(std::time::Duration::ZERO)));
    assert!(tenant.requests().iter().filter(|request| request.status == 429).count() <= 1);
}

#[test]
fn any_operation_is_run_and_a_closure_tells_whether_it_was_carried_out() {
    let scratch = Scratch::new("roles");
    let seed = json!({"roles": [{"id": "rol_0000000000000001", "name": "editor"}]}).to_string();
    let tenant = Tenant::builder().users(20).seed(Seed::from_json(&seed).unwrap()).build();
    const EDITOR: &str = "rol_0000000000000001";
    let attempt = |faults: &[&str], resolves: bool| {
        let users = client(&tenant, faults).users();
        let assign = |id: &String| AssignUserRoles::new(id, [EDITOR]);
        let journal = BulkJournal::open(scratch.file()).unwrap();
        let mut run = users.bulk().journal(journal).run("assign editor", tenant.user_ids(), assign);
        if resolves {
            let users = users.clone();
            run = run.resolve(move |id| {
                let roles = users.roles(id).list();
                async move {
                    let has_it = roles.await?.iter().any(|role| role.id.as_deref() == Some(EDITOR));
                    Ok(if has_it { Resolution::Applied(()) } else { Resolution::NotApplied })
                }
            });
        }
        tenant.clock().block_on(run.finish()).unwrap().progress
    };
    let first = attempt(&["reset-after@users.roles.assign,times=5"], false);
    assert_eq!((first.done, first.uncertain), (15, 5));
    assert_eq!(attempt(&[], false).uncertain, 5, "without a closure, nothing is repeated");
    let third = attempt(&[], true);
    assert_eq!((third.done, third.uncertain), (20, 0));
}

#[test]
fn a_run_without_a_name_or_with_a_long_one_is_refused_and_nothing_is_written() {
    for (name, is_accepted) in [
        ("", false),
        (" \t", false),
        (&"x".repeat(101), false),
        (&"é".repeat(100), true),
        ("naïve\u{0} \u{85} ü", true),
    ] {
        let scratch = Scratch::new("name");
        let tenant = Tenant::builder().users(3).build();
        let users = client(&tenant, &[]).users();
        let run = || {
            let journal = BulkJournal::open(scratch.file()).unwrap();
            let read = |id: &String| GetUser::new(id);
            tenant.clock().block_on(users.bulk().journal(journal).run(name, tenant.user_ids(), read).finish())
        };
        if is_accepted {
            assert_eq!((run().unwrap().progress.done, run().unwrap().progress.done), (3, 3), "{name:?}");
        } else {
            assert_eq!(Error::from(run().unwrap_err()).kind(), ErrorKind::InvalidArgument, "{name:?}");
            assert!(std::fs::read(scratch.file()).unwrap().is_empty());
            assert_eq!(tenant.requests().len(), 0);
        }
    }
}

#[test]
fn the_options_of_a_run_apply_to_each_call_and_to_each_look_up() {
    let scratch = Scratch::new("options");
    let tenant = Tenant::new();
    let sent = Arc::new(Mutex::new(0));
    let bulk = |fault: &str| {
        let (server, sent) = (tenant.clone(), Arc::clone(&sent));
        let transport = transport_fn(move |request, _| {
            assert_eq!(request.headers()["x-correlation-id"], "cleanup-7", "{request:?}");
            *sent.lock().unwrap() += 1;
            let answer = server.handle(request).map(Body::from);
            async { Ok(answer) }
        });
        let transport = FaultyTransport::new(transport, tenant.clock());
        transport.inject_spec(&fault.parse().unwrap());
        let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
        let users = builder.token(tenant.management_token()).build().unwrap().users();
        let journal = BulkJournal::open(scratch.file()).unwrap();
        users.bulk().journal(journal).header("x-correlation-id", "cleanup-7")
    };
    let run = |bulk: users_core::Bulk| {
        tenant.clock().block_on(bulk.create((0..3).map(new_user)).finish()).unwrap().progress
    };
    let hung = std::time::Duration::from_secs(2);
    assert_eq!(run(bulk("hang@users.create,always").timeout(hung)).uncertain, 3);
    assert!(tenant.clock().elapsed() <= 3 * hung, "not the 30 s of an attempt");
    assert_eq!(run(bulk("503@users.by_email,always").retry(Retry::never())).uncertain, 3);
    assert!(tenant.clock().elapsed() <= 3 * hung, "nothing is retried");
    assert_eq!(run(bulk("503@users.get,always")).done, 3);
    // Two look-ups for each, and the creation.
    assert_eq!(*sent.lock().unwrap(), 9);

    let mut run =
        client(&tenant, &[]).users().bulk().header("no name", "x").header("y", "z").get(["auth0|1"]);
    tenant.clock().block_on(async {
        assert!(run.try_next().await.unwrap_err().is_invalid_argument());
        assert!(run.try_next().await.unwrap().is_none());
    });
}

#[test]
fn a_run_that_fails_keeps_its_report_also_as_an_error_of_the_crate() {
    let scratch = Scratch::new("report");
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let journal = || BulkJournal::open(scratch.file()).unwrap();
    let run = users.bulk().journal(journal()).create([new_user(0)]);
    tenant.clock().block_on(run.finish()).unwrap();
    let failed =
        tenant.clock().block_on(users.bulk().journal(journal()).get(["auth0|1"]).finish()).unwrap_err();
    assert_eq!(failed.error().kind(), ErrorKind::Journal);
    assert_eq!((failed.report().progress.finished(), failed.may_have_been_applied()), (0, false));
    assert_eq!(
        failed.to_string(),
        "the bulk run failed after 0 of 1 inputs (carried out: 0, not carried out: 0, not known: 0); its report has those that were not, \
         and the same inputs with the same journal continue it"
    );
    let error = Error::from(failed);
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Journal, false));
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<BulkError<&str>>().unwrap();
    assert_eq!(source.report().progress.total, Some(1));
    assert!(std::error::Error::source(source).is_none(), "each cause is there once");
}

/// The variable that makes this program the process whose files may not grow.
const FULL: &str = "USERS_BULK_FULL";

/// Not a test of its own: a run whose journal cannot be written after some lines.
#[test]
fn full_disk_child() {
    let Ok(journal) = std::env::var(FULL) else { return };
    let tenant = Tenant::new();
    let users = client(&tenant, &[]).users();
    let journal = || BulkJournal::open(&journal).unwrap();
    tenant.clock().block_on(async {
        let mut run = users.bulk().journal(journal()).create((0..100).map(new_user));
        let (mut applied, mut errors) = (HashSet::new(), 0);
        loop {
            match run.next().await {
                Some(Ok(outcome)) => {
                    assert!(applied.insert(outcome.index) && outcome.status.applied() == Applied::Yes);
                }
                Some(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Journal);
                    errors += 1;
                }
                None => break,
            }
        }
        let failed =
            users.bulk().journal(journal()).create((0..100).map(new_user)).finish().await.unwrap_err();
        let error = Error::from(failed);
        let may_have_been = error.may_have_been_applied();
        println!("RESULT {} {} {errors} {may_have_been}", applied.len(), tenant.user_count());
    });
}

#[cfg(unix)]
#[test]
fn each_user_that_was_created_has_an_outcome_although_the_journal_cannot_be_written() {
    let scratch = Scratch::new("full-disk");
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 2; exec \"$0\" bulk::runs::full_disk_child --exact --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(FULL, scratch.file())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = text.lines().find_map(|line| line.split_once("RESULT ")).expect("the child has ended").1;
    let [applied, created, errors, may_have_been] = result.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert!(applied == created && applied != "0", "each one that was created has its outcome: {result}");
    assert_eq!((errors, may_have_been), ("1", "true"), "the stream ends with the error once");
}
