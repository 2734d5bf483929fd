//! The Management API: the operations of administrators.
//!
//! A [`ManagementClient`] returns the managers, whose methods return [calls](crate::Call):
//!
//! | Method | Manager | For |
//! |---|---|---|
//! | [`users()`](ManagementClient::users) | [`UsersManager`] | users: create, read, list, search, update, delete, link; bulk work |
//! | [`jobs()`](ManagementClient::jobs) | [`JobsManager`] | imports, exports, verification e-mails |
//! | [`tickets()`](ManagementClient::tickets) | [`TicketsManager`] | links by which users verify an e-mail address or set a password |
//! | [`user_blocks()`](ManagementClient::user_blocks) | [`UserBlocksManager`] | blocks of brute-force protection |
//! | [`sessions()`](ManagementClient::sessions) | [`SessionsManager`] | sessions, by session id |
//! | [`refresh_tokens()`](ManagementClient::refresh_tokens) | [`RefreshTokensManager`] | refresh tokens, by token id |
//! | [`roles()`](ManagementClient::roles) | [`RolesManager`] | roles, and the users who have them |
//! | [`organizations()`](ManagementClient::organizations) | [`OrganizationsManager`] | organizations, their members ([`OrganizationMembers`], [`OrganizationMemberRoles`]) and invitations ([`OrganizationInvitations`]) |
//! | [`connections()`](ManagementClient::connections) | [`ConnectionsManager`] | connections, their ids by name, and the deletion of a connection's user by e-mail address |
//! | [`grants()`](ManagementClient::grants) | [`GrantsManager`] | consents of users to applications |
//! | [`device_credentials()`](ManagementClient::device_credentials) | [`DeviceCredentialsManager`] | refresh tokens and public keys of devices |
//! | [`guardian()`](ManagementClient::guardian) | [`GuardianManager`] | enrollments in multi-factor authentication, by enrollment id |
//! | [`groups()`](ManagementClient::groups) | [`GroupsManager`] | members of groups |
//! | [`logs()`](ManagementClient::logs) | [`LogsManager`] | the tenant's log |
//!
//! What belongs to one user has a manager of its own, returned by a method of [`UsersManager`] that takes the user's id:
//!
//! | Method | Manager | For |
//! |---|---|---|
//! | [`roles(id)`](UsersManager::roles) | [`UserRoles`] | roles that the user has |
//! | [`permissions(id)`](UsersManager::permissions) | [`UserPermissions`] | permissions that the user has |
//! | [`effective_roles(id)`](UsersManager::effective_roles) | [`EffectiveRoles`] | roles with their sources, such as groups |
//! | [`effective_permissions(id)`](UsersManager::effective_permissions) | [`EffectivePermissions`] | permissions with their sources |
//! | [`authentication_methods(id)`](UsersManager::authentication_methods) | [`AuthenticationMethods`] | second factors and passkeys |
//! | [`sessions(id)`](UsersManager::sessions) | [`UserSessions`] | the user's sessions |
//! | [`refresh_tokens(id)`](UsersManager::refresh_tokens) | [`UserRefreshTokens`] | the user's refresh tokens |
//! | [`federated_token_sets(id)`](UsersManager::federated_token_sets) | [`FederatedTokenSets`] | tokens of other services |
//! | [`identities()`](UsersManager::identities) | [`Identities`] | linked accounts; takes the id with each call |
//! | [`multifactor()`](UsersManager::multifactor) | [`Multifactor`] | multi-factor providers; takes the id with each call |
//!
//! What takes several calls: [`Everyone`] lists users past the first 1000 of a search, [`DeleteAll`] deletes every user, and
//! [`UsersManager::bulk`] runs an operation over many inputs.
//!
//! The other types of this module are [operations](crate::Operation), one for each endpoint, such as [`GetUser`]: a call holds one, and
//! [`ManagementClient::call`] executes one. The front page lists them with their endpoints and scopes.

pub(crate) mod connections;
pub(crate) mod device_credentials;
pub(crate) mod fields;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod guardian;
pub(crate) mod id_lists;
pub(crate) mod identities;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod multifactor;
pub(crate) mod organizations;
pub(crate) mod refresh_tokens;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod tickets;
pub(crate) mod user_blocks;
pub(crate) mod user_id;
pub(crate) mod users;

