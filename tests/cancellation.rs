//! Calls that are dropped in the middle: whatever they were waiting for, the client goes on.

use futures_util::future::{join_all, poll_fn};
use http::StatusCode;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use users_core::model::UserUpdate;
use users_core::{ManagementClient, SystemClock};
use users_hyper::HyperTransport;
use users_mock::{Fault, FaultyTransport, Limits, Tenant};
use users_tenant::TenantServer;

/// Polls a future so many times and drops it; gives its output if it was ready by then.
async fn polled<F: Future>(future: F, times: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == times => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

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
            // Its token is refused, and the first answer to it with the new one is an error: there is much to wait for.
            tenant.forget_tokens();
            faulty.mend();
            faulty
                .inject(Fault::Status(StatusCode::BAD_GATEWAY))
                .on(users_core::management::GetUser::DESCRIPTOR)
                .after(1);
            let done = polled(users.get(&id).into_future(), points + 1).await;
            faulty.mend();
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
    assert_eq!(refused, 0, "and the tenant's pace was kept");
}

#[test]
fn places_of_calls_that_were_given_up_in_the_queue_go_to_those_who_wait() {
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

#[tokio::test]
async fn a_call_that_is_dropped_at_any_await_point_leaves_the_pool_working() {
    for http2 in [false, true] {
        let tenant = Tenant::builder().system_clock().users(1).build();
        let each_way = Duration::from_millis(1)..=Duration::from_millis(3);
        let faulty = FaultyTransport::new(tenant.clone(), SystemClock::new()).latency(each_way);
        let server = TenantServer::bind_tls(faulty, ([127, 0, 0, 1], 0).into()).await.unwrap();
        let transport = HyperTransport::builder().add_root_certificate_pem(server.ca_pem().unwrap());
        let transport = if http2 { transport.http2_only() } else { transport.http1_only() }.build().unwrap();
        let (client_id, client_secret) = tenant.client();
        let users = ManagementClient::builder(transport)
            .domain(server.url())
            .client_credentials(client_id, client_secret)
            .attempt_timeout(Duration::from_secs(2))
            .build()
            .unwrap()
            .users();
        let id = tenant.user_ids().remove(0);
        let mut points = 0;
        loop {
            tenant.forget_tokens();
            let dropped = polled(
                users.update(&id, UserUpdate::new().nickname(format!("{points}"))).into_future(),
                points + 1,
            );
            let done = dropped.await;
            let calls = join_all((0..4).map(|_| users.get(&id).into_future())).await;
            assert!(
                calls.iter().all(Result::is_ok),
                "HTTP/2: {http2}, after {} polls: {calls:?}",
                points + 1
            );
            if let Some(done) = done {
                done.unwrap();
                break;
            }
            points += 1;
        }
        assert!(points >= 3, "{points} await points");
        server.shutdown().await;
    }
}
