//! An operation for an endpoint that the SDK does not model: `POST /clients`, called on an embedded tenant.
//!
//! `cargo run -p users-hyper --example operation`

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use users_hyper::{
    BaseUrl, Descriptor, Error, HyperTransport, ManagementClient, Operation, RequestBuilder, decode_json,
};
use users_mock::Tenant;
use users_tenant::TenantServer;

/// `POST /clients`: creates an application.
#[derive(Clone, Debug, Serialize)]
struct CreateClient {
    name: String,
    app_type: Option<&'static str>,
}

/// What this program reads of an application.
#[derive(Debug, Deserialize)]
struct Application {
    client_id: String,
    grant_types: Vec<String>,
}

impl CreateClient {
    const DESCRIPTOR: &'static Descriptor =
        &Descriptor::post("clients.create", "/clients").scopes(&[&["create:clients"]]);

    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), app_type: None }
    }

    /// Sets the type: `native`, `spa`, `regular_web` or `non_interactive`.
    fn app_type(mut self, app_type: &'static str) -> Self {
        self.app_type = Some(app_type);
        self
    }
}

impl Operation for CreateClient {
    type Output = Application;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).json(self)
    }

    fn decode(response: http::Response<Bytes>) -> Result<Application, Error> {
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

    let call = client.call(CreateClient::new("checkout").app_type("spa"));
    let application = call.clone().await?;
    println!("{} may use {}", application.client_id, application.grant_types.join(", "));

    // Pacing, retries, deadlines and errors are those of every call.
    if let Err(error) = call.header("authorization", "Bearer expired-token").await {
        println!("{error}");
    }
    Ok(())
}
