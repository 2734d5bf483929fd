//! What a continued run makes of an outcome that is not known.

use super::scratch::Scratch;
use super::{DATABASE, client, new_user};
use serde_json::json;
use users_core::model::{MetadataUpdate, NewUser, UserUpdate};
use users_core::{Applied, BulkJournal};
use users_mock::{Seed, Tenant};

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
