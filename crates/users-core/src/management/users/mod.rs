//! Users: created, read, changed and deleted.

mod actions;
mod authentication_methods;
mod create;
mod delete;
mod delete_all;
mod effective;
mod get;
mod get_all;
mod memberships;
mod permissions;
mod roles;
mod sessions;
mod update;

pub use actions::{ClearRiskAssessments, GetUsersByEmail, RegenerateRecoveryCode, RevokeUserAccess};
pub use authentication_methods::{
    AuthenticationMethods, CreateAuthenticationMethod, DeleteAuthenticationMethod,
    DeleteAuthenticationMethods, DeleteAuthenticators, GetAuthenticationMethod, ListAuthenticationMethods,
    ReplaceAuthenticationMethods, UpdateAuthenticationMethod,
};
pub use create::CreateUser;
pub use delete::DeleteUser;
pub use delete_all::{Confirm, DeleteAll, DeleteAllReport, DeleteOutcome, DeleteUserCollection};
pub use effective::{
    EffectivePermissions, EffectiveRoles, ListEffectivePermissionRoleSources, ListEffectivePermissions,
    ListEffectiveRoles, ListRoleSourceGroups,
};
pub use get::GetUser;
pub use get_all::{GetAllUsers, SearchEngine};
pub use memberships::{
    DeleteFederatedTokenSet, FederatedTokenSets, ListConnectedAccounts, ListEnrollments,
    ListFederatedTokenSets, ListUserGroups, ListUserLogs, ListUserOrganizations,
};
pub use permissions::{AssignUserPermissions, ListUserPermissions, RemoveUserPermissions, UserPermissions};
pub use roles::{AssignUserRoles, ListUserRoles, RemoveUserRoles, UserRoles};
pub use sessions::{
    DeleteUserRefreshTokens, DeleteUserSessions, ListUserRefreshTokens, ListUserSessions, UserRefreshTokens,
    UserSessions,
};
pub use update::UpdateUser;

