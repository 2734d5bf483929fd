//! The kinds of objects that belong to a user and are listed separately.

/// A kind of objects that belong to a user and are listed separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Belonging {
    AuthenticationMethods,
    BlockedFor,
    ConnectedAccounts,
    Enrollments,
    FederatedTokenSets,
    Grants,
    Groups,
    OrganizationRoles,
    Organizations,
    Permissions,
    RefreshTokens,
    Roles,
    Sessions,
}

impl Belonging {
    pub(crate) const ALL: &[Self] = &[
        Self::AuthenticationMethods,
        Self::BlockedFor,
        Self::ConnectedAccounts,
        Self::Enrollments,
        Self::FederatedTokenSets,
        Self::Grants,
        Self::Groups,
        Self::OrganizationRoles,
        Self::Organizations,
        Self::Permissions,
        Self::RefreshTokens,
        Self::Roles,
        Self::Sessions,
    ];

    /// The name in a seed document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AuthenticationMethods => "authentication_methods",
            Self::BlockedFor => "blocked_for",
            Self::ConnectedAccounts => "connected_accounts",
            Self::Enrollments => "enrollments",
            Self::FederatedTokenSets => "federated_connections_tokensets",
            Self::Grants => "grants",
            Self::Groups => "groups",
            Self::OrganizationRoles => "organization_roles",
            Self::Organizations => "organizations",
            Self::Permissions => "permissions",
            Self::RefreshTokens => "refresh_tokens",
            Self::Roles => "roles",
            Self::Sessions => "sessions",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}
