//! Random runs with faults, interrupted and continued, compared with the tenant.

use super::DATABASE;
use super::scratch::Scratch;
use futures_util::future::{Either, select};
use serde_json::json;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use users_core::Applied::{self, Maybe, No, Yes};
use users_core::management::AssignUserRoles;
use users_core::model::{NewUser, UserUpdate};
use users_core::{Bulk, BulkJournal, BulkRun, Clock as _, ManagementClient, Resolution};
use users_mock::{FaultyTransport, Seed, Tenant};

const ROLE: &str = "rol_0000000000000001";

/// Every tenth request fails, in one of these ways.
const FAULTS: &[&str] =
    &["503", "500", "reset-before", "reset-after", "truncated", "connect-refused", "429", "hang"];

struct Story {
    tenant: Tenant,
    rng: fastrand::Rng,
    scratch: Scratch,
}

impl Story {
    fn client(&self, has_faults: bool) -> ManagementClient {
        let transport = FaultyTransport::new(self.tenant.clone(), self.tenant.clock())
            .latency(Duration::ZERO..=Duration::from_millis(50));
        for fault in FAULTS.iter().filter(|_| has_faults) {
            transport.inject_spec(&format!("{fault},chance=0.0125").parse().unwrap());
        }
        let builder =
            ManagementClient::builder(transport).domain(self.tenant.domain()).clock(self.tenant.clock());
        builder.token(self.tenant.management_token()).build().unwrap()
    }

    /// Interrupts a run at random and continues it, with faults and at last without. Each status must be true: the truth says of each
    /// input whether it was carried out, where that can be seen. Returns the last statuses.
    async fn run<I: Send + 'static, T: Send + 'static>(
        &mut self,
        name: &str,
        start: impl Fn(&ManagementClient, Bulk) -> BulkRun<I, T>,
        truth: impl Fn(&Tenant) -> Vec<Option<bool>>,
    ) -> Vec<Applied> {
        let interruptions = self.rng.usize(0..4);
        for turn in 0..interruptions + 2 {
            let is_interrupted = turn < interruptions;
            let client = self.client(turn <= interruptions);
            let journal = BulkJournal::open(self.scratch.0.join(name)).unwrap();
            let bulk = client.users().bulk().concurrency(self.rng.usize(1..20)).journal(journal);
            let mut run = start(&client, bulk);
            let mut statuses = Vec::new();
            let time = Duration::from_millis(self.rng.u64(0..2_000));
            let mut end = pin!(self.tenant.clock().sleep(time));
            loop {
                let next = pin!(run.try_next());
                let outcome = match select(next, &mut end).await {
                    Either::Left((outcome, _)) => outcome.unwrap(),
                    Either::Right(((), _)) if is_interrupted => break,
                    Either::Right(((), next)) => next.await.unwrap(),
                };
                let Some(outcome) = outcome else { break };
                let index = usize::try_from(outcome.index).unwrap();
                statuses.resize(statuses.len().max(index + 1), None);
                let status = (outcome.status.applied(), outcome.status.error().map(ToString::to_string));
                assert!(statuses[index].replace(status).is_none(), "{name} {index} has two outcomes");
            }
            drop(run);
            let truth = truth(&self.tenant);
            for (index, status) in statuses.iter().enumerate() {
                let Some((applied, error)) = status else { continue };
                let is_true = match truth[index] {
                    Some(true) => *applied != No,
                    Some(false) => *applied != Yes,
                    None => true,
                };
                assert!(is_true, "{name} {index}: {applied:?} {error:?}, but {:?}", truth[index]);
            }
            if turn == interruptions + 1 {
                assert_eq!(statuses.len(), truth.len());
                return statuses.into_iter().map(|status| status.unwrap().0).collect();
            }
        }
        unreachable!()
    }

    /// Creates users: most by their own address, some by a name, some with the address of another input, or equal to it.
    async fn create(&mut self, count: usize) -> Vec<String> {
        let inputs: Vec<NewUser> = (0..count).map(new_user).collect();
        let users = inputs.clone();
        let truth = move |tenant: &Tenant| {
            let there = by_name(tenant);
            let is_there = |(index, user): (usize, &NewUser)| {
                // Of two equal inputs, it cannot be seen which one was carried out.
                let is_one_of_two = matches!(index % 20, 2 | 9);
                (!is_one_of_two).then(|| there.contains_key(user.nickname.as_deref().unwrap()))
            };
            users.iter().enumerate().map(is_there).collect()
        };
        let create = move |_: &ManagementClient, bulk: Bulk| bulk.create(inputs.clone());
        let statuses = self.run("create", create, truth).await;
        for (index, status) in statuses.iter().enumerate() {
            match index % 20 {
                9 | 19 => {
                    let first = statuses[index - 7];
                    assert!(
                        *status != Yes || first != Yes,
                        "{index}: two were applied, but one user was created"
                    );
                }
                2 | 12 | 5 => {}
                _ => assert_eq!(*status, Yes, "{index}"),
            }
        }
        by_name(&self.tenant).into_values().collect()
    }

