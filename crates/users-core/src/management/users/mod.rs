//! Users: created, read, changed and deleted.

pub(crate) mod actions;
pub(crate) mod any_case;
pub(crate) mod authentication_methods;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod delete_all;
pub(crate) mod effective;
pub(crate) mod everyone;
pub(crate) mod get;
pub(crate) mod get_all;
pub(crate) mod memberships;
pub(crate) mod merge_deep;
pub(crate) mod of_user;
pub(crate) mod permissions;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod split_update;
pub(crate) mod update;

pub use actions::*;
pub use authentication_methods::*;
pub use create::*;
pub use delete::*;
pub use delete_all::*;
pub use effective::*;
pub use everyone::{Everyone, EveryonePosition, EveryoneReport};
pub use get::*;
pub use get_all::*;
pub use memberships::*;
pub use merge_deep::MetadataMerge;
pub use permissions::*;
pub use roles::*;
pub use sessions::*;
pub use split_update::SplitUpdateError;
pub use update::*;

use self::of_user::OfUser;
use super::identities::{Identities, LinkIdentity, UnlinkIdentity};
use super::multifactor::{DeleteMultifactorProvider, Multifactor};
use super::user_id::IntoUserId;
use crate::builder::{ApiClient, ClientBuilder, ManagementApi, sealed::Sealed};
use crate::bulk::Bulk;
use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::descriptor::Api;
use crate::rest::RestClient;
use crate::transport::HttpTransport;
use users_model::{
    AccessRevocation, LinkTarget, MetadataUpdate, MultifactorProvider, NewUser, Provider,
    RiskAssessmentClearance, User, UserUpdate,
};

/// Operations on users in the Management API.
///
/// Returned by [`ManagementClient::users`](crate::ManagementClient::users), or built from a transport, a base URL and headers:
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
    fn from_client(client: Client) -> Self {
        Self { client }
    }
}

impl ApiClient for UsersManager {
    const API: Api = Api::Management;
}

impl ManagementApi for UsersManager {}

