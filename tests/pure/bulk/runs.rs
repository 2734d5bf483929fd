//! Operations over many inputs.

use super::scratch::Scratch;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use users_core::management::{AssignUserRoles, Confirm};
use users_core::model::{MetadataUpdate, NewUser, UserUpdate};
use users_core::{Applied, BulkJournal, BulkProgress, ErrorKind, ManagementClient, Resolution};
use users_mock::{FaultyTransport, Limits, Seed, Tenant};

const DATABASE: &str = "Username-Password-Authentication";

fn new_user(number: usize) -> NewUser {
    NewUser::new(DATABASE).email(format!("User{number}@example.com")).password("Correct horse 1")
}

/// A client of a tenant, some of whose requests fail.
fn client(tenant: &Tenant, faults: &[&str]) -> ManagementClient {
    let transport = FaultyTransport::new(tenant.clone(), tenant.clock());
    faults.iter().for_each(|fault| transport.inject_spec(&fault.parse().unwrap()));
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    builder.token(tenant.management_token()).build().unwrap()
}

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

/// What the client knows after each of these responses was lost, and what the next run makes of it.
#[test]
fn an_unknown_outcome_is_looked_up_or_stays_unknown() {
    use Applied::{Maybe, Yes};
    let lost = "reset-after@{},always";
    let never = "reset-before@{},always";
    let by_name = || NewUser::new(DATABASE).username("ada").password("Correct horse 1");
    let by_id = || NewUser::new(DATABASE).username("bob").user_id("bob").password("Correct horse 1");
    let metadata = || UserUpdate::new().app_metadata(MetadataUpdate::new().set("plan", "gold").remove("old"));
    let secret = || UserUpdate::new().password("Correct horse 9");
    for fault in [lost, never] {
        let tenant = Tenant::new();
        let (id, leaving) = (tenant.add_generated_user(), tenant.add_generated_user());
        let scratch = Scratch::new("unknown");
        let file = |name: &str| BulkJournal::open(scratch.0.join(name)).unwrap();
        let run = |faults: &[&str]| {
            let users = client(&tenant, faults).users();
            tenant.clock().block_on(async {
                let mut statuses = Vec::new();
                let creates = vec![new_user(0), by_id(), by_name()];
                let mut run = users.bulk().concurrency(1).journal(file("create")).create(creates);
                while let Some(outcome) = run.try_next().await.unwrap() {
                    statuses.push(outcome.status.applied());
                }
                let updates = vec![(id.clone(), metadata()), (id.clone(), secret())];
                let mut run = users.bulk().concurrency(1).journal(file("update")).update(updates);
                while let Some(outcome) = run.try_next().await.unwrap() {
                    statuses.push(outcome.status.applied());
                }
                let mut run = users.bulk().journal(file("delete")).delete([leaving.clone()]);
                while let Some(outcome) = run.try_next().await.unwrap() {
                    statuses.push(outcome.status.applied());
                }
                statuses
            })
        };
        let faults = ["users.create", "users.update", "users.delete"].map(|name| fault.replace("{}", name));
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        assert_eq!(run(&faults), [Maybe; 6], "{fault}");
        assert_eq!(run(&[]), [Yes, Yes, Maybe, Yes, Maybe, Yes], "{fault}");
        let creations = tenant.requests().iter().filter(|request| request.method == "POST").count();
        assert_eq!(creations, if fault == lost { 3 } else { 2 }, "{fault}");
        // The one without address and id was created at most once, and the password was not sent again.
        let expected = if fault == lost { 4 } else { 3 };
        assert_eq!(tenant.user_count(), expected, "{fault}");
    }
}

#[test]
fn a_user_who_existed_before_was_not_created_by_the_run() {
    let scratch = Scratch::new("before");
    let tenant = Tenant::builder().seed(Seed::new().user(&json!({"email": "user0@example.com", "user_id": "auth0|old", "created_at": "2020-01-01T00:00:00.000Z"}).to_string()).unwrap()).build();
    let run = |faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let run = users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create([new_user(0)]);
        tenant.clock().block_on(run.finish()).unwrap()
    };
    assert_eq!(run(&["reset-before@users.create,always"]).uncertain.len(), 1);
    let second = run(&[]);
    assert_eq!(second.failed[0].2.as_ref().unwrap().status().unwrap().as_u16(), 409);
}

