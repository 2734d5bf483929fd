//! Gives everyone of a department a role and adds them to an organization, all by name.
//!
//! Without settings it starts an embedded tenant on a loopback port, with users in two departments. With `AUTH0_DOMAIN`,
//! `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET` set, it changes that tenant; the token needs the scopes `read:users`, `read:roles`,
//! `create:roles`, `update:roles`, `read:organizations`, `create:organizations` and `create:organization_members`.
//!
//! ```console
//! $ cargo run -p users-hyper --example department -- Sales editor acme
//! ```

use std::error::Error as StdError;
use users_hyper::model::{NewOrganization, NewRole, UserId};
use users_hyper::{Error, ManagementClient};
use users_mock::{Seed, Tenant};
use users_tenant::TenantServer;

/// The number of users in one request.
const CHUNK: usize = 50;

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let mut names = std::env::args().skip(1);
    let mut name = |default: &str| names.next().unwrap_or_else(|| default.to_owned());
    let (department, role, organization) = (name("Sales"), name("editor"), name("acme"));

    let setting = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(domain), Some(id), Some(secret)) =
        (setting("AUTH0_DOMAIN"), setting("AUTH0_CLIENT_ID"), setting("AUTH0_CLIENT_SECRET"))
    {
        let client = users_hyper::management(&domain).client_credentials(id, secret).build()?;
        onboard(&client, &department, &role, &organization).await?;
        return Ok(());
    }
    let tenant = Tenant::builder().system_clock().seed(staff()?).build();
    let server = TenantServer::bind(tenant, ([127, 0, 0, 1], 0).into()).await?;
    println!("An embedded tenant at {}\n", server.url());
    let client =
        users_hyper::management(server.url()).client_credentials("tenant-client", "tenant-secret").build()?;
    let changed = onboard(&client, &department, &role, &organization).await?;
    verify(&client, changed, &role, &organization).await?;
    Ok(())
}

/// Returns the number of users.
async fn onboard(
    client: &ManagementClient,
    department: &str,
    role: &str,
    organization: &str,
) -> Result<usize, Error> {
    let role_id = match client.roles().by_name(role).await? {
        Some(id) => id,
        None => client.roles().create(NewRole::new(role)).await?.id.unwrap_or_default(),
    };
    let organizations = client.organizations();
    let organization_id = match organizations.by_name(organization).await? {
        Some(id) => id,
        None => organizations.create(NewOrganization::new(organization)).await?.id.unwrap_or_default(),
    };

    // All users are found before the first one is changed, so that the changes do not move the pages.
    let query = format!("app_metadata.department:{}", quoted(department));
    let found = client.users().get_all().q(query).fields(["user_id"]).items().try_collect().await?;
    let users: Vec<UserId> = found.into_iter().filter_map(|user| user.user_id).collect();

    let members = organizations.members(&organization_id);
    for users in users.chunks(CHUNK) {
        client.roles().assign_users(&role_id, users).await?;
        members.add(users).await?;
    }
    println!("{} users of {department} have the role {role} and are members of {organization}.", users.len());
    Ok(users.len())
}

/// Reads back what was changed.
async fn verify(
    client: &ManagementClient,
    users: usize,
    role: &str,
    organization: &str,
) -> Result<(), Box<dyn StdError>> {
    let role = client.roles().by_name(role).await?.ok_or("the role is missing")?;
    let holders = client.roles().users(role).items().try_collect().await?;
    let organization =
        client.organizations().by_name(organization).await?.ok_or("the organization is missing")?;
    let members = client.organizations().members(organization).list().items().try_collect().await?;
    if (holders.len(), members.len()) != (users, users) {
        return Err(
            format!("{} users, {} with the role, {} members", users, holders.len(), members.len()).into()
        );
    }
    for member in members {
        println!("  {}", member.email.unwrap_or_default());
    }
    Ok(())
}

/// A phrase of a query, in which no character has a meaning of its own.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Three users in one department and two in another.
fn staff() -> Result<Seed, users_mock::SeedError> {
    let people = [
        ("ada", "Sales"),
        ("grace", "Sales"),
        ("alan", "Research"),
        ("edsger", "Sales"),
        ("kurt", "Research"),
    ];
    people.iter().try_fold(Seed::new(), |seed, (name, department)| {
        seed.user(&format!(
            r#"{{"user_id":"auth0|{name}","email":"{name}@example.com","app_metadata":{{"department":"{department}"}}}}"#
        ))
    })
}