impl UsersManager {
    /// Returns a builder of a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> ClientBuilder<Self> {
        ClientBuilder::new(transport)
    }

    /// Creates a user.
    ///
    /// `POST /users`, scope `create:users`. The response has the name, nickname and picture that Auth0 derives where none
    /// were given. A user with the same e-mail address or user name in the connection is a 409 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    #[inline]
    pub fn create(&self, user: NewUser) -> Call<CreateUser> {
        self.client.call(Ok(CreateUser::new(user)))
    }

    /// Runs an operation over many inputs: creates, updates, deletes or reads users, or executes any other operation.
    ///
    /// The inputs come from an iterator or a stream, and are taken as calls end. Each gives exactly one
    /// [`BulkOutcome`](crate::BulkOutcome): its result, and whether it may have been applied. A run with a
    /// [journal](crate::BulkJournal) can be continued after it was stopped or killed.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::NewUser;
    /// use users_core::BulkStatus;
    ///
    /// let new = (0..100_000).map(|n| NewUser::new("Username-Password-Authentication").email(format!("user{n}@example.com")));
    /// let mut run = users.bulk().concurrency(16).create(new);
    /// while let Some(outcome) = run.try_next().await? {
    ///     if let BulkStatus::NotApplied(error) = outcome.status {
    ///         eprintln!("{}: {error}", outcome.index);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bulk(&self) -> Bulk {
        Bulk::new(self.client.clone())
    }

    /// Lists or searches users: one page when awaited, a stream of all pages with [`items`](Call::items).
    ///
    /// `GET /users`, scope `read:users`. Auth0 returns the first 1000 users of a search; a stream that reaches this limit ends
    /// with an error, and [`everyone`](Call::everyone) goes beyond it. The index is eventually consistent: a user who was just created
    /// or updated may be missing; [`get`](Self::get) is not affected.
    ///
    /// ```
    /// use users_core::search::field;
    ///
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let page = users.get_all().q(field::EMAIL_DOMAIN.equals("example.com")).page(2).per_page(10).await?;
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
    #[inline]
    pub fn get_all(&self) -> Call<GetAllUsers> {
        self.client.call(Ok(GetAllUsers::new()))
    }

    /// Gets a user.
    ///
    /// `GET /users/{id}`, scope `read:users`. An unknown id is a 404 with the code `inexistent_user`;
    /// [`optional`](Call::optional) returns it as `None`.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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

    /// Updates a user: only the properties that the update names.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. The first level of metadata is merged; see [`MetadataUpdate`]. Auth0 rejects
    /// some combinations (a password with an e-mail address, a user name with a password), and attributes that belong to an
    /// identity provider. An e-mail address that is in use is a 400 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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

    /// Updates a user, in several requests where Auth0 refuses attributes together: see [`UserUpdate::split`]. Returns the user after the
    /// last one.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. The requests are sent one after the other, up to the first that fails. All are checked
    /// before the first is sent. Dropping the future leaves those applied that were sent.
    ///
    /// # Errors
    ///
    /// A [`SplitUpdateError`]: it says which updates were applied.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::management::SplitUpdateError> {
    /// use users_core::model::UserUpdate;
    ///
    /// let update = UserUpdate::new().email("ada@example.com").email_verified(true).password("correct horse");
    /// let user = users.update_split("auth0|1", update).await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_split(
        &self,
        id: impl IntoUserId,
        update: UserUpdate,
    ) -> CallFuture<User, SplitUpdateError> {
        CallFuture::new(split_update::update_split(self.client.clone(), id.into_user_id(), update))
    }

    /// Updates the metadata that the user may read and change. The first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. An empty update is an error and is not sent, since Auth0 removes all metadata
    /// for an empty object; use [`MetadataUpdate::clear_all`] for that.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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

    /// Updates the metadata that applications keep about the user. The first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users_app_metadata` or `update:users`. An empty update is an error, as
    /// with [`update_user_metadata`](Self::update_user_metadata).
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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

    /// Merges metadata at every level: reads the user, and writes the first-level keys that change. Returns the user afterwards.
    ///
    /// Auth0 itself merges the first level only, and replaces nested objects. Nothing is written if nothing changes.
    ///
    /// `GET /users/{id}` and `PATCH /users/{id}`, scopes `read:users` and `update:users`.
    ///
    /// # Concurrent changes
    ///
    /// Auth0 has no conditional writes. If another writer changes the same first-level key between the read and the write, that
    /// change is lost, also where it concerns other keys below. Changes of other first-level keys are not affected. Where several
    /// writers change one user, keep what each writes under a first-level key of its own, and use
    /// [`update_user_metadata`](Self::update_user_metadata).
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use serde_json::json;
    /// use users_core::management::MetadataMerge;
    ///
    /// // {"preferences":{"theme":"light","beta":true,"mail":{"weekly":true}}} becomes
    /// // {"preferences":{"theme":"dark","mail":{"weekly":true}}}.
    /// let merge = MetadataMerge::new().user_metadata(json!({"preferences": {"theme": "dark", "beta": null}}));
    /// let user = users.merge_deep("auth0|1", merge).await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    pub fn merge_deep(&self, id: impl IntoUserId, merge: MetadataMerge) -> CallFuture<User> {
        CallFuture::new(merge_deep::merge_deep(self.client.clone(), id.into_user_id(), merge))
    }

    /// Deletes a user and the identities that are linked to it.
    ///
    /// `DELETE /users/{id}`, scope `delete:users`. Succeeds if the user no longer exists.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
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
    /// Auth0 removed `DELETE /users` from its API in 2016, so this searches and deletes until three consecutive searches return
    /// no new user; see [`DeleteAll`]. The confirmation must name the tenant of the client, or nothing is sent.
    ///
    /// Scopes `read:users` and `delete:users`.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::management::Confirm;
    ///
    /// let report = users.delete_all(Confirm::tenant("staging.eu.auth0.com")).await?;
    /// println!("{} deleted, {} failed", report.deleted, report.failed.len());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn delete_all(&self, confirm: Confirm) -> DeleteAll {
        DeleteAll::new(self.client.clone(), confirm)
    }

    /// Deletes a user's enrollment with a multi-factor provider; the same as
    /// [`multifactor().delete(…)`](Multifactor::delete).
    ///
    /// `DELETE /users/{id}/multifactor/{provider}`, scope `update:users`. Succeeds if there is no enrollment.
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

    /// Unlinks an account from a user; the same as [`identities().unlink(…)`](Identities::unlink).
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

    /// The identities of a user.
    pub fn identities(&self) -> Identities {
        Identities::new(self.client.clone())
    }

    /// The multi-factor enrollments of a user.
    pub fn multifactor(&self) -> Multifactor {
        Multifactor::new(self.client.clone())
    }

    /// Lists the users with this e-mail address. The comparison is case-sensitive, and databases store addresses in lower case.
    ///
    /// `GET /users-by-email`, scope `read:users`. Consistent, unlike a search. Several users may have one address; no user is an
    /// empty list.
    ///
    /// <https://auth0.com/docs/api/management/v2/users-by-email/get-users-by-email>
    pub fn by_email(&self, email: impl Into<String>) -> Call<GetUsersByEmail> {
        self.client.call(Ok(GetUsersByEmail::new(email)))
    }

    /// Lists the users with this e-mail address as it is, and those with it in lower case, each once.
    ///
    /// [`by_email`](Self::by_email) distinguishes case. Databases store addresses in lower case, other connections as the identity provider
    /// sends them. An address that is stored in yet another case is not found. One request if the address is in lower case, else two.
    ///
    /// `GET /users-by-email`, scope `read:users`.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// for user in users.by_email_any_case("Ada.Lovelace@Example.com").await? {
    ///     println!("{:?}", user.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_email_any_case(&self, email: impl Into<String>) -> CallFuture<Vec<User>> {
        CallFuture::new(any_case::by_email_any_case(self.client.clone(), email.into()))
    }

    /// The roles of a user.
    pub fn roles(&self, id: impl IntoUserId) -> UserRoles {
        UserRoles(self.of(id))
    }

    /// The permissions that are assigned to a user directly.
    pub fn permissions(&self, id: impl IntoUserId) -> UserPermissions {
        UserPermissions(self.of(id))
    }

    /// The authentication methods of a user: second factors and passkeys.
    pub fn authentication_methods(&self, id: impl IntoUserId) -> AuthenticationMethods {
        AuthenticationMethods(self.of(id))
    }

    /// The effective permissions of a user, and their sources.
    pub fn effective_permissions(&self, id: impl IntoUserId) -> EffectivePermissions {
        EffectivePermissions(self.of(id))
    }

    /// The effective roles of a user, and their sources.
    pub fn effective_roles(&self, id: impl IntoUserId) -> EffectiveRoles {
        EffectiveRoles(self.of(id))
    }

    /// The sessions of a user.
    pub fn sessions(&self, id: impl IntoUserId) -> UserSessions {
        UserSessions(self.of(id))
    }

    /// The refresh tokens of a user.
    pub fn refresh_tokens(&self, id: impl IntoUserId) -> UserRefreshTokens {
        UserRefreshTokens(self.of(id))
    }

    /// The token sets of federated connections that Auth0 stores for a user.
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

    /// Lists the groups of a user.
    ///
    /// `GET /users/{id}/groups`, scope `read:groups`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-user-groups>
    pub fn groups(&self, id: impl IntoUserId) -> Call<ListUserGroups> {
        self.of(id).call(ListUserGroups::new)
    }

    /// Lists the log events of a user.
    ///
    /// `GET /users/{id}/logs`, scope `read:logs` or `read:logs_users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-logs-by-user>
    pub fn logs(&self, id: impl IntoUserId) -> Call<ListUserLogs> {
        self.of(id).call(ListUserLogs::new)
    }

    /// Lists the connected accounts of a user.
    ///
    /// `GET /users/{id}/connected-accounts`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-connected-accounts>
    pub fn connected_accounts(&self, id: impl IntoUserId) -> Call<ListConnectedAccounts> {
        self.of(id).call(ListConnectedAccounts::new)
    }

    /// Lists the Guardian enrollments of a user.
    ///
    /// `GET /users/{id}/enrollments`, scope `read:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-enrollments>
    pub fn enrollments(&self, id: impl IntoUserId) -> Call<ListEnrollments> {
        self.of(id).call(ListEnrollments::new)
    }

    /// Generates a new recovery code for a user, and invalidates the old one.
    ///
    /// `POST /users/{id}/recovery-code-regeneration`, scope `update:users`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-recovery-code-regeneration>
    pub fn regenerate_recovery_code(&self, id: impl IntoUserId) -> Call<RegenerateRecoveryCode> {
        self.of(id).call(RegenerateRecoveryCode::new)
    }

    /// Revokes a user's sessions and refresh tokens, or those of one session. Auth0 responds before the revocation is complete.
    ///
    /// `POST /users/{id}/revoke-access`, scopes `delete:sessions` and `delete:refresh_tokens`.
    ///
    /// <https://auth0.com/docs/api/management/v2/users/user-revoke-access>
    pub fn revoke_access(&self, id: impl IntoUserId, revocation: AccessRevocation) -> Call<RevokeUserAccess> {
        self.of(id).call(|id| RevokeUserAccess::new(id, revocation))
    }

    /// Clears the risk assessments of a user.
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
        OfUser::new(self.client.clone(), id)
    }

    /// Calls the path `/users/{id}` by hand.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}")
    }
}
