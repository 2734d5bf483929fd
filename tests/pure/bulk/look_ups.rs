//! What a continued run makes of an outcome that is not known.

use super::scratch::Scratch;
use super::{DATABASE, client, new_user, posts};
use serde_json::json;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use users_core::model::{JsonObject, MetadataUpdate, NewUser, UserUpdate};
use users_core::{
    Applied, Body, BulkJournal, BulkProgress, ManagementClient, Sent, TransportError, TransportErrorKind,
    transport_fn,
};
use users_mock::{Seed, Tenant};

/// Creates users, one after the other, as one run of a journal.
fn create(tenant: &Tenant, scratch: &Scratch, users: &[NewUser], faults: &[&str]) -> BulkProgress {
    let journal = BulkJournal::open(scratch.file()).unwrap();
    let run = client(tenant, faults).users().bulk().concurrency(1).journal(journal).create(users.to_vec());
    tenant.clock().block_on(run.finish()).unwrap().progress
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
        tenant.clock().advance(Duration::from_secs(3600));
        assert_eq!(run(&["403@users.by_email,always"]).uncertain, 1);
    }
    tenant.clock().advance(Duration::from_secs(3600));
    let progress = run(&[]);
    assert_eq!((progress.done, progress.failed, tenant.user_count()), (1, 0, 1));
}

/// The journal knows no time after damage.
#[test]
fn a_user_who_is_found_without_the_time_of_the_request_may_be_that_of_another_one() {
    let scratch = Scratch::new("years");
    let old = json!({"email": "user0@example.com", "user_id": "auth0|old", "created_at": "2020-01-01T00:00:00.000Z"});
    let seed = Seed::new().user(&old.to_string()).unwrap();
    for (tenant, there) in [(Tenant::builder().seed(seed).build(), true), (Tenant::new(), false)] {
        let _ = std::fs::remove_file(scratch.file());
        create(&tenant, &scratch, &[new_user(0)], &["reset-before@users.create,always"]);
        // Killed before the second line of the input was written.
        let text = std::fs::read_to_string(scratch.file()).unwrap();
        let lines: Vec<&str> = text.lines().take(2).collect();
        let mut bytes = format!("{}\n", lines.join("\n")).into_bytes();
        bytes[lines[0].len() + 20] ^= 1;
        std::fs::write(scratch.file(), bytes).unwrap();
        for _ in 0..2 {
            let progress = create(&tenant, &scratch, &[new_user(0)], &[]);
            assert_eq!((progress.done, progress.uncertain), if there { (0, 1) } else { (1, 0) });
        }
        assert_eq!(tenant.user_count(), 1);
    }
}

/// A line that is lost may have been of an input with the same address.
#[test]
fn a_time_that_stands_before_damage_does_not_count() {
    let scratch = Scratch::new("time");
    let tenant = Tenant::new();
    let inputs = [new_user(0), new_user(1)];
    assert_eq!(create(&tenant, &scratch, &inputs, &["reset-after@users.create,always"]).uncertain, 2);
    let mut bytes = std::fs::read(scratch.file()).unwrap();
    // The third of the four lines about the inputs.
    let ends =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect::<Vec<_>>();
    bytes[ends[2] + 5] ^= 1;
    std::fs::write(scratch.file(), bytes).unwrap();
    let progress = create(&tenant, &scratch, &inputs, &[]);
    assert_eq!(
        (progress.uncertain, progress.done),
        (1, 1),
        "the first one stands before, the second one after"
    );
}

#[test]
fn of_inputs_with_one_address_only_one_is_applied() {
    let lost = |after: u32, fault: &str| format!("{fault}@users.create,after={after},times=1");
    let upper = || NewUser::new(DATABASE).email("USER0@example.com").password("Another horse 2");
    for (name, inputs) in [("same", [new_user(0), new_user(0)]), ("like", [new_user(0), upper()])] {
        for (number, (faults, created)) in [
            // The second one never reaches the tenant, or the first one does not, or the response of the first one is lost.
            (vec![lost(1, "reset-before")], 1),
            (vec![lost(0, "reset-before")], 1),
            (vec![lost(0, "reset-after")], 0),
            (vec![lost(0, "reset-after"), lost(0, "reset-before")], 0),
            (vec![lost(0, "reset-before"), lost(0, "reset-before")], 0),
        ]
        .into_iter()
        .enumerate()
        {
            let scratch = Scratch::new(&format!("twice-{name}-{number}"));
            let tenant = Tenant::new();
            let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
            let first = create(&tenant, &scratch, &inputs, &faults);
            assert_eq!(first.done, created, "{name} {number}: {first:?}");
            for _ in 0..2 {
                let next = create(&tenant, &scratch, &inputs, &[]);
                assert_eq!(tenant.user_count(), 1, "{name} {number}");
                assert!(next.done <= 1 && next.done + next.uncertain >= 1, "{name} {number}: {next:?}");
            }
        }
    }
}

