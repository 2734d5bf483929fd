//! The facade against an embedded tenant over real sockets: with and without TLS, with both versions of HTTP.

use users_core::management::Confirm;
use users_hyper::model::{Impersonation, LinkTarget, MetadataUpdate, NewUser, Protocol, UserUpdate};
use users_hyper::{AuthenticationClient, ErrorKind, HyperTransport, HyperTransportBuilder, ManagementClient};
use users_mock::Tenant;
use users_tenant::TenantServer;

const DATABASE: &str = "Username-Password-Authentication";

struct Setup {
    tenant: Tenant,
    server: TenantServer,
    management: ManagementClient,
    authentication: AuthenticationClient,
}

async fn setup(tls: bool, adapt: impl FnOnce(HyperTransportBuilder) -> HyperTransportBuilder) -> Setup {
    let tenant = Tenant::builder().system_clock().users(3).build();
    let address = ([127, 0, 0, 1], 0).into();
    let server = if tls {
        TenantServer::bind_tls(tenant.clone(), address).await.unwrap()
    } else {
        TenantServer::bind(tenant.clone(), address).await.unwrap()
    };
    let mut builder = adapt(HyperTransport::builder().no_proxy());
    if let Some(pem) = server.ca_pem() {
        builder = builder.add_root_certificate_pem(pem);
    }
    let transport = builder.build().unwrap();
    let management = ManagementClient::builder(transport.clone())
        .domain(server.url())
        .client_credentials("tenant-client", "tenant-secret")
        .build()
        .unwrap();
    let authentication = AuthenticationClient::builder(transport)
        .domain(server.url())
        .client_id("tenant-client")
        .build()
        .unwrap();
    Setup { tenant, server, management, authentication }
}