#[test]
fn a_look_up_that_fails_later_does_not_make_a_created_user_one_who_existed_before() {
    let scratch = Scratch::new("later");
    let tenant = Tenant::new();
    let run = |faults: &[&str]| {
        let users = client(&tenant, faults).users();
        let run = users.bulk().journal(BulkJournal::open(scratch.file()).unwrap()).create([new_user(0)]);
        tenant.clock().block_on(run.finish()).unwrap().progress
    };
    assert_eq!(run(&["reset-after@users.create,always"]).uncertain, 1);
    for _ in 0..2 {
        tenant.clock().advance(std::time::Duration::from_secs(3600));
        assert_eq!(run(&["403@users.by_email,always"]).uncertain, 1);
    }
    tenant.clock().advance(std::time::Duration::from_secs(3600));
    let progress = run(&[]);
    assert_eq!((progress.done, progress.failed, tenant.user_count()), (1, 0, 1));
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

#[test]
fn delete_all_counts_first_without_writing_and_deletes_nothing_without_the_authority() {
    let tenant = Tenant::builder().users(1_500).build();
    let users = client(&tenant, &[]).users();
    tenant.clock().block_on(async {
        let confirm = Confirm::tenant(tenant.domain());
        let wrong = Confirm::tenant("other.example.com");
        assert!(users.delete_all(wrong.clone()).await.unwrap_err().is_invalid_argument());
        assert!(users.delete_all(wrong).dry_run().await.unwrap_err().is_invalid_argument());
        assert_eq!(tenant.requests().len(), 0);
        assert_eq!(users.delete_all(confirm.clone()).dry_run().await.unwrap(), 1_500);
        assert!(tenant.requests().iter().all(|request| request.method == "GET"));
        let report = users.delete_all(confirm).concurrency(20).await.unwrap();
        assert_eq!((report.deleted, report.failed.len(), tenant.user_count()), (1_500, 0, 0));
    });
}

#[test]
fn delete_all_also_deletes_users_who_cannot_be_walked() {
    let users: Vec<_> =
        (0..1_200).map(|number| json!({"user_id": format!("auth0|{number}"), "created_at": {}})).collect();
    let tenant = Tenant::builder()
        .search_user_id_ranges(false)
        .search_user_id_wildcards(false)
        .seed(Seed::from_json(&json!({"users": users}).to_string()).unwrap())
        .build();
    let report = tenant.clock().block_on(async {
        client(&tenant, &[]).users().delete_all(Confirm::tenant(tenant.domain())).await.unwrap()
    });
    assert_eq!((report.deleted, tenant.user_count()), (1_200, 0));
}

/// A random run of many operations with faults: the outcomes agree with the tenant.
#[test]
fn outcomes_are_true_although_every_tenth_request_fails() {
    let operations: usize =
        std::env::var("USERS_BULK_OPERATIONS").map_or(4_000, |count| count.parse().unwrap());
    let mut rng = fastrand::Rng::with_seed(11);
    let mut round = 0;
    let mut left = operations;
    while left > 0 {
        round += 1;
        let count = left.min(500);
        left -= count;
        let tenant = Tenant::builder().rng_seed(round).build();
        let faults =
            ["503", "500", "reset-before", "reset-after", "truncated", "connect-refused", "429", "hang"]
                .map(|fault| format!("{fault},chance=0.0125"));
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let faulty = client(&tenant, &faults);
        let users = faulty.users();
        tenant.clock().block_on(async {
            let mut run = users.bulk().concurrency(rng.usize(1..20)).create((0..count / 3).map(new_user));
            let mut created: HashMap<usize, String> = HashMap::new();
            let mut outcomes = 0;
            while let Some(outcome) = run.try_next().await.unwrap() {
                outcomes += 1;
                let index = usize::try_from(outcome.index).unwrap();
                let email = format!("user{index}@example.com");
                let found: Vec<String> = with_email(&tenant, &email);
                assert!(found.len() <= 1, "{email} was created twice");
                match outcome.status.applied() {
                    Applied::Yes => assert_eq!(found.len(), 1, "{email}"),
                    Applied::No => assert_eq!(found.len(), 0, "{email}: {:?}", outcome.status),
                    Applied::Maybe => {}
                }
                created.extend(found.into_iter().map(|id| (index, id)));
            }
            assert_eq!(outcomes, count / 3);

            let updates: Vec<(String, UserUpdate)> = created
                .values()
                .map(|id| (id.clone(), UserUpdate::new().nickname(format!("n-{id}"))))
                .collect();
            let mut run = users.bulk().concurrency(rng.usize(1..20)).update(updates);
            while let Some(outcome) = run.try_next().await.unwrap() {
                let (id, _) = &outcome.input;
                let is_updated = tenant.user(id).unwrap().nickname == Some(format!("n-{id}"));
                match outcome.status.applied() {
                    Applied::Yes => assert!(is_updated),
                    Applied::No => assert!(!is_updated, "{:?}", outcome.status),
                    Applied::Maybe => {}
                }
            }
            let ids: Vec<String> = created.values().cloned().collect();
            let mut run = users.bulk().concurrency(rng.usize(1..20)).delete(ids);
            while let Some(outcome) = run.try_next().await.unwrap() {
                let is_there = tenant.user(&outcome.input).is_some();
                match outcome.status.applied() {
                    Applied::Yes => assert!(!is_there),
                    Applied::No => assert!(is_there, "{:?}", outcome.status),
                    Applied::Maybe => {}
                }
            }
        });
    }
}

fn with_email(tenant: &Tenant, email: &str) -> Vec<String> {
    let users = tenant.management().users();
    // The clock is driven by the caller, and the tenant answers without waiting.
    let found = futures_executor::block_on(async { users.by_email(email).await }).unwrap();
    found.into_iter().map(|user| user.user_id.unwrap().to_string()).collect()
}
