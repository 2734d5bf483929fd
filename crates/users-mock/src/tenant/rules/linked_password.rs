//! The passwords of accounts that are linked to a user.

use crate::tenant::object::{set, string};
use users_core::model::JsonObject;

/// What is kept of the passwords of a linked account.
pub(crate) fn of_identity(identity: &str, digests: &[JsonObject]) -> JsonObject {
    let mut kept = JsonObject::new();
    set(&mut kept, "identity", identity);
    set(&mut kept, "passwords", digests);
    kept
}

/// Whether this is what is kept of an account.
pub(crate) fn is_of(kept: &JsonObject, identity: &str) -> bool {
    string(kept, "identity").as_deref() == Some(identity)
}

/// The digests of an account, of those of all accounts that are linked to a user.
pub(crate) fn digests(all: &[JsonObject], identity: &str) -> Vec<JsonObject> {
    let kept = all.iter().find(|kept| is_of(kept, identity));
    kept.and_then(|kept| kept.get("passwords").ok().flatten()).unwrap_or_default()
}
