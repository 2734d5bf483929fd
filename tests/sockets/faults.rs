//! Injected faults have the same effect over a socket as in process.

use http::StatusCode;
use std::time::Duration;
use users_core::management::{GetUser, UpdateUser};
use users_core::model::UserUpdate;
use users_core::{ManagementClient, Retry};
use users_hyper::HyperTransport;
use users_mock::{Fault, FaultyTransport, Tenant};
use users_tenant::TenantServer;
use users_tests_pure::FAULTS;

#[tokio::test]
async fn faults_have_the_same_effect_over_a_socket() {
    let tenant = Tenant::builder().system_clock().users(1).build();
    let faulty = FaultyTransport::new(tenant.clone(), users_core::SystemClock::new());
    let server = TenantServer::bind(faulty.clone(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let builder = ManagementClient::builder(HyperTransport::new().unwrap())
        .base_url(format!("{}/api/v2", server.url()));
    let builder = builder.token(tenant.management_token()).attempt_timeout(Duration::from_millis(500));
    let users =
        builder.retry(Retry::default().backoff(Duration::ZERO, Duration::ZERO)).build().unwrap().users();
    let id = tenant.user_ids().remove(0);
    for (name, fault) in FAULTS {
        let nickname = format!("after {name}");
        faulty.inject(*fault).on(GetUser::DESCRIPTOR);
        let read = users.get(&id).await;
        faulty.inject(*fault).on(UpdateUser::DESCRIPTOR);
        let changed = users.update(&id, UserUpdate::new().nickname(&nickname)).await;
        let applied = tenant.user(&id).unwrap().nickname == Some(nickname);
        match fault {
            Fault::Garbage => assert!(read.is_err(), "{name}"),
            Fault::Status(StatusCode::UNAUTHORIZED) => {
                assert!(read.is_err(), "{name}: there is no other token")
            }
            _ => assert!(read.is_ok(), "{name}: {read:?}"),
        }
        match changed {
            Ok(_) => assert!(applied, "{name}"),
            Err(error) => assert!(!applied || error.may_have_been_applied(), "{name}: {error}"),
        }
        let is_carried_out = matches!(
            fault,
            Fault::ResetAfter | Fault::Hang | Fault::Truncated | Fault::Garbage | Fault::SlowBody(_)
        ) || *fault == Fault::Status(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(applied, is_carried_out, "{name}");
    }
    server.shutdown().await;
}