pub use connections::*;
pub use device_credentials::*;
pub use grants::*;
pub use groups::*;
pub use guardian::*;
pub use identities::*;
pub use jobs::*;
pub use logs::*;
pub use multifactor::*;
pub use organizations::*;
pub use refresh_tokens::*;
pub use roles::*;
pub use sessions::*;
pub use tickets::*;
pub use user_blocks::*;
pub use user_id::IntoUserId;
pub use users::*;

use crate::builder::{ApiClient, ClientBuilder, ManagementApi, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Api;
use crate::operation::Operation;
use crate::pacing::RateLimitState;
use crate::rest::RestClient;
use crate::transport::HttpTransport;

/// A client of a tenant's Management API. Cloning is cheap; clones share the transport, the token and the pacer.
///
/// ```
/// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
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
    /// Returns a builder of a client on this transport.
    pub fn builder(transport: impl HttpTransport) -> ClientBuilder<Self> {
        ClientBuilder::new(transport)
    }

    /// Operations on users.
    pub fn users(&self) -> UsersManager {
        UsersManager::from_client(self.client.clone())
    }

    /// Jobs: imports, exports and verification e-mails.
    pub fn jobs(&self) -> JobsManager {
        JobsManager(self.client.clone())
    }

    /// Tickets: links by which users verify an e-mail address or set a password.
    pub fn tickets(&self) -> TicketsManager {
        TicketsManager(self.client.clone())
    }

    /// Blocks of brute-force protection.
    pub fn user_blocks(&self) -> UserBlocksManager {
        UserBlocksManager(self.client.clone())
    }

    /// Sessions, by session id.
    pub fn sessions(&self) -> SessionsManager {
        SessionsManager(self.client.clone())
    }

    /// Refresh tokens, by token id.
    pub fn refresh_tokens(&self) -> RefreshTokensManager {
        RefreshTokensManager(self.client.clone())
    }

    /// Roles and the users who have them.
    pub fn roles(&self) -> RolesManager {
        RolesManager(self.client.clone())
    }

    /// Organizations, their members and invitations.
    pub fn organizations(&self) -> OrganizationsManager {
        OrganizationsManager(self.client.clone())
    }

    /// Connections and their users.
    pub fn connections(&self) -> ConnectionsManager {
        ConnectionsManager(self.client.clone())
    }

    /// Grants: the consents of users that applications may access APIs on their behalf.
    pub fn grants(&self) -> GrantsManager {
        GrantsManager(self.client.clone())
    }

    /// Credentials of devices: refresh tokens and public keys.
    pub fn device_credentials(&self) -> DeviceCredentialsManager {
        DeviceCredentialsManager(self.client.clone())
    }

    /// Enrollments in multi-factor authentication, by enrollment id.
    pub fn guardian(&self) -> GuardianManager {
        GuardianManager(self.client.clone())
    }

    /// Groups of users.
    pub fn groups(&self) -> GroupsManager {
        GroupsManager(self.client.clone())
    }

    /// The tenant's log.
    pub fn logs(&self) -> LogsManager {
        LogsManager(self.client.clone())
    }

    /// The state of the tenant's rate limits, one entry for each bucket. Empty before the first response, where the tenant has no
    /// limits, and where the pacer is [`Unpaced`](crate::Unpaced).
    ///
    /// ```
    /// # fn example(client: users_core::ManagementClient) {
    /// for limit in client.rate_limit() {
    ///     println!("{:?}: {} of {}, {:.1} per second", limit.groups, limit.remaining, limit.limit, limit.per_second);
    /// }
    /// # }
    /// ```
    pub fn rate_limit(&self) -> Vec<RateLimitState> {
        self.client.shared.pacer.limits()
    }

    /// Calls any [`Operation`] of this API, one that was written outside this crate included.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::management::GetUser;
    ///
    /// let value = client.call(GetUser::new("auth0|1")?).await?;
    /// # let _ = value;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<O: Operation>(&self, operation: O) -> Call<O> {
        self.client.call(Ok(operation))
    }

    /// Calls any path below `/api/v2`, by its template.
    pub fn rest(&self, template: impl Into<String>) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, template)
    }
}

impl Sealed for ManagementClient {
    fn from_client(client: Client) -> Self {
        Self { client }
    }
}

impl ApiClient for ManagementClient {
    const API: Api = Api::Management;
}

impl ManagementApi for ManagementClient {}
