//! The data of a tenant in snapshots and files.

use std::fs;
use std::path::PathBuf;
use users_core::ManagementClient;
use users_core::model::{NewInvitation, NewOrganization, NewRole, NewUser, UserUpdate, UsersExport};
use users_mock::{Snapshot, Tenant};

const SEED: &str = include_str!("../fixtures/belongings.seed.json");

/// A file of its own for each test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("users-state-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder.join("tenant.state"))
    }

    fn open(&self) -> Tenant {
        Tenant::builder().users(3).build_with_state(&self.0, false).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// Changes something of every kind.
async fn change_everything(client: &ManagementClient, client_id: String) {
    let users = client.users();
    let new =
        NewUser::new("Username-Password-Authentication").email("eve@example.com").password("Correct horse 1");
    let id = users.create(new).await.unwrap().user_id.unwrap();
    users
        .update(&id, UserUpdate::new().nickname("Ada").app_metadata(serde_json::json!({"n": 1e300})))
        .await
        .unwrap();
    let role = client.roles().create(NewRole::new("editor")).await.unwrap().id.unwrap();
    users.roles(&id).assign([&role]).await.unwrap();
    let organization =
        client.organizations().create(NewOrganization::new("initech")).await.unwrap().id.unwrap();
    client.organizations().members(&organization).add([&id]).await.unwrap();
    let invitations = client.organizations().invitations(&organization);
    invitations.create(NewInvitation::new("Ada", "new@example.com", client_id)).await.unwrap();
    client.device_credentials().delete("dcr_1").await.unwrap();
    users.delete("auth0|2").await.unwrap();
    client.jobs().export(UsersExport::new().format("json")).write_to(Vec::new()).await.unwrap();
}

/// Everything that requests can observe.
fn observe(tenant: &Tenant) -> String {
    tenant.snapshot().to_json().unwrap()
}

#[test]
fn a_snapshot_restores_everything_in_this_tenant_or_in_another_one() {
    let tenant = Tenant::builder().users(5).build();
    tenant.seed_json(SEED).unwrap();
    let before = (tenant.snapshot(), observe(&tenant));
    tenant.clock().block_on(change_everything(&tenant.management(), tenant.client().0));
    let after = observe(&tenant);
    assert_ne!(after, before.1);
    tenant.restore(&before.0);
    assert_eq!(observe(&tenant), before.1);

    let other = Tenant::new();
    other.restore(&Snapshot::from_json(&after).unwrap());
    assert_eq!(observe(&other), after);
    let users = other.management().users();
    other.clock().block_on(async {
        let found = users.get_all().q("email:eve@example.com").await.unwrap();
        assert_eq!(found.items[0].nickname.as_deref(), Some("Ada"));
        let id = found.items[0].user_id.clone().unwrap();
        assert_eq!(users.roles(&id).list().await.unwrap().items[0].name.as_deref(), Some("editor"));
        assert_eq!(users.organizations(&id).await.unwrap().len(), 1);
    });
    let error = Snapshot::from_json(r#"[{"user":{}}]"#).unwrap_err().to_string();
    assert!(error.contains("the snapshot cannot be used: missing field `id`"), "{error}");
}

#[test]
fn a_file_keeps_everything_from_one_start_to_the_next_and_no_id_is_made_twice() {
    let scratch = Scratch::new("keeps");
    let tenant = scratch.open();
    tenant.seed_json(SEED).unwrap();
    tenant.clock().block_on(change_everything(&tenant.management(), tenant.client().0));
    let before = observe(&tenant);
    drop(tenant);
    let tenant = scratch.open();
    assert_eq!(observe(&tenant), before);
    let ids = tenant.user_ids();
    let users = tenant.management().users();
    let new =
        NewUser::new("Username-Password-Authentication").email("b@example.com").password("Correct horse 1");
    let id = tenant.clock().block_on(users.create(new).send()).unwrap().user_id.unwrap();
    assert!(!ids.contains(&id.to_string()));
    let generated = tenant.add_generated_user();
    assert!(!ids.contains(&generated));
    drop((tenant, users));
    assert_eq!(scratch.open().user_count(), ids.len() + 2);
}

#[test]
fn a_line_that_was_cut_off_is_left_out_and_damage_in_the_middle_is_an_error() {
    let scratch = Scratch::new("damaged");
    let tenant = scratch.open();
    let users = tenant.management().users();
    for number in 0..3 {
        let new = NewUser::new("Username-Password-Authentication").email(format!("u{number}@example.com"));
        tenant.clock().block_on(users.create(new.password("Correct horse 1")).send()).unwrap();
    }
    drop((tenant, users));
    let whole = fs::read(&scratch.0).unwrap();
    let lines: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    let last = lines[lines.len() - 2] + 1;
    // Cut at any byte of the last line, the last user is missing and nothing else.
    for end in [last + 1, last + 9, last + 40, whole.len() - 1] {
        fs::write(&scratch.0, &whole[..end]).unwrap();
        assert_eq!(scratch.open().user_count(), 5, "cut at {end}");
    }
    fs::write(&scratch.0, &whole[..last]).unwrap();
    assert_eq!(scratch.open().user_count(), 5);

    let mut damaged = whole.clone();
    damaged[lines[lines.len() - 3] + 20] ^= 1;
    fs::write(&scratch.0, &damaged).unwrap();
    let build = |file: &std::path::Path| {
        Tenant::builder().build_with_state(file, true).map(drop).unwrap_err().to_string()
    };
    assert!(build(&scratch.0).contains("is damaged, and others follow it"), "{}", build(&scratch.0));
    // The damaged file is left as it is.
    assert_eq!(fs::read(&scratch.0).unwrap(), damaged);
    fs::write(&scratch.0, "something else\n").unwrap();
    assert!(build(&scratch.0).contains("not the state of a tenant"), "{}", build(&scratch.0));
    assert!(build(std::path::Path::new("/nowhere/at/all/x")).contains("/nowhere/at/all/x"));
}

#[cfg(unix)]
#[test]
fn a_state_file_must_be_a_regular_file() {
    for path in ["/dev/full", "/dev/zero", "/tmp"] {
        let error = Tenant::builder().build_with_state(path, false).unwrap_err().to_string();
        assert!(error.contains("it is not a regular file"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_state_file_is_readable_by_its_owner_alone_unless_the_owner_decides_otherwise() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("mode");
    let mode = || fs::metadata(&scratch.0).unwrap().permissions().mode() & 0o777;
    drop(scratch.open());
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o640)).unwrap();
    // It is replaced.
    let tenant = scratch.open();
    tenant.restore(&tenant.snapshot());
    assert_eq!(mode(), 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_state_file_remains_one() {
    let folder = std::env::temp_dir().join(format!("users-state-link-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (file, link) = (folder.join("state"), folder.join("link"));
    drop(Tenant::builder().users(3).build_with_state(&file, false).unwrap());
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let tenant = Tenant::builder().build_with_state(&link, false).unwrap();
    tenant.add_generated_user();
    drop(tenant);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Tenant::builder().build_with_state(&file, false).unwrap().user_count(), 4);
    fs::remove_dir_all(folder).unwrap();
}
