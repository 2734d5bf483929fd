//! The Management API: users as an administrator sees them.

mod connections;
pub(crate) mod fields;
mod identities;
pub(crate) mod jobs;
mod multifactor;
mod refresh_tokens;
mod roles;
mod sessions;
mod tickets;
mod user_blocks;
mod user_id;
mod users;

pub use connections::{ConnectionsManager, DeleteConnectionUser};
pub use identities::{Identities, LinkIdentity, UnlinkIdentity};
pub use jobs::{
    ExportUsers, GetJob, GetJobErrors, ImportUsers, JobErrors, JobsManager, SendVerificationEmail,
};
pub use multifactor::{DeleteMultifactorProvider, InvalidateRememberBrowser, Multifactor};
pub use refresh_tokens::{
    DeleteRefreshToken, GetRefreshToken, ListRefreshTokens, RefreshTokensManager, RevokeRefreshTokens,
    UpdateRefreshToken,
};
pub use roles::{AssignRoleUsers, ListRoleUsers, RolesManager};
pub use sessions::{DeleteSession, GetSession, RevokeSession, SessionsManager, UpdateSession};
pub use tickets::{ChangePasswordTicket, TicketsManager, VerifyEmailTicket};
pub use user_blocks::{
    DeleteUserBlocks, DeleteUserBlocksByIdentifier, GetUserBlocks, GetUserBlocksByIdentifier,
    UserBlocksManager,
};
pub use users::{
    AssignUserPermissions, AssignUserRoles, AuthenticationMethods, ClearRiskAssessments, Confirm,
    CreateAuthenticationMethod, CreateUser, DeleteAll, DeleteAllReport, DeleteAuthenticationMethod,
    DeleteAuthenticationMethods, DeleteAuthenticators, DeleteFederatedTokenSet, DeleteOutcome, DeleteUser,
    DeleteUserCollection, DeleteUserRefreshTokens, DeleteUserSessions, EffectivePermissions, EffectiveRoles,
    FederatedTokenSets, GetAllUsers, GetAuthenticationMethod, GetUser, GetUsersByEmail,
    ListAuthenticationMethods, ListConnectedAccounts, ListEffectivePermissionRoleSources,
    ListEffectivePermissions, ListEffectiveRoles, ListEnrollments, ListFederatedTokenSets,
    ListRoleSourceGroups, ListUserGroups, ListUserLogs, ListUserOrganizations, ListUserPermissions,
    ListUserRefreshTokens, ListUserRoles, ListUserSessions, RegenerateRecoveryCode, RemoveUserPermissions,
    RemoveUserRoles, ReplaceAuthenticationMethods, RevokeUserAccess, SearchEngine,
    UpdateAuthenticationMethod, UpdateUser, UserPermissions, UserRefreshTokens, UserRoles, UserSessions,
    UsersManager,
};

use crate::builder::Builder;
use crate::builder::{ManagementProduct, Product, sealed::Sealed};
use crate::client::Client;
use crate::descriptor::Api;
use crate::pacing::RateLimitState;
use crate::rest::RestClient;
use crate::transport::HttpTransport;

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

    /// Imports, exports and verification mails.
    pub fn jobs(&self) -> JobsManager {
        JobsManager(self.client.clone())
    }

    /// Links that let users verify an address or set a password.
    pub fn tickets(&self) -> TicketsManager {
        TicketsManager(self.client.clone())
    }

    /// What brute-force protection has blocked.
    pub fn user_blocks(&self) -> UserBlocksManager {
        UserBlocksManager(self.client.clone())
    }

    /// Sessions, by their own ids.
    pub fn sessions(&self) -> SessionsManager {
        SessionsManager(self.client.clone())
    }

    /// Refresh tokens, by their own ids.
    pub fn refresh_tokens(&self) -> RefreshTokensManager {
        RefreshTokensManager(self.client.clone())
    }

    /// Who has a role.
    pub fn roles(&self) -> RolesManager {
        RolesManager(self.client.clone())
    }

    /// Users by the connection that they are in.
    pub fn connections(&self) -> ConnectionsManager {
        ConnectionsManager(self.client.clone())
    }

    /// What is known of the tenant's rate limits, one entry for each bucket: nothing before the first answer, and nothing where the
    /// tenant has no limits or the pacer is [`Unpaced`](crate::Unpaced).
    ///
    /// ```
    /// # fn story(client: users_core::ManagementClient) {
    /// for limit in client.rate_limit() {
    ///     println!("{:?}: {} of {}, {:.1} per second", limit.groups, limit.remaining, limit.limit, limit.per_second);
    /// }
    /// # }
    /// ```
    pub fn rate_limit(&self) -> Vec<RateLimitState> {
        self.client.shared.pacer.limits()
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
