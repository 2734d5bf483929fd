//! Operations over many inputs, imports and exports of any size, and their results if a step fails.

mod continued;
mod delete_all;
mod exported_users;
mod exports;
mod import_journal;
mod import_progress;
mod imports;
mod journal;
mod look_ups;
mod random;
mod runs;
mod scratch;

use users_core::ManagementClient;
use users_core::management::CreateUser;
use users_core::model::NewUser;
use users_mock::{FaultyTransport, Tenant};

const DATABASE: &str = "Username-Password-Authentication";

fn new_user(number: usize) -> NewUser {
    NewUser::new(DATABASE).email(format!("User{number}@example.com")).password("Correct horse 1")
}

/// A user with neither address nor id, who is not found by a look-up.
fn named(number: usize) -> NewUser {
    NewUser::new(DATABASE).username(format!("user{number}")).password("Correct horse 1")
}

/// The number of creations that the tenant received.
fn posts(tenant: &Tenant) -> usize {
    tenant.requests_to(CreateUser::DESCRIPTOR).len()
}

/// A client of a tenant, some of whose requests fail.
fn client(tenant: &Tenant, faults: &[&str]) -> ManagementClient {
    let transport = FaultyTransport::new(tenant.clone(), tenant.clock());
    faults.iter().for_each(|fault| transport.inject_spec(&fault.parse().unwrap()));
    let builder = ManagementClient::builder(transport).domain(tenant.domain()).clock(tenant.clock());
    builder.token(tenant.management_token()).build().unwrap()
}
