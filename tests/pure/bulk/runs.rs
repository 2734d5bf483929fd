//! Operations over many inputs.

use super::scratch::Scratch;
use super::{client, new_user};
use serde_json::json;
use std::sync::{Arc, Mutex};
use users_core::management::AssignUserRoles;
use users_core::model::UserUpdate;
use users_core::{BulkJournal, BulkProgress, ErrorKind, ManagementClient, Resolution};
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
