//! Makes every call of the two users managers, over real HTTP.
//!
//! Without settings it starts an embedded tenant on a loopback port. With `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID` and
//! `AUTH0_CLIENT_SECRET` set, it makes only the calls that read, against that tenant.
//!
//! ```console
//! $ cargo run -p users-hyper --example tour
//! ```

use std::error::Error as StdError;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use users_hyper::management::Confirm;
use users_hyper::model::{
    Identity, Impersonation, LinkTarget, MetadataUpdate, NewUser, Protocol, User, UserUpdate,
};
use users_hyper::{Call, Error, Meta, Operation};
use users_mock::Tenant;
use users_tenant::TenantServer;

const DATABASE: &str = "Username-Password-Authentication";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn StdError>> {
    let setting = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut tour = Tour::new();
    match (setting("AUTH0_DOMAIN"), setting("AUTH0_CLIENT_ID"), setting("AUTH0_CLIENT_SECRET")) {
        (Some(domain), Some(id), Some(secret)) => real(&mut tour, &domain, &id, &secret).await?,
        _ => embedded(&mut tour).await?,
    }
    Ok(tour.end())
}

/// Makes every call against an embedded tenant.
async fn embedded(tour: &mut Tour) -> Result<(), Box<dyn StdError>> {
    let tenant = Tenant::builder().system_clock().users(3).build();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await?;
    println!("An embedded tenant at {}\n", server.url());

    let client =
        users_hyper::management(server.url()).client_credentials("tenant-client", "tenant-secret").build()?;
    let users = client.users();
    let seeded = users.get_all().per_page(1).await?.items.remove(0);
    let support = seeded.user_id.ok_or("the seeded user has no id")?;

    tour.part("management.users", "with a token requested by client credentials");
    let ada = NewUser::new(DATABASE)
        .email("ada@example.com")
        .password("Analytical Engine 1843")
        .verify_email(false);
    let ada = tour.call("create", users.create(ada), user).await.ok_or("the user could not be created")?;
    let id = ada.user_id.ok_or("the new user has no id")?;
    let twin = NewUser::new(DATABASE).email("countess@example.com").password("Analytical Engine 1843");
    let twin = tour
        .call("create (a second one)", users.create(twin), user)
        .await
        .ok_or("the user could not be created")?;
    let twin = twin.user_id.ok_or("the new user has no id")?;

    tour.call("get", users.get(&id), user).await;
    tour.call("get (nobody, as an Option)", users.get("auth0|nobody").optional(), |nobody| {
        format!("{nobody:?}")
    })
    .await;
    let search = users.get_all().q(r#"email:"ada@example.com""#).include_totals(true);
    tour.call("get_all (a search)", search, |page| format!("{} of {}", page.len(), page.total.unwrap_or(0)))
        .await;
    let everyone = users.get_all().fields(["user_id"]).items().try_collect().await;
    tour.outcome("get_all().items()", everyone, |all| format!("{} users, page by page", all.len()));
    let update = UserUpdate::new().nickname("Ada").clear_picture();
    tour.call("update", users.update(&id, update), user).await;
    let theme = MetadataUpdate::new().set("theme", "dark").set("beta", true);
    let user_metadata = |user: &User| metadata(user.user_metadata.as_ref());
    tour.call("update_user_metadata", users.update_user_metadata(&id, theme), user_metadata).await;
    let theme = MetadataUpdate::new().set("theme", "light").remove("beta");
    tour.call("update_user_metadata (merged)", users.update_user_metadata(&id, theme), user_metadata).await;
    let plan = serde_json::json!({"plan": "gold"});
    tour.call("update_app_metadata", users.update_app_metadata(&id, plan), |user| {
        metadata(user.app_metadata.as_ref())
    })
    .await;
    tour.call("delete_multifactor_provider", users.delete_multifactor_provider(&id, "duo"), nothing).await;
    tour.call("link", users.link(&id, LinkTarget::from(&twin)), identities).await;
    tour.call("unlink", users.unlink(&id, "auth0", twin.bare()), identities).await;

    tour.part("users.identities(), users.multifactor(), rest", "the same by their own paths");
    tour.call("identities().link", users.identities().link(&id, LinkTarget::from(&twin)), identities).await;
    tour.call("identities().unlink", users.identities().unlink(&id, "auth0", twin.as_str()), identities)
        .await;
    tour.call("multifactor().delete", users.multifactor().delete(&id, "google-authenticator"), nothing).await;
    let by_hand = client.rest("/users/{id}").get::<User>(serde_json::json!({"id": id, "fields": ["email"]}));
    tour.call(r#"rest("/users/{id}").get"#, by_hand, user).await;

    tour.part("authentication.users", "with tokens issued by the tenant");
    let auth = users_hyper::authentication(server.url()).client_id("tenant-client").build()?.users();
    let token = tenant.access_token_for(id.as_str()).ok_or("the tenant issues no token for the user")?;
    tour.call("get_info", auth.get_info(token), |info| info.name.clone().unwrap_or_default()).await;
    let settings = Impersonation::new(support.as_str(), Protocol::OAuth2).token(tenant.global_token());
    tour.call("impersonate", auth.impersonate(&id, settings), |link| shorten(link, 48)).await;

    tour.part("management.users", "clean-up");
    tour.call("delete", users.delete(&twin), nothing).await;
    tour.call("delete (repeated)", users.delete(&twin), nothing).await;
    let authority = server.addr().to_string();
    let everybody = users.delete_all(Confirm::tenant(authority)).await.map_err(Error::from);
    tour.outcome("delete_all", everybody, |report| {
        format!("{} deleted, {} failed", report.deleted, report.failed.len())
    });

    server.shutdown().await;
    Ok(())
}

/// Makes the calls that read against a tenant of Auth0.
async fn real(tour: &mut Tour, domain: &str, client_id: &str, secret: &str) -> Result<(), Box<dyn StdError>> {
    println!("The tenant {domain}, reading only\n");
    let client = users_hyper::management(domain).client_credentials(client_id, secret).build()?;
    let users = client.users();

    tour.part("management.users", "");
    let count =
        |page: &users_hyper::model::Page<User>| format!("{} of {}", page.len(), page.total.unwrap_or(0));
    let page = tour.call("get_all", users.get_all().per_page(5).include_totals(true), count).await;
    if let Some(id) = page.and_then(|page| page.items.into_iter().find_map(|user| user.user_id)) {
        tour.call("get", users.get(&id), user).await;
        let by_hand =
            client.rest("/users/{id}").get::<User>(serde_json::json!({"id": id, "fields": ["email"]}));
        tour.call(r#"rest("/users/{id}").get"#, by_hand, user).await;
    }
    tour.call("get (nobody, as an Option)", users.get("auth0|nobody").optional(), |nobody| {
        format!("{nobody:?}")
    })
    .await;

    println!(
        "\n  Skipped, since they change the tenant: create, update, update_user_metadata, update_app_metadata, delete,"
    );
    println!("  delete_all, delete_multifactor_provider, link, unlink.");
    println!("  Skipped, since they need tokens of a user and of the global client: get_info, impersonate.");
    Ok(())
}

/// Makes calls, prints their results, and counts them.
struct Tour {
    color: bool,
    calls: u32,
    failed: u32,
}

impl Tour {
    fn new() -> Self {
        Self { color: std::io::stdout().is_terminal(), calls: 0, failed: 0 }
    }

    fn part(&self, name: &str, remark: &str) {
        println!("{}{}  {remark}", if self.calls > 0 { "\n" } else { "" }, self.paint("1", name));
    }

    /// Makes a call and prints its name, status and result.
    async fn call<O: Operation>(
        &mut self,
        name: &str,
        call: Call<O>,
        describe: impl FnOnce(&O::Output) -> String,
    ) -> Option<O::Output> {
        let response = call.with_meta().await;
        let status = match &response {
            Ok(response) => Some(response.status),
            Err(error) => error.status(),
        };
        let status = status.map_or_else(|| "-".to_owned(), |status| status.as_u16().to_string());
        self.print(name, &status, response.map(|Meta { value, .. }| value), describe)
    }

    /// Prints the result of an operation of several calls.
    fn outcome<T>(&mut self, name: &str, outcome: Result<T, Error>, describe: impl FnOnce(&T) -> String) {
        self.print(name, "", outcome, describe);
    }

    fn print<T>(
        &mut self,
        name: &str,
        status: &str,
        outcome: Result<T, Error>,
        describe: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        self.calls += 1;
        let (color, text) = match &outcome {
            Ok(value) => ("32", describe(value)),
            Err(error) => {
                self.failed += 1;
                ("31", error.to_string())
            }
        };
        println!("  {name:<32} {:>3}  {text}", self.paint(color, &format!("{status:>3}")));
        outcome.ok()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn end(&self) -> ExitCode {
        println!("\n{} calls, {} failed", self.calls, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn user(user: &User) -> String {
    let id = user.user_id.as_ref().map(|id| shorten(id.as_str(), 14)).unwrap_or_default();
    let email = user.email.as_deref().unwrap_or_default();
    let nickname = user.nickname.as_deref().map(|name| format!("\"{name}\"")).unwrap_or_default();
    format!("{id:<15} {email} {nickname}").trim().to_owned()
}

fn metadata(metadata: Option<&users_hyper::model::JsonObject>) -> String {
    metadata.map(users_hyper::model::JsonObject::to_json).unwrap_or_default()
}

#[allow(clippy::ptr_arg)] // `Tour::call` passes a reference to the call's value.
fn identities(identities: &Vec<Identity>) -> String {
    let one = |identity: &Identity| {
        let provider = identity.provider.as_ref().map(ToString::to_string).unwrap_or_default();
        let id = identity.user_id.as_ref().map(|id| shorten(id.as_str(), 8)).unwrap_or_default();
        format!("{provider}|{id}")
    };
    identities.iter().map(one).collect::<Vec<_>>().join("  ")
}

#[allow(clippy::trivially_copy_pass_by_ref)] // `Tour::call` passes a reference to the call's value.
fn nothing((): &()) -> String {
    "done".to_owned()
}

/// The beginning of a text, and for ids also the end: ids created in the same minute have the same beginning.
fn shorten(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let tail = if longest < 20 { 4 } else { 0 };
    let head = text.chars().take(longest - tail - 1);
    head.chain(['…']).chain(text.chars().skip(length - tail)).collect()
}
