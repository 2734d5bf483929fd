//! users-core on ureq, without an async runtime: lists the first users of a tenant.
//!
//! ```console
//! $ AUTH0_DOMAIN=tenant.eu.auth0.com AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… cargo run -p users-core --example ureq
//! ```

mod transport;

use futures_executor::block_on;
use std::env::var;
use users_core::ManagementClient;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = ManagementClient::builder(transport::Ureq(ureq::agent()))
        .domain(var("AUTH0_DOMAIN")?)
        .client_credentials(var("AUTH0_CLIENT_ID")?, var("AUTH0_CLIENT_SECRET")?)
        .build()?;
    for user in block_on(client.users().get_all().per_page(10).send())? {
        println!("{}", user.name.unwrap_or_default());
    }
    Ok(())
}
