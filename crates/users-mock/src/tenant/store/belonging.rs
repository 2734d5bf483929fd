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
    /// Digests of the passwords of the accounts that are linked to the user, by identity. No call shows them.
    LinkedPasswords,
    OrganizationRoles,
    Organizations,
    /// Digests of the user's password and of former ones. No call shows them.
    Passwords,
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
        Self::LinkedPasswords,
        Self::OrganizationRoles,
        Self::Organizations,
        Self::Passwords,
        Self::Permissions,
        Self::RefreshTokens,
        Self::Roles,
        Self::Sessions,
    ];

    /// Whether a seed may have these objects.
    pub(crate) fn is_in_seeds(self) -> bool {
        !matches!(self, Self::LinkedPasswords | Self::Passwords)
    }

    /// The name in a seed document and in a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AuthenticationMethods => "authentication_methods",
            Self::BlockedFor => "blocked_for",
            Self::ConnectedAccounts => "connected_accounts",
            Self::Enrollments => "enrollments",
            Self::FederatedTokenSets => "federated_connections_tokensets",
            Self::Grants => "grants",
            Self::Groups => "groups",
            Self::LinkedPasswords => "linked_passwords",
            Self::OrganizationRoles => "organization_roles",
            Self::Organizations => "organizations",
            Self::Passwords => "passwords",
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
