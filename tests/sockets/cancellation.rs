//! Calls over a socket that are dropped while they wait leave the connection pool working.

use futures_util::future::join_all;
use std::time::Duration;
use users_core::model::UserUpdate;
use users_core::{ManagementClient, SystemClock};
use users_hyper::HyperTransport;
use users_mock::{FaultyTransport, Tenant};
use users_tenant::TenantServer;
use users_tests_pure::polled;

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
