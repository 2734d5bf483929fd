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
pub(super) fn all_scopes() -> Vec<String> {
    const OTHERS: &[&str] = &[
        "read:user_idp_tokens",
        "read:connections",
        "create:roles",
        "delete:roles",
        "create:resource_servers",
        "delete:resource_servers",
    ];
    let known = users_core::CATALOGUE
        .iter()
        .flat_map(|descriptor| descriptor.scopes.iter().copied().flatten())
        .chain(OTHERS);
    let all: std::collections::BTreeSet<&str> = known.copied().collect();
    all.into_iter().map(ToOwned::to_owned).collect()
}
