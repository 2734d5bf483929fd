//! The permissions of a token.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use users_core::CATALOGUE;

/// The permissions of a token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Grant {
    /// None: the endpoint needs no token, or its handler checks the token.
    Nothing,
    /// The Management API, with these scopes.
    Management(Arc<[String]>),
    /// The user's own part of the Management API, with these scopes.
    SelfService { id: String, scopes: Arc<[String]> },
    /// `/userinfo` for a user, with these scopes.
    User { id: String, scopes: Vec<String> },
    /// Linking the account of a user.
    Identity { id: String },
    /// The tenant's global client.
    Global,
}

impl Grant {
    /// The scopes of the Management API.
    pub(crate) fn management_scopes(&self) -> &[String] {
        match self {
            Self::Management(scopes) | Self::SelfService { scopes, .. } => scopes,
            _ => &[],
        }
    }

    /// Whether it includes a scope of the Management API.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.management_scopes().iter().any(|granted| granted == scope)
    }
}

/// Alternatives of scopes, of one of which all are required.
pub(crate) type Alternatives = &'static [&'static [&'static str]];

/// Whether scopes that were granted include all of at least one alternative.
pub(crate) fn allows(alternatives: &[&[&str]], granted: &[String]) -> bool {
    let is_granted = |scope: &&str| granted.iter().any(|granted| granted == scope);
    alternatives.iter().any(|required| required.iter().all(is_granted))
}

/// Every scope of the endpoints that the tenant has.
pub(crate) fn all_scopes() -> Arc<[String]> {
    static ALL: LazyLock<Arc<[String]>> = LazyLock::new(collect_scopes);
    Arc::clone(&ALL)
}

fn collect_scopes() -> Arc<[String]> {
    const WITHOUT_OPERATION: &[&str] = &[
        // Adds tokens to identities.
        "read:user_idp_tokens",
        "create:clients",
        "read:client_keys",
        "read:clients",
        "delete:clients",
        "create:connections",
        "delete:connections",
        "create:current_user_device_credentials",
        "create:organization_connections",
        "read:connections_options",
        "create:resource_servers",
        "delete:resource_servers",
        "create:signing_keys",
        "read:signing_keys",
        "update:signing_keys",
    ];
    let of_operations =
        CATALOGUE.iter().flat_map(|descriptor| descriptor.scopes.iter().copied().flatten().copied());
    let all: BTreeSet<&str> = of_operations.chain(WITHOUT_OPERATION.iter().copied()).collect();
    all.into_iter().map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn all_scopes_of_one_alternative_are_required() {
        let granted = ["a", "b"].map(ToOwned::to_owned);
        for (alternatives, allowed) in [
            (&[] as &[&[&str]], false),
            (&[&["a"]], true),
            (&[&["a", "b"]], true),
            (&[&["a", "c"]], false),
            (&[&["a", "c"], &["b"]], true),
            (&[&["c"], &["d"]], false),
        ] {
            assert_eq!(allows(alternatives, &granted), allowed, "{alternatives:?}");
        }
    }
}