#[test]
fn a_user_who_is_found_and_differs_from_the_input_may_be_that_of_someone_else() {
    let metadata = JsonObject::from_json(r#"{"plan": "gold"}"#).unwrap();
    let input = new_user(0).name("Ada").app_metadata(metadata).user_metadata(JsonObject::new());
    let others = [
        (input.clone(), true),
        (input.clone().email("user0@example.com").picture("https://example.com/ada.png"), true),
        (input.clone().name("Bob"), false),
        (input.clone().app_metadata(JsonObject::from_json(r#"{"plan": "free"}"#).unwrap()), false),
        (NewUser::new(DATABASE).email("user0@example.com").password("Correct horse 1"), false),
    ];
    for (number, (other, is_same)) in others.into_iter().enumerate() {
        let scratch = Scratch::new(&format!("differs-{number}"));
        let tenant = Tenant::new();
        let inputs = [input.clone()];
        assert_eq!(create(&tenant, &scratch, &inputs, &["reset-before@users.create,always"]).uncertain, 1);
        tenant.clock().advance(Duration::from_secs(60));
        tenant.clock().block_on(tenant.management().users().create(other).into_future()).unwrap();
        let progress = create(&tenant, &scratch, &inputs, &[]);
        assert_eq!((progress.done, progress.uncertain), if is_same { (1, 0) } else { (0, 1) }, "{number}");
        assert_eq!((tenant.user_count(), posts(&tenant)), (1, 1), "{number}");
    }
}

/// The process was killed, and its request reaches the tenant after the look-up of the run that continues.
#[test]
fn a_creation_that_arrives_after_the_look_up_is_looked_up_again() {
    for is_delayed_again in [false, true] {
        let scratch = Scratch::new("late");
        let tenant = Tenant::new();
        let held: Arc<Mutex<Option<http::Request<bytes::Bytes>>>> = Arc::default();
        let run = |holds: bool, is_down: bool| {
            let (server, held) = (tenant.clone(), Arc::clone(&held));
            let fail =
                |sent| Err(TransportError::new(TransportErrorKind::Io, sent, "the connection was lost"));
            let transport = transport_fn(move |request: http::Request<bytes::Bytes>, _| {
                let is_creation = request.method() == http::Method::POST;
                let answer = if holds && is_creation {
                    *held.lock().unwrap() = Some(request);
                    fail(Sent::Maybe)
                } else if is_down && is_creation {
                    fail(Sent::No)
                } else {
                    let answer = server.handle(request).map(Body::from);
                    if let Some(late) = held.lock().unwrap().take_if(|_| !is_down) {
                        assert_eq!(server.handle(late).status(), 201);
                    }
                    Ok(answer)
                };
                async { answer }
            });
            let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
            let users = builder.token(tenant.management_token()).build().unwrap().users();
            let journal = BulkJournal::open(scratch.file()).unwrap();
            let run = users
                .bulk()
                .journal(journal)
                .create([NewUser::new(DATABASE).email("ada@example.com").password("Correct horse 1")]);
            tenant.clock().block_on(run.finish()).unwrap().progress
        };
        assert_eq!(run(true, false).uncertain, 1);
        if is_delayed_again {
            // The look-up finds nobody, and the repetition cannot be sent: the first request is still on its way.
            assert_eq!(run(false, true).failed, 1);
        }
        let last = run(false, false);
        assert_eq!((last.done, tenant.user_count()), (1, 1), "{last:?}");
    }
}

#[test]
fn updates_of_every_kind_are_recognized_when_they_were_applied() {
    let updates = [
        UserUpdate::new().blocked(true),
        UserUpdate::new().blocked(false),
        UserUpdate::new().nickname("x").clear_picture(),
        UserUpdate::new().clear_nickname(),
        UserUpdate::new().email("New.Address@Example.com").email_verified(true),
        UserUpdate::new().user_metadata(MetadataUpdate::new().set("a", json!({"b": [1, {"c": null}]}))),
        UserUpdate::new().app_metadata(MetadataUpdate::new().set("n", 1.0).set("big", 1e21)),
        UserUpdate::new().user_metadata(MetadataUpdate::new().set("x", "1").remove("gone")),
        UserUpdate::new().name("é\u{301} /<>&"),
    ];
    for (number, update) in updates.into_iter().enumerate() {
        let scratch = Scratch::new(&format!("update-{number}"));
        let tenant = Tenant::new();
        let email = format!("one{number}@example.com");
        let id = tenant.clock().block_on(async {
            let user = NewUser::new(DATABASE).email(email).password("Correct horse 1");
            tenant.management().users().create(user).await.unwrap().user_id.unwrap()
        });
        let run = |faults: &[&str]| {
            let users = client(&tenant, faults).users();
            let run = users
                .bulk()
                .journal(BulkJournal::open(scratch.file()).unwrap())
                .update([(id.clone(), update.clone())]);
            tenant.clock().block_on(run.finish()).unwrap()
        };
        assert_eq!(run(&["reset-after@users.update,always"]).progress.uncertain, 1, "{number}");
        let patches = || tenant.requests().iter().filter(|request| request.method == "PATCH").count();
        let before = patches();
        assert_eq!((run(&[]).progress.done, patches() - before), (1, 0), "{number}");
    }
}
