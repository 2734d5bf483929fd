//! users-core on reqwest: lists the first users of a tenant.
//!
//! ```console
//! $ AUTH0_DOMAIN=tenant.eu.auth0.com AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… cargo run -p users-core --example reqwest
//! ```

mod transport;

use std::env::var;
use users_core::ManagementClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let client = ManagementClient::builder(transport::Reqwest(http))
        .domain(var("AUTH0_DOMAIN")?)
        .client_credentials(var("AUTH0_CLIENT_ID")?, var("AUTH0_CLIENT_SECRET")?)
        .build()?;
    for user in client.users().get_all().per_page(10).await? {
        println!("{}", user.name.unwrap_or_default());
    }
    Ok(())
}
