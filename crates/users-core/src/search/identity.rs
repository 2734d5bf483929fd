//! Several conditions on the same identity.

use super::field;
use super::query::Query;
use users_model::{Identity, User};

/// Conditions that one and the same identity of a user meets.
///
/// Auth0's search takes all identities of a user together: `identities.connection:"db" AND identities.user_id:"7"` finds a user with an
/// identity in `db` and **another** one whose id is 7. No query excludes such a user. Therefore this is two things: [`query`](Self::query)
/// finds every user who may be meant, and [`matches`](Self::matches) tells for each of them whether one identity meets all conditions.
///
/// ```
/// # use users_core::search::IdentityFilter;
/// # use users_core::model::User;
/// let filter = IdentityFilter::new().connection("staff").user_id("7");
/// assert_eq!(filter.query().to_text()?, r#"identities.connection:"staff" AND identities.user_id:"7""#);
/// # fn found() -> Vec<User> { Vec::new() }
/// // `found()`: what `users.get_all().q(filter.query())` returns.
/// let meant: Vec<User> = found().into_iter().filter(|user| filter.matches(user)).collect();
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// The call must return `identities`: name it if `fields` are selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFilter {
    connection: Option<String>,
    provider: Option<String>,
    user_id: Option<String>,
    is_social: Option<bool>,
}

impl IdentityFilter {
    /// Creates a filter without conditions, which every identity meets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires that the identity is of this connection.
    #[must_use]
    pub fn connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Requires that the identity is of this provider, such as `auth0` or `google-oauth2`.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Requires this id within the provider, without the provider's prefix.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<String>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Requires that the identity is of a social provider, or that it is not.
    #[must_use]
    pub fn is_social(mut self, is_social: bool) -> Self {
        self.is_social = Some(is_social);
        self
    }

    /// Returns the query that finds at least the users who are meant. Combine it with other conditions as any query; its negation
    /// does not find every user who is not meant.
    pub fn query(&self) -> Query {
        let conditions = [
            self.connection.as_ref().map(|name| field::IDENTITIES_CONNECTION.equals(name)),
            self.provider.as_ref().map(|provider| field::IDENTITIES_PROVIDER.equals(provider)),
            self.user_id.as_ref().map(|id| field::IDENTITIES_USER_ID.equals(id)),
            self.is_social.map(|is_social| field::IDENTITIES_IS_SOCIAL.is(is_social)),
        ];
        conditions.into_iter().flatten().reduce(Query::and).unwrap_or_else(|| field::IDENTITIES.exists())
    }

    /// Returns whether one identity of the user meets all conditions; `false` if the user came without identities.
    pub fn matches(&self, user: &User) -> bool {
        user.identities.iter().flatten().any(|identity| self.is_met_by(identity))
    }

    /// Returns whether an identity meets all conditions.
    pub fn is_met_by(&self, identity: &Identity) -> bool {
        fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        let provider = identity.provider.as_ref().map(users_model::Provider::as_str);
        let user_id = identity.user_id.as_ref().map(users_model::IdentityId::as_str);
        is(self.connection.as_deref(), identity.connection.as_deref())
            && is(self.provider.as_deref(), provider)
            && is(self.user_id.as_deref(), user_id)
            && is(self.is_social.as_ref(), identity.is_social.as_ref())
    }
}
