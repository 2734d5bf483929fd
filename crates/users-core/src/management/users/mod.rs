//! Users: created, read, changed and deleted.

pub(crate) mod actions;
pub(crate) mod authentication_methods;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod delete_all;
pub(crate) mod effective;
pub(crate) mod get;
pub(crate) mod get_all;
pub(crate) mod memberships;
pub(crate) mod permissions;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod update;

pub use actions::*;
pub use authentication_methods::*;
pub use create::*;
pub use delete::*;
pub use delete_all::*;
pub use effective::*;
pub use get::*;
pub use get_all::*;
pub use memberships::*;
pub use permissions::*;
pub use roles::*;
pub use sessions::*;
pub use update::*;

use super::user_id::IntoUserId;
use super::{DeleteMultifactorProvider, Identities, LinkIdentity, Multifactor, UnlinkIdentity};
use crate::builder::{ApiClient, ClientBuilder, ManagementApi, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::Api;
use crate::error::Error;
use crate::operation::Operation;
use crate::rest::RestClient;
use crate::transport::HttpTransport;
use std::sync::Arc;
use users_model::{
    AccessRevocation, LinkTarget, MetadataUpdate, MultifactorProvider, NewUser, Provider,
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

impl ApiClient for UsersManager {
    const API: Api = Api::Management;
}

impl ManagementApi for UsersManager {}

impl UsersManager {
    /// Begins a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> ClientBuilder<Self> {
        ClientBuilder::new(transport)
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
        self.client.call(Ok(CreateUser::new(user)))
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
        self.client.call(Ok(GetAllUsers::new()))
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
    pub fn get(&self, id: impl IntoUserId) -> Call<GetUser> {
        self.client.call(GetUser::new(id))
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
    pub fn update(&self, id: impl IntoUserId, update: UserUpdate) -> Call<UpdateUser> {
        self.client.call(UpdateUser::new(id, update))
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
        id: impl IntoUserId,
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
        id: impl IntoUserId,
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
    pub fn delete(&self, id: impl IntoUserId) -> Call<DeleteUser> {
        self.client.call(DeleteUser::new(id))
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
        id: impl IntoUserId,
        provider: impl Into<MultifactorProvider>,
    ) -> Call<DeleteMultifactorProvider> {
        self.multifactor().delete(id, provider)
    }

    /// Links an account to a user; the same as [`identities().link(…)`](Identities::link).
    ///
    /// `POST /users/{id}/identities`, scope `update:users`.
    pub fn link(&self, id: impl IntoUserId, target: impl Into<LinkTarget>) -> Call<LinkIdentity> {
        self.identities().link(id, target)
    }

    /// Takes a linked account away from a user; the same as [`identities().unlink(…)`](Identities::unlink).
    ///
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`, scope `update:users`.
    pub fn unlink(
        &self,
        id: impl IntoUserId,
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
        self.client.call(Ok(GetUsersByEmail::new(email)))
    }

    /// The roles of a user.
    pub fn roles(&self, id: impl IntoUserId) -> UserRoles {
        UserRoles(self.of(id))
    }

    /// The permissions that a user has been given.
    pub fn permissions(&self, id: impl IntoUserId) -> UserPermissions {
        UserPermissions(self.of(id))
    }

    /// The second factors and passkeys of a user.
    pub fn authentication_methods(&self, id: impl IntoUserId) -> AuthenticationMethods {
        AuthenticationMethods(self.of(id))
    }

    /// What a user may do in effect, and why.
    pub fn effective_permissions(&self, id: impl IntoUserId) -> EffectivePermissions {
        EffectivePermissions(self.of(id))
    }

    /// The roles that a user has in effect, and why.
    pub fn effective_roles(&self, id: impl IntoUserId) -> EffectiveRoles {
        EffectiveRoles(self.of(id))
    }

    /// Where a user is logged in.
    pub fn sessions(&self, id: impl IntoUserId) -> UserSessions {
        UserSessions(self.of(id))
    }

    /// The refresh tokens of a user.
    pub fn refresh_tokens(&self, id: impl IntoUserId) -> UserRefreshTokens {
        UserRefreshTokens(self.of(id))
    }

    /// The tokens of other services that Auth0 keeps for a user.
    pub fn federated_token_sets(&self, id: impl IntoUserId) -> FederatedTokenSets {
        FederatedTokenSets(self.of(id))
    }

    /// Lists the organizations that a user belongs to.
    ///
    /// `GET /users/{id}/organizations`, scope `read:organizations`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-organizations>
    pub fn organizations(&self, id: impl IntoUserId) -> Call<ListUserOrganizations> {
        self.of(id).call(ListUserOrganizations::new)
    }

    /// Lists the groups that a user is a member of; a stream walks by checkpoint.
    ///
    /// `GET /users/{id}/groups`, scope `read:groups`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-groups>
    pub fn groups(&self, id: impl IntoUserId) -> Call<ListUserGroups> {
        self.of(id).call(ListUserGroups::new)
    }

    /// Lists what the tenant's log says of a user.
    ///
    /// `GET /users/{id}/logs`, scope `read:logs` or `read:logs_users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-logs-by-user>
    pub fn logs(&self, id: impl IntoUserId) -> Call<ListUserLogs> {
        self.of(id).call(ListUserLogs::new)
    }

    /// Lists the accounts at other services that a user has connected.
    ///
    /// `GET /users/{id}/connected-accounts`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-connected-accounts>
    pub fn connected_accounts(&self, id: impl IntoUserId) -> Call<ListConnectedAccounts> {
        self.of(id).call(ListConnectedAccounts::new)
    }

    /// Lists the Guardian enrolments of a user.
    ///
    /// `GET /users/{id}/enrollments`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-enrollments>
    pub fn enrollments(&self, id: impl IntoUserId) -> Call<ListEnrollments> {
        self.of(id).call(ListEnrollments::new)
    }

    /// Gives a user a new recovery code; the old one stops working.
    ///
    /// `POST /users/{id}/recovery-code-regeneration`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-recovery-code-regeneration>
    pub fn regenerate_recovery_code(&self, id: impl IntoUserId) -> Call<RegenerateRecoveryCode> {
        self.of(id).call(RegenerateRecoveryCode::new)
    }

    /// Ends a user's sessions and takes the refresh tokens away, or those of one session. That takes a moment: the answer comes
    /// before it is done.
    ///
    /// `POST /users/{id}/revoke-access`, scopes `delete:sessions` and `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/user-revoke-access>
    pub fn revoke_access(&self, id: impl IntoUserId, revocation: AccessRevocation) -> Call<RevokeUserAccess> {
        self.of(id).call(|id| RevokeUserAccess::new(id, revocation))
    }

    /// Clears what risk assessors remember of a user.
    ///
    /// `POST /users/{id}/risk-assessments/clear`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-clear-assessors>
    pub fn clear_risk_assessments(
        &self,
        id: impl IntoUserId,
        clearance: RiskAssessmentClearance,
    ) -> Call<ClearRiskAssessments> {
        self.of(id).call(|id| ClearRiskAssessments::new(id, clearance))
    }

    fn of(&self, id: impl IntoUserId) -> OfUser {
        OfUser { client: self.client.clone(), id: id.into_user_id().map_err(Arc::new) }
    }

    /// The users' own paths, by hand: `/users/{id}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}")
    }
}

/// The user whose roles, sessions and so on are meant.
#[derive(Clone, Debug)]
pub(super) struct OfUser {
    client: Client,
    id: Result<UserId, Arc<Error>>,
}

impl OfUser {
    fn call<O: Operation>(&self, operation: impl FnOnce(UserId) -> Result<O, Error>) -> Call<O> {
        let id = self.id.as_ref().map_err(|error| error.without_source());
        self.client.call(id.and_then(|id| operation(id.clone())))
    }
}
