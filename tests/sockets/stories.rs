//! One story, unchanged, on the tenant in process, on the tenant over HTTP, and on a recording of it.

use users_hyper::model::{
    LinkTarget, MetadataUpdate, NewOrganization, NewRole, NewUser, UserUpdate, UsersExport,
};
use users_hyper::{Error, HttpTransport, HyperTransport, ManagementClient};
use users_mock::{Recorder, Replay, Tenant};
use users_tenant::TenantServer;

const DATABASE: &str = "Username-Password-Authentication";

/// What the story observes. Ids and times differ from run to run.
async fn story(client: &ManagementClient) -> Result<Vec<String>, Error> {
    let users = client.users();
    let mut observed = Vec::new();
    let new = NewUser::new(DATABASE).email("Ada@example.com").password("Analytical Engine 1843");
    let ada = users.create(new.clone().user_metadata(users_hyper::model::JsonObject::new())).await?;
    let id = ada.user_id.unwrap();
    observed.push(format!("{:?} {:?}", ada.email, ada.nickname));
    let conflict = users.create(new).await.unwrap_err();
    observed.push(conflict.to_string());

    let update =
        UserUpdate::new().nickname("Countess").app_metadata(MetadataUpdate::new().set("plan", "gold"));
    observed.push(format!("{:?}", users.update(&id, update).await?.nickname));
    let found = users.get_all().q("app_metadata.plan:gold").items().try_collect().await?;
    observed.push(format!("{} found", found.len()));

    let other = users
        .create(NewUser::new(DATABASE).email("ada@example.org").password("Analytical Engine 1843"))
        .await?;
    let other = other.user_id.unwrap();
    let linked = users.link(&id, LinkTarget::from(&other)).await?;
    observed.push(format!("{} identities", linked.len()));
    observed.push(format!("{} left", users.unlink(&id, "auth0", other.as_str()).await?.len()));

    let role = client.roles().create(NewRole::new("editor")).await?.id.unwrap();
    users.roles(&id).assign([&role]).await?;
    let organization = client.organizations().create(NewOrganization::new("acme")).await?.id.unwrap();
    client.organizations().members(&organization).add([&id]).await?;
    observed.push(format!("{} member", client.organizations().members(&organization).list().await?.len()));

    let mut file = Vec::new();
    client.jobs().export(UsersExport::new().format("json")).write_to(&mut file).await?;
    observed.push(format!("gzip {:?}", &file[..2]));
    let report = client
        .jobs()
        .import_all(
            "con_TenantDatabase00",
            [NewUser::default().email("grace@example.com"), NewUser::default()],
        )
        .await?;
    observed.push(format!("{:?} imported, {:?} failed", report.summary.inserted, report.summary.failed));

    users.delete(&id).await?;
    observed.push(format!("{:?}", users.get(&id).optional().await?.is_none()));
    observed
        .push(users.update("auth0|nobody", UserUpdate::new().nickname("x")).await.unwrap_err().to_string());
    Ok(observed)
}

fn client(transport: impl HttpTransport, domain: &str) -> ManagementClient {
    let builder = ManagementClient::builder(transport).domain(domain);
    builder.client_credentials("tenant-client", "tenant-secret").build().unwrap()
}

#[tokio::test]
async fn a_story_runs_unchanged_in_process_over_http_and_on_a_recording() {
    let tenant = Tenant::builder().system_clock().build();
    let in_process = story(&client(tenant.clone(), &tenant.domain())).await.unwrap();

    let tenant = Tenant::builder().system_clock().build();
    let server = TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let recorder = Recorder::new(HyperTransport::new().unwrap());
    let over_http = story(&client(recorder.clone(), &server.url().to_string())).await.unwrap();
    assert_eq!(over_http, in_process);

    let har = recorder.to_har().unwrap();
    assert!(!har.contains("Analytical") && !har.contains("tenant-secret"), "{har}");
    let replay = Replay::from_har(&har).unwrap();
    let replayed = tokio::task::spawn_blocking(move || {
        let client = client(replay.clone(), &replay.domain());
        let replayed = replay.clock().block_on(story(&client)).unwrap();
        replay.verify();
        replayed
    });
    assert_eq!(replayed.await.unwrap(), in_process);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_users_are_walked_over_http() {
    let tenant = Tenant::builder().system_clock().users(20_000).build();
    let server = TenantServer::bind(tenant.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = users_hyper::management(server.url()).token(tenant.management_token()).build().unwrap();
    let mut everyone = client.users().get_all().fields(["user_id"]).everyone().parallel(4);
    let mut ids = std::collections::HashSet::new();
    while let Some(user) = everyone.try_next().await.unwrap() {
        assert!(ids.insert(user.user_id.unwrap().to_string()));
    }
    assert_eq!(ids, tenant.user_ids().into_iter().collect());
    assert!(everyone.report().requests <= 400, "{:?}", everyone.report());
    server.shutdown().await;
}
