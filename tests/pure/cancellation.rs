//! Calls that are dropped while they wait: the client keeps working.

use futures_util::future::join_all;
use http::StatusCode;
use std::time::Duration;
use users_core::ManagementClient;
use users_mock::{Fault, FaultyTransport, Limits, Tenant};
use users_tests_pure::polled;

#[test]
fn a_call_that_is_dropped_at_any_await_point_leaves_token_and_pacer_working() {
    let tenant = Tenant::builder().users(1).limits(Limits::enterprise_development()).build();
    let each_way = Duration::from_millis(20)..=Duration::from_millis(80);
    let faulty = FaultyTransport::new(tenant.clone(), tenant.clock()).latency(each_way);
    let (client_id, client_secret) = tenant.client();
    let builder = ManagementClient::builder(faulty.clone()).domain(tenant.domain()).clock(tenant.clock());
    let client = builder.client_credentials(client_id, client_secret).build().unwrap();
    let (users, id) = (client.users(), tenant.user_ids().remove(0));
    let mut points = 0;
    tenant.clock().block_on(async {
        loop {
            // The token is refused, and the first response to the new one is an error, so the call has many await points.
            tenant.forget_tokens();
            faulty.remove_all();
            faulty
                .inject(Fault::Status(StatusCode::BAD_GATEWAY))
                .on(users_core::management::GetUser::DESCRIPTOR)
                .after(1);
            let done = polled(users.get(&id).into_future(), points + 1).await;
            faulty.remove_all();
            let before = tenant.clock().elapsed();
            let calls = join_all((0..4).map(|_| users.get(&id).into_future())).await;
            assert!(calls.iter().all(Result::is_ok), "after {} polls: {calls:?}", points + 1);
            let taken = tenant.clock().elapsed() - before;
            assert!(taken < Duration::from_secs(5), "after {} polls: {taken:?}", points + 1);
            if let Some(done) = done {
                done.unwrap();
                break;
            }
            points += 1;
        }
    });
    assert!(points >= 8, "{points} await points");
    let refused =
        tenant.requests().iter().filter(|request| request.status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!(refused, 0, "the rate limits were respected");
}

#[test]
fn queue_positions_of_dropped_calls_go_to_calls_that_still_wait() {
    let tenant = Tenant::builder().users(1).limits(Limits::free()).build();
    let (users, id) = (tenant.management().users(), tenant.user_ids().remove(0));
    tenant.clock().block_on(async {
        users.get(&id).await.unwrap();
        for polls in 1..20 {
            let waiting = join_all((0..30).map(|_| polled(users.get(&id).into_future(), polls)));
            drop(polled(waiting, 1).await);
        }
        let before = tenant.clock().elapsed();
        join_all((0..20).map(|_| users.get(&id).into_future()))
            .await
            .into_iter()
            .for_each(|call| drop(call.unwrap()));
        let taken = tenant.clock().elapsed() - before;
        assert!(taken < Duration::from_secs(13), "{taken:?}");
    });
}