    async fn update(&mut self, ids: &[String]) {
        let update = |id: &String| (id.clone(), UserUpdate::new().nickname(format!("new-{id}")));
        let updates: Vec<_> = ids.iter().map(update).collect();
        let start = move |_: &ManagementClient, bulk: Bulk| bulk.update(updates.clone());
        let is_updated =
            |tenant: &Tenant, id: &String| tenant.user(id).unwrap().nickname == Some(format!("new-{id}"));
        let truth = |tenant: &Tenant| ids.iter().map(|id| Some(is_updated(tenant, id))).collect();
        assert!(self.run("update", start, truth).await.iter().all(|status| *status == Yes));
    }

    /// Assigns a role, with or without a closure that looks whether a user has it.
    async fn assign(&mut self, ids: &[String], resolves: bool) {
        self.tenant.clear_requests();
        let inputs = ids.to_vec();
        let start = move |client: &ManagementClient, bulk: Bulk| {
            let run = bulk.run("assign a role", inputs.clone(), |id| AssignUserRoles::new(id, [ROLE]));
            let users = client.users();
            let has_it = move |id: &String| {
                let roles = users.roles(id).list();
                async move {
                    let has_it = roles.await?.iter().any(|role| role.id.as_deref() == Some(ROLE));
                    Ok(if has_it { Resolution::Applied(()) } else { Resolution::NotApplied })
                }
            };
            if resolves { run.resolve(has_it) } else { run }
        };
        let truth = |tenant: &Tenant| ids.iter().map(|id| Some(assignments(tenant, id) > 0)).collect();
        let statuses = self.run(if resolves { "assign" } else { "assign once" }, start, truth).await;
        for (id, status) in ids.iter().zip(statuses) {
            assert!(status == Yes || status == Maybe && !resolves, "{id}: {status:?}");
            assert!(assignments(&self.tenant, id) <= 1, "{id} was carried out twice");
        }
    }

    async fn delete(&mut self, ids: &[String]) {
        let inputs = ids.to_vec();
        let start = move |_: &ManagementClient, bulk: Bulk| bulk.delete(inputs.clone());
        let truth = |tenant: &Tenant| ids.iter().map(|id| Some(tenant.user(id).is_none())).collect();
        assert!(self.run("delete", start, truth).await.iter().all(|status| *status == Yes));
    }
}

/// A user whose nickname tells the input, except of a copy.
fn new_user(index: usize) -> NewUser {
    let user = NewUser::new(DATABASE).password("Correct horse 1").nickname(format!("input {index}"));
    match index % 20 {
        5 => user.username(format!("user{index}")),
        9 => new_user(index - 7),
        19 => user.email(format!("USER{}@example.com", index - 7)),
        _ => user.email(format!("User{index}@example.com")),
    }
}

/// The ids of all users by their nicknames.
fn by_name(tenant: &Tenant) -> HashMap<String, String> {
    let users = tenant.user_ids();
    let count = users.len();
    let names = users.into_iter().map(|id| (tenant.user(&id).unwrap().nickname.unwrap(), id));
    let names: HashMap<_, _> = names.collect();
    assert_eq!(names.len(), count, "an input was carried out twice");
    names
}

/// How often the role was assigned to a user.
fn assignments(tenant: &Tenant, id: &str) -> usize {
    let path = format!("/api/v2/users/{}/roles", id.replace('|', "%7C"));
    let is_one = |request: &&users_mock::Logged| request.target == path && request.status.is_success();
    tenant.requests_to(AssignUserRoles::DESCRIPTOR).iter().filter(is_one).count()
}

#[test]
fn outcomes_are_true_although_every_tenth_request_fails_and_runs_are_interrupted() {
    let operations: usize =
        std::env::var("USERS_BULK_OPERATIONS").map_or(4_000, |count| count.parse().unwrap());
    let mut done = 0;
    let mut rng = fastrand::Rng::with_seed(11);
    while done < operations {
        let seed = json!({"roles": [{"id": ROLE, "name": "editor"}]}).to_string();
        let tenant = Tenant::builder().rng_seed(rng.u64(..)).seed(Seed::from_json(&seed).unwrap()).build();
        let mut story = Story { tenant, rng: rng.fork(), scratch: Scratch::new("random") };
        let clock = story.tenant.clock();
        let count = 120;
        clock.block_on(async {
            let ids = story.create(count).await;
            story.update(&ids).await;
            let (one, other) = ids.split_at(ids.len() / 2);
            story.assign(one, true).await;
            story.assign(other, false).await;
            story.delete(&ids).await;
            done += count + 3 * ids.len();
        });
    }
}
