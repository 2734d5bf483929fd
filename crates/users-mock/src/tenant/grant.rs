//! What a token allows.

/// What a token was made for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grant {
    /// Nothing: the endpoint asks for no token, or looks at it itself.
    Nothing,
    /// The Management API, with these scopes.
    Management(Vec<String>),
    /// `/userinfo` for a user, with these scopes.
    User { id: String, scopes: Vec<String> },
    /// The account of a user, to be linked.
    Identity { id: String },
    /// The tenant's global client.
    Global,
}

/// A token that was made.
pub(super) struct Issued {
    pub(super) grant: Grant,
    /// In milliseconds since 1970.
    pub(super) expires_at: u64,
}

/// Every scope of the endpoints that the tenant knows.
pub(super) const ALL_SCOPES: &[&str] = &[
    "create:users",
    "read:users",
    "update:users",
    "delete:users",
    "read:user_idp_tokens",
    "update:users_app_metadata",
    "read:connections",
];

pub(super) fn all_scopes() -> Vec<String> {
    ALL_SCOPES.iter().map(ToString::to_string).collect()
}
