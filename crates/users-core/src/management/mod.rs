//! The Management API: users as an administrator sees them.

mod identities;
mod multifactor;
mod users;

pub use identities::{Identities, LinkIdentity, UnlinkIdentity};
pub use multifactor::{DeleteMultifactorProvider, Multifactor};
pub use users::{
    Confirm, CreateUser, DeleteAll, DeleteAllReport, DeleteOutcome, DeleteUser, DeleteUserCollection,
    GetAllUsers, GetUser, SearchEngine, UpdateUser, UsersManager,
};

use crate::builder::{ManagementProduct, Product, sealed::Sealed};
use crate::client::Client;
use crate::{Api, Builder, HttpTransport, RestClient};

/// A client of a tenant's Management API. Cloning is cheap; clones share connections, the token and the pace.
///
/// ```
/// # async fn story(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
/// let users = client.users();
/// let page = users.get_all().per_page(10).await?;
/// for user in &page {
///     println!("{}", user.email.as_deref().unwrap_or("no address"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ManagementClient {
    client: Client,
}

impl ManagementClient {
    /// Begins a client on this transport.
    pub fn builder(transport: impl HttpTransport) -> Builder<Self> {
        Builder::new(transport)
    }

    /// Everything about users.
    pub fn users(&self) -> UsersManager {
        UsersManager::of(self.client.clone())
    }

    /// Any path below `/api/v2`, modelled or not.
    pub fn rest(&self, template: impl Into<String>) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, template)
    }
}

impl Sealed for ManagementClient {
    fn of(client: Client) -> Self {
        Self { client }
    }
}

impl Product for ManagementClient {
    const API: Api = Api::Management;
}

impl ManagementProduct for ManagementClient {}