/// Makes every call of the managers once.
async fn make_every_call(setup: &Setup) {
    let users = setup.management.users();
    let new = NewUser::new(DATABASE).email("ada@example.com").password("Analytical Engine 1843");
    let ada = users.create(new.clone()).await.unwrap();
    let id = ada.user_id.clone().unwrap();
    assert_eq!(setup.tenant.user(id.as_str()).unwrap(), ada);
    assert!(users.create(new).await.unwrap_err().is_conflict());

    assert_eq!(users.get(&id).await.unwrap(), ada);
    assert!(users.get("auth0|nobody").optional().await.unwrap().is_none());
    assert_eq!(users.get_all().q(r#"email:"ada@example.com""#).await.unwrap().items, [ada]);
    assert_eq!(users.get_all().per_page(2).items().try_collect().await.unwrap().len(), 4);

    let user = users.update(&id, UserUpdate::new().nickname("Ada").clear_picture()).await.unwrap();
    assert_eq!((user.nickname.as_deref(), user.picture), (Some("Ada"), None));
    let metadata = MetadataUpdate::new().set("theme", "dark").set("serial", 1);
    users.update_user_metadata(&id, metadata).await.unwrap();
    let user = users.update_user_metadata(&id, MetadataUpdate::new().remove("serial")).await.unwrap();
    assert_eq!(user.user_metadata.unwrap().to_json(), r#"{"theme":"dark"}"#);
    let user = users.update_app_metadata(&id, serde_json::json!({"plan": "gold"})).await.unwrap();
    assert_eq!(user.app_metadata.unwrap().to_json(), r#"{"plan":"gold"}"#);

    users.delete_multifactor_provider(&id, "duo").await.unwrap();
    users.multifactor().delete(&id, "google-authenticator").await.unwrap();

    let twin = users
        .create(NewUser::new(DATABASE).email("b@example.com").password("Analytical Engine 1843"))
        .await
        .unwrap();
    let twin = twin.user_id.unwrap();
    assert_eq!(users.link(&id, LinkTarget::from(&twin)).await.unwrap().len(), 2);
    assert!(users.get(&twin).await.unwrap_err().is_not_found());
    // The bare id is sent, because Auth0 ignores the full id.
    assert_eq!(users.unlink(&id, "auth0", twin.as_str()).await.unwrap().len(), 1);
    let token = setup.tenant.id_token_for(twin.as_str()).unwrap();
    assert_eq!(users.identities().link(&id, LinkTarget::id_token(token)).await.unwrap().len(), 2);
    assert_eq!(users.identities().unlink(&id, "auth0", twin.bare()).await.unwrap().len(), 1);
    assert!(users.get(&twin).await.is_ok());

    let by_rest: users_hyper::model::User = setup
        .management
        .rest("/users/{id}")
        .patch(serde_json::json!({"id": id}), serde_json::json!({"name": "A"}))
        .await
        .unwrap();
    assert_eq!(by_rest.name.as_deref(), Some("A"));

    let auth = setup.authentication.users();
    let info = auth.get_info(setup.tenant.access_token_for(id.as_str()).unwrap()).await.unwrap();
    assert_eq!((info.sub.as_deref(), info.email.as_deref()), (Some(id.as_str()), Some("ada@example.com")));
    let refused = auth.get_info("not.a.token").await.unwrap_err();
    assert!(refused.is_unauthorized() && refused.attempts() == 1, "{refused}");
    let settings = Impersonation::new(twin.as_str(), Protocol::OAuth2).token(setup.tenant.global_token());
    assert!(auth.impersonate(&id, settings).await.unwrap().starts_with(&setup.server.url()));

    users.delete(&twin).await.unwrap();
    users.delete(&twin).await.unwrap();
    let authority = setup.server.addr().to_string();
    let report = users.delete_all(Confirm::tenant(&authority)).await.unwrap();
    assert_eq!((report.deleted, report.failed.len(), setup.tenant.user_count()), (4, 0, 0));
    let error = users.delete_all(Confirm::tenant(authority)).collection_request().await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(setup.tenant.tokens_fetched(), 1);
}

#[tokio::test]
async fn every_call_works_over_http_1() {
    let setup = setup(false, |builder| builder).await;
    make_every_call(&setup).await;
    setup.server.shutdown().await;
}

#[tokio::test]
async fn every_call_works_over_http_2_without_tls() {
    make_every_call(&setup(false, HyperTransportBuilder::http2_only).await).await;
}

#[tokio::test]
async fn every_call_works_over_tls_with_http_2() {
    make_every_call(&setup(true, |builder| builder).await).await;
}

#[tokio::test]
async fn every_call_works_over_tls_with_http_1() {
    make_every_call(&setup(true, HyperTransportBuilder::http1_only).await).await;
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_and_nothing_is_sent() {
    let setup = setup(true, |builder| builder).await;
    let client = users_hyper::management(setup.server.url()).token("t.t.t").build().unwrap();
    let error = client.users().create(NewUser::new(DATABASE)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1));
    assert!(!error.may_have_been_applied());
    assert!(error.to_string().contains("authority"), "{error}");
    assert!(setup.tenant.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_concurrent_first_calls_fetch_one_token_over_a_real_socket() {
    let setup = setup(false, |builder| builder).await;
    let id = setup.tenant.user_ids().remove(0);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (users, id) = (setup.management.clone().users(), id.clone());
            tokio::spawn(async move { users.get(id).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(setup.tenant.tokens_fetched(), 1);
}

#[tokio::test]
async fn a_rotated_signing_key_causes_one_renewal() {
    let setup = setup(false, |builder| builder).await;
    let id = setup.tenant.user_ids().remove(0);
    setup.management.users().get(&id).await.unwrap();
    setup.tenant.forget_tokens();
    setup.management.users().get(&id).await.unwrap();
    assert_eq!(setup.tenant.tokens_fetched(), 2);
}

#[test]
fn the_blocking_client_waits_for_its_calls() {
    use users_hyper::blocking::{Wait as _, WaitForItems as _};

    let tenant = Tenant::builder().system_clock().users(250).build();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into())).unwrap();
    let client = users_hyper::management(server.url())
        .client_credentials("tenant-client", "tenant-secret")
        .build()
        .unwrap();
    let users = client.users();
    let all: Result<Vec<_>, _> = users.get_all().items().wait_for_each().collect();
    let all = all.unwrap();
    assert_eq!(all.len(), 250);
    let id = all[7].user_id.as_ref().unwrap();
    assert_eq!(users.get(id).wait().unwrap(), all[7]);
    assert!(users.get("auth0|nobody").wait().unwrap_err().is_not_found());
    // The other streams are iterators too.
    assert_eq!(users.get_all().everyone().wait_for_each().map(Result::unwrap).count(), 250);
    assert_eq!(users.get_all().pages().wait_for_each().map(|page| page.unwrap().len()).sum::<usize>(), 250);

    let inside = runtime.block_on(async { users.get(id).wait() }).unwrap_err();
    assert!(
        inside.is_invalid_argument() && inside.to_string().contains("await the call instead"),
        "{inside}"
    );
}