use super::user_id::user_id;
use super::{DeleteMultifactorProvider, Identities, LinkIdentity, Multifactor, UnlinkIdentity};
use crate::builder::Builder;
use crate::builder::{ManagementProduct, Product, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Api;
use crate::error::Error;
use crate::operation::Operation;
use crate::rest::RestClient;
use crate::transport::HttpTransport;
use users_model::{
    AccessRevocation, InvalidId, LinkTarget, MetadataUpdate, MultifactorProvider, NewUser, Provider,
    RiskAssessmentClearance, UserId, UserUpdate,
};

/// The users of a tenant, as an administrator sees them.
///
/// Made by [`ManagementClient::users`](crate::ManagementClient::users), or by itself from a transport, a base URL and headers:
///
/// ```
/// use users_core::management::UsersManager;
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let users = UsersManager::builder(my_transport())
///     .base_url("https://tenant.eu.auth0.com/api/v2")
///     .header("Authorization", "Bearer …".replace('…', "token"))
///     .build()?;
/// # let _ = users;
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UsersManager {
    client: Client,
}

impl Sealed for UsersManager {
    fn of(client: Client) -> Self {
        Self { client }
    }
}

impl Product for UsersManager {
    const API: Api = Api::Management;
}

impl ManagementProduct for UsersManager {}

impl UsersManager {
    /// Begins a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> Builder<Self> {
        Builder::new(transport)
    }

    /// Creates a user.
    ///
    /// `POST /users`, scope `create:users`. The answer's user has the name, nickname and picture that Auth0 made up where none
    /// were given. A user with the same address or name in the connection is a 409 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::NewUser;
    ///
    /// let user = users
    ///     .create(NewUser::new("Username-Password-Authentication").email("ada@example.com").password("correct horse"))
    ///     .await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-users>
    pub fn create(&self, user: NewUser) -> Call<CreateUser> {
        self.call(Ok(CreateUser { user }))
    }

    /// Lists or searches users: one page when awaited, a stream over the pages with [`items`](Call::items).
    ///
    /// `GET /users`, scope `read:users`. Auth0 shows the first 1000 of a search and no more; a stream that comes to that end says
    /// so with an error. The index lags: a user who was just created or changed may be missing; [`get`](Self::get) reads at once.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let page = users.get_all().q(r#"email.domain:"example.com""#).page(2).per_page(10).await?;
    ///
    /// let mut all = users.get_all().fields(["user_id", "email"]).items();
    /// while let Some(user) = all.try_next().await? {
    ///     println!("{user:?}");
    /// }
    /// # let _ = page;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-users>
    pub fn get_all(&self) -> Call<GetAllUsers> {
        self.call(Ok(GetAllUsers::default()))
    }

    /// Reads a user.
    ///
    /// `GET /users/{id}`, scope `read:users`. An unknown id is a 404 with the code `inexistent_user`;
    /// [`optional`](Call::optional) gives it as `None`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let user = users.get("auth0|507f1f77bcf86cd799439020").await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-users-by-id>
    pub fn get(&self, id: impl TryInto<UserId, Error: Into<Error>>) -> Call<GetUser> {
        self.call(user_id(id).map(GetUser::new))
    }

    /// Changes a user: only what the update names.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. The first level of metadata is merged; see [`MetadataUpdate`]. Auth0 refuses
    /// some pairs in one request (a password with an address, a user name with a password), and attributes that belong to an
    /// identity provider. An address that is taken is a 400 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::UserUpdate;
    ///
    /// let user = users.update("auth0|1", UserUpdate::new().nickname("Ada").clear_picture()).await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/patch-users-by-id>
    pub fn update(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        update: UserUpdate,
    ) -> Call<UpdateUser> {
        self.call(user_id(id).map(|id| UpdateUser { id, update }))
    }

    /// Changes what the user may read and change: the first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. An update that changes nothing is refused rather than sent, since Auth0 would
    /// read an empty object as "take everything away"; that is [`MetadataUpdate::clear_all`].
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::MetadataUpdate;
    ///
    /// users.update_user_metadata("auth0|1", MetadataUpdate::new().set("theme", "dark").remove("beta")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_user_metadata(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        metadata: impl Into<MetadataUpdate>,
    ) -> Call<UpdateUser> {
        self.update(id, UserUpdate::new().user_metadata(metadata))
    }

    /// Changes what applications keep about the user: the first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users_app_metadata` or `update:users`. An update that changes nothing is refused, as
    /// with [`update_user_metadata`](Self::update_user_metadata).
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// users.update_app_metadata("auth0|1", serde_json::json!({"plan": "gold"})).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_app_metadata(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        metadata: impl Into<MetadataUpdate>,
    ) -> Call<UpdateUser> {
        self.update(id, UserUpdate::new().app_metadata(metadata))
    }

    /// Deletes a user, and the accounts that are linked to it.
    ///
    /// `DELETE /users/{id}`, scope `delete:users`. Deleting one that is gone already succeeds.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// users.delete("auth0|507f1f77bcf86cd799439020").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-users-by-id>
    pub fn delete(&self, id: impl TryInto<UserId, Error: Into<Error>>) -> Call<DeleteUser> {
        self.call(user_id(id).map(DeleteUser::new))
    }

    /// Deletes **every user of the tenant**, one by one.
    ///
    /// Auth0 took `DELETE /users` out of its API in 2016, so this searches and deletes until three searches in a row bring
    /// nothing new; see [`DeleteAll`]. The confirmation must name the tenant that the client talks to, or nothing is sent.
    ///
    /// Scopes `read:users` and `delete:users`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::management::Confirm;
    ///
    /// let report = users.delete_all(Confirm::tenant("staging.eu.auth0.com")).await?;
    /// println!("{} deleted, {} failed", report.deleted, report.failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_all(&self, confirm: Confirm) -> DeleteAll {
        DeleteAll::new(self.client.clone(), confirm)
    }

    /// Takes a user's enrolment with a multi-factor provider away; the same as
    /// [`multifactor().delete(…)`](Multifactor::delete).
    ///
    /// `DELETE /users/{id}/multifactor/{provider}`, scope `update:users`. Succeeds where nothing was enrolled.
    pub fn delete_multifactor_provider(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<MultifactorProvider>,
    ) -> Call<DeleteMultifactorProvider> {
        self.multifactor().delete(id, provider)
    }

    /// Links an account to a user; the same as [`identities().link(…)`](Identities::link).
    ///
    /// `POST /users/{id}/identities`, scope `update:users`.
    pub fn link(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        target: impl Into<LinkTarget>,
    ) -> Call<LinkIdentity> {
        self.identities().link(id, target)
    }

    /// Takes a linked account away from a user; the same as [`identities().unlink(…)`](Identities::unlink).
    ///
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`, scope `update:users`.
    pub fn unlink(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<Provider>,
        user_id: impl Into<String>,
    ) -> Call<UnlinkIdentity> {
        self.identities().unlink(id, provider, user_id)
    }

    /// The accounts that belong to a user.
    pub fn identities(&self) -> Identities {
        Identities::new(self.client.clone())
    }

    /// The multi-factor enrolments of a user.
    pub fn multifactor(&self) -> Multifactor {
        Multifactor::new(self.client.clone())
    }

    /// The users with this e-mail address, to the letter: capitals count, though databases keep addresses in lower case.
    ///
    /// `GET /users-by-email`, scope `read:users`. Reads at once, without the lag of a search. Several users may have one address; nobody is an empty list.
    ///
    /// <https://auth0.com/docs/api/management/v2/users-by-email/get-users-by-email>
    pub fn by_email(&self, email: impl Into<String>) -> Call<GetUsersByEmail> {
        self.call(Ok(GetUsersByEmail::new(email.into())))
    }

    /// The roles of a user.
    pub fn roles(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> UserRoles {
        UserRoles(self.of(id))
    }

    /// The permissions that a user has been given.
    pub fn permissions(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> UserPermissions {
        UserPermissions(self.of(id))
    }

    /// The second factors and passkeys of a user.
    pub fn authentication_methods(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> AuthenticationMethods {
        AuthenticationMethods(self.of(id))
    }

    /// What a user may do in effect, and why.
    pub fn effective_permissions(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> EffectivePermissions {
        EffectivePermissions(self.of(id))
    }

    /// The roles that a user has in effect, and why.
    pub fn effective_roles(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> EffectiveRoles {
        EffectiveRoles(self.of(id))
    }

    /// Where a user is logged in.
    pub fn sessions(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> UserSessions {
        UserSessions(self.of(id))
    }

    /// The refresh tokens of a user.
    pub fn refresh_tokens(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> UserRefreshTokens {
        UserRefreshTokens(self.of(id))
    }

    /// The tokens of other services that Auth0 keeps for a user.
    pub fn federated_token_sets(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> FederatedTokenSets {
        FederatedTokenSets(self.of(id))
    }

    /// Lists the organizations that a user belongs to.
    ///
    /// `GET /users/{id}/organizations`, scope `read:organizations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-organizations>
    pub fn organizations(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> Call<ListUserOrganizations> {
        self.of(id).call(ListUserOrganizations::new)
    }

    /// Lists the groups that a user is a member of; a stream walks by checkpoint.
    ///
    /// `GET /users/{id}/groups`, scope `read:groups`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-groups>
    pub fn groups(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> Call<ListUserGroups> {
        self.of(id).call(ListUserGroups::new)
    }

    /// Lists what the tenant's log says of a user.
    ///
    /// `GET /users/{id}/logs`, scope `read:logs` or `read:logs_users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-logs-by-user>
    pub fn logs(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> Call<ListUserLogs> {
        self.of(id).call(ListUserLogs::new)
    }

    /// Lists the accounts at other services that a user has connected.
    ///
    /// `GET /users/{id}/connected-accounts`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-connected-accounts>
    pub fn connected_accounts(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> Call<ListConnectedAccounts> {
        self.of(id).call(ListConnectedAccounts::new)
    }

    /// Lists the Guardian enrolments of a user.
    ///
    /// `GET /users/{id}/enrollments`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-enrollments>
    pub fn enrollments(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> Call<ListEnrollments> {
        self.of(id).call(ListEnrollments::new)
    }

    /// Gives a user a new recovery code; the old one stops working.
    ///
    /// `POST /users/{id}/recovery-code-regeneration`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-recovery-code-regeneration>
    pub fn regenerate_recovery_code(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
    ) -> Call<RegenerateRecoveryCode> {
        self.of(id).call(RegenerateRecoveryCode::new)
    }

    /// Ends a user's sessions and takes the refresh tokens away, or those of one session. That takes a moment: the answer comes
    /// before it is done.
    ///
    /// `POST /users/{id}/revoke-access`, scopes `delete:sessions` and `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/user-revoke-access>
    pub fn revoke_access(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
        revocation: AccessRevocation,
    ) -> Call<RevokeUserAccess> {
        self.of(id).call(|id| RevokeUserAccess::new(id, revocation))
    }

    /// Clears what risk assessors remember of a user.
    ///
    /// `POST /users/{id}/risk-assessments/clear`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-clear-assessors>
    pub fn clear_risk_assessments(
        &self,
        id: impl TryInto<UserId, Error: Into<InvalidId>>,
        clearance: RiskAssessmentClearance,
    ) -> Call<ClearRiskAssessments> {
        self.of(id).call(|id| ClearRiskAssessments::new(id, clearance))
    }

    fn of(&self, id: impl TryInto<UserId, Error: Into<InvalidId>>) -> OfUser {
        OfUser { client: self.client.clone(), id: id.try_into().map_err(Into::into) }
    }

    /// The users' own paths, by hand: `/users/{id}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}")
    }

    fn call<O: Operation>(&self, operation: Result<O, Error>) -> Call<O> {
        Call::new(self.client.clone(), operation)
    }
}

/// A user whose belongings are meant.
#[derive(Clone, Debug)]
pub(super) struct OfUser {
    client: Client,
    id: Result<UserId, InvalidId>,
}

impl OfUser {
    fn call<O: Operation>(&self, operation: impl FnOnce(UserId) -> O) -> Call<O> {
        Call::new(self.client.clone(), self.id.clone().map(operation).map_err(Error::from))
    }
}
