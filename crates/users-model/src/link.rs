//! Linking accounts.

use crate::object::object;
use crate::{IdentityId, Provider, Secret, UserId};

object! {
    /// The account to link: the body of `POST /users/{id}/identities`. Named by provider and id, or by its ID token.
    ///
    /// ```
    /// use users_model::{LinkTarget, UserId};
    ///
    /// let by_id = LinkTarget::account("auth0", "507f1f77bcf86cd799439020").connection("con_ftSSLHb0O7rcUGmF");
    /// assert_eq!(
    ///     serde_json::to_string(&by_id)?,
    ///     r#"{"provider":"auth0","user_id":"507f1f77bcf86cd799439020","connection_id":"con_ftSSLHb0O7rcUGmF"}"#
    /// );
    /// let same_user = LinkTarget::from(&UserId::new("auth0|507f1f77bcf86cd799439020")?);
    /// assert_eq!(same_user.user_id.unwrap(), "507f1f77bcf86cd799439020");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct LinkTarget {
        /// The type of the identity provider.
        pub provider: Option<Provider> = "provider",
        /// The id within the provider. Auth0 accepts the full id as well.
        pub user_id: Option<IdentityId> = "user_id",
        /// The id of the connection, if the provider has several: `con_` and 16 letters or digits.
        pub connection_id: Option<String> = "connection_id",
        /// An ID token of the account.
        pub link_with: Option<Secret> = "link_with",
    }
}

impl LinkTarget {
    /// Names the account of this provider with this id, bare or full.
    pub fn account(provider: impl Into<Provider>, user_id: impl Into<IdentityId>) -> Self {
        Self { provider: Some(provider.into()), user_id: Some(user_id.into()), ..Self::default() }
    }

    /// Names the account that this ID token was issued to. The ID token must be signed with RS256 and name this tenant.
    pub fn id_token(jwt: impl Into<Secret>) -> Self {
        Self { link_with: Some(jwt.into()), ..Self::default() }
    }

    /// Sets the id of the account's connection (`con_…`).
    #[must_use]
    pub fn connection(mut self, connection_id: impl Into<String>) -> Self {
        self.connection_id = Some(connection_id.into());
        self
    }
}

impl From<&UserId> for LinkTarget {
    /// The account of a user id, split at its first `|`.
    fn from(id: &UserId) -> Self {
        Self {
            provider: id.provider().map(Provider::from),
            user_id: Some(id.bare().into()),
            ..Self::default()
        }
    }
}

impl From<UserId> for LinkTarget {
    fn from(id: UserId) -> Self {
        Self::from(&id)
    }
}
