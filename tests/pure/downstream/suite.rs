//! The size of a test suite that a project has: 200 tests, each with a tenant of its own, some users and some calls.

use super::offboarding::{Offboarding, Outcome};
use std::time::Duration;
use users_core::management::Confirm;
use users_core::model::{LinkTarget, MetadataUpdate, NewUser, UserId, UserUpdate};
use users_core::{Clock as _, Error, SystemClock};
use users_mock::{Limits, Tenant};

const DATABASE: &str = "Username-Password-Authentication";

/// The tests, of which each is executed with 20 inputs.
const STORIES: [fn(u32) -> Result<(), Error>; 10] = [
    a_user_who_signs_up_is_found,
    an_address_is_taken_once,
    a_profile_is_changed,
    preferences_are_merged,
    a_blocked_user_is_listed,
    an_unknown_user_is_not_found,
    accounts_are_linked_and_separated,
    a_leaving_user_is_deleted,
    users_are_paged,
    a_rate_limited_tenant_is_emptied,
];
const INPUTS: u32 = 20;

fn new(number: u32) -> NewUser {
    NewUser::new(DATABASE).email(email(number)).password("Correct horse 1")
}

fn email(number: u32) -> String {
    format!("user{number}@example.com")
}

/// Creates a user and returns the id.
async fn sign_up(tenant: &Tenant, number: u32) -> Result<UserId, Error> {
    Ok(tenant.management().users().create(new(number)).await?.user_id.unwrap())
}

fn a_user_who_signs_up_is_found(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    tenant.clock().block_on(async {
        let id = sign_up(&tenant, number).await?;
        let found = tenant.management().users().get_all().q(format!("email:\"{}\"", email(number))).await?;
        assert_eq!(found.items[0].user_id.as_ref(), Some(&id));
        Ok(())
    })
}

fn an_address_is_taken_once(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    tenant.clock().block_on(async {
        sign_up(&tenant, number).await?;
        assert!(sign_up(&tenant, number).await.unwrap_err().is_conflict());
        sign_up(&tenant, number + 1).await?;
        assert_eq!(tenant.user_count(), 2);
        Ok(())
    })
}

fn a_profile_is_changed(number: u32) -> Result<(), Error> {
    let tenant = Tenant::builder().users(5).build();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let id = sign_up(&tenant, number).await?;
        users.update(&id, UserUpdate::new().nickname("Ada")).await?;
        users.update(&id, UserUpdate::new().clear_nickname()).await?;
        assert_eq!(users.get(&id).await?.nickname, None);
        Ok(())
    })
}

fn preferences_are_merged(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let id = sign_up(&tenant, number).await?;
        users.update_user_metadata(&id, MetadataUpdate::new().set("theme", "dark")).await?;
        users.update_user_metadata(&id, MetadataUpdate::new().set("size", number)).await?;
        let kept = users.get(&id).await?.user_metadata.unwrap();
        assert_eq!(kept.to_json(), format!(r#"{{"theme":"dark","size":{number}}}"#));
        Ok(())
    })
}

fn a_blocked_user_is_listed(number: u32) -> Result<(), Error> {
    let tenant = Tenant::builder().users(number).build();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let id = sign_up(&tenant, number).await?;
        users.update(&id, UserUpdate::new().blocked(true)).await?;
        let blocked = users.get_all().q("blocked:true").await?;
        assert!(blocked.iter().any(|user| user.user_id.as_ref() == Some(&id)));
        Ok(())
    })
}

fn an_unknown_user_is_not_found(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let unknown = format!("auth0|{number}");
        assert!(users.get(unknown.as_str()).optional().await?.is_none());
        assert!(
            users.update(unknown.as_str(), UserUpdate::new().name("x")).await.unwrap_err().is_not_found()
        );
        users.delete(unknown.as_str()).await
    })
}

fn accounts_are_linked_and_separated(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let (one, other) = (sign_up(&tenant, number).await?, sign_up(&tenant, number + 1).await?);
        users.link(&one, LinkTarget::from(&other)).await?;
        assert_eq!(users.get(&one).await?.identities.unwrap().len(), 2);
        users.unlink(&one, "auth0", other.bare()).await?;
        assert_eq!(tenant.user_count(), 2);
        Ok(())
    })
}

fn a_leaving_user_is_deleted(number: u32) -> Result<(), Error> {
    let tenant = Tenant::new();
    let service = Offboarding::new(tenant.management());
    tenant.clock().block_on(async {
        sign_up(&tenant, number).await?;
        assert_eq!(service.leave(&email(number), &tenant.clock()).await?, Outcome::Deleted(1));
        assert_eq!(tenant.user_count(), 0);
        Ok(())
    })
}

fn users_are_paged(number: u32) -> Result<(), Error> {
    let tenant = Tenant::builder().users(10 + number).build();
    let users = tenant.management().users();
    tenant.clock().block_on(async {
        let all = users.get_all().sort("email:1").per_page(5).items().try_collect().await?;
        assert_eq!(all.len(), tenant.user_count());
        Ok(())
    })
}

fn a_rate_limited_tenant_is_emptied(number: u32) -> Result<(), Error> {
    let tenant = Tenant::builder().users(number).limits(Limits::free()).build();
    let users = tenant.management().users();
    let report = tenant.clock().block_on(users.delete_all(Confirm::tenant(tenant.domain())).into_future());
    assert!(report.is_ok());
    assert_eq!(tenant.user_count(), 0);
    Ok(())
}

#[test]
fn two_hundred_tests_with_a_tenant_each_take_seconds_at_most() {
    let clock = SystemClock::new();
    let started = clock.now();
    for story in STORIES {
        for number in 0..INPUTS {
            story(number).unwrap();
        }
    }
    let taken = clock.now().saturating_since(started);
    eprintln!("200 tests: {taken:?}");
    // It is below a second on an idle machine.
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}
