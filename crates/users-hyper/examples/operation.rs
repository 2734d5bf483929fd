//! An operation for an endpoint that the SDK does not model: `GET /connections`, called on an embedded tenant.
//!
//! `cargo run -p users-hyper --example operation`

use bytes::Bytes;
use serde::Deserialize;
use users_hyper::{
    BaseUrl, Descriptor, Error, HyperTransport, ManagementClient, Operation, RequestBuilder, decode_json,
};
use users_mock::Tenant;
use users_tenant::TenantServer;

/// `GET /connections`: lists the connections of a tenant.
#[derive(Clone, Debug, Default)]
struct ListConnections {
    strategy: Option<String>,
}

/// What this program reads of a connection.
#[derive(Debug, Deserialize)]
struct Connection {
    id: String,
    name: String,
    strategy: String,
}

impl ListConnections {
    const DESCRIPTOR: &'static Descriptor = &Descriptor::get("connections.list", "/connections")
        .scopes(&[&["read:connections"]])
        .query(&["strategy"]);

    /// Returns connections of this strategy only.
    fn strategy(mut self, strategy: impl Into<String>) -> Self {
        self.strategy = Some(strategy.into());
        self
    }
}

impl Operation for ListConnections {
    type Output = Vec<Connection>;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).query("strategy", self.strategy.as_deref()).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<Vec<Connection>, Error> {
        decode_json(Self::DESCRIPTOR, response)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tenant = Tenant::builder().system_clock().build();
    let server = TenantServer::bind(tenant.clone(), ([127, 0, 0, 1], 0).into()).await?;
    let client = ManagementClient::builder(HyperTransport::new()?)
        .domain(server.url())
        .token(tenant.management_token().expose())
        .build()?;

    let call = client.call(ListConnections::default().strategy("auth0"));
    for connection in call.clone().await? {
        println!("{} {} ({})", connection.id, connection.name, connection.strategy);
    }

    // Pacing, retries, deadlines and errors are those of every call.
    if let Err(error) = call.header("authorization", "Bearer invalid").await {
        println!("{error}");
    }
    Ok(())
}
