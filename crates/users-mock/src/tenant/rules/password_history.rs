//! The digests of a user's passwords: of the current one, and of former ones that must not be used again.

use crate::tenant::object::{set, string};
use crate::tenant::rules::imported_hash;
use crate::tenant::wire::answer::Failure;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use users_core::model::JsonObject;

/// The key of an imported hash among what is kept of a password.
const IMPORTED: &str = "imported";

/// The most passwords that a history has, which is Auth0's limit.
const MAX_SIZE: usize = 24;

/// The size of a history whose options state none.
const DEFAULT_SIZE: usize = 5;

/// The history of passwords in a database, as its options state it.
#[derive(Debug)]
pub(crate) struct PasswordHistory {
    size: usize,
}

impl PasswordHistory {
    /// Reads the option `password_history`; without it, no former password is refused.
    pub(crate) fn of(options: &Value) -> Self {
        let history = options.get("password_history");
        let history = history.filter(|history| history.get("enable") == Some(&Value::Bool(true)));
        let Some(history) = history else { return Self { size: 0 } };
        let size = history.get("size").and_then(Value::as_u64);
        let size = size.map_or(DEFAULT_SIZE, |size| usize::try_from(size).unwrap_or(MAX_SIZE));
        Self { size: size.min(MAX_SIZE) }
    }

    /// Checks that a password is none of the last ones, of which these are the digests.
    pub(crate) fn check(&self, password: &str, digests: &[JsonObject]) -> Result<(), Failure> {
        if !digests.iter().rev().take(self.size).any(|kept| is_of(kept, password)) {
            return Ok(());
        }
        // Auth0 documents the name of the error; the text and the absent code are assumed, as its other errors of passwords have them.
        Err(Failure::bad_request(None, "PasswordHistoryError: Password has previously been used"))
    }

    /// Adds the salted digest of the current password, and removes those that do not count any more.
    pub(crate) fn add(&self, password: &str, salt: &str, digests: &mut Vec<JsonObject>) {
        digests.push(salted(password, salt));
        let surplus = digests.len().saturating_sub(self.size.max(1));
        digests.drain(..surplus);
    }
}

/// What is kept of a password: its digest, with the salt.
pub(crate) fn salted(password: &str, salt: &str) -> JsonObject {
    let mut kept = JsonObject::new();
    set(&mut kept, "salt", salt);
    set(&mut kept, "digest", digest(password, salt));
    kept
}

/// What is kept of a password that was imported as a hash.
pub(crate) fn imported(hash: &JsonObject) -> JsonObject {
    let mut kept = JsonObject::new();
    set(&mut kept, IMPORTED, hash);
    kept
}

/// Whether a password is the current one.
pub(crate) fn is_current(password: &str, digests: &[JsonObject]) -> bool {
    digests.last().is_some_and(|kept| is_of(kept, password))
}

fn is_of(kept: &JsonObject, password: &str) -> bool {
    if let Ok(Some(imported)) = kept.get::<JsonObject>(IMPORTED) {
        return imported_hash::verifies(&imported, password);
    }
    string(kept, "salt").is_some_and(|salt| string(kept, "digest") == Some(digest(password, &salt)))
}

/// The number of bytes of a password that count, as bcrypt has it.
const COUNTED: usize = 72;

/// The SHA-256 digest of a salt and a password, in hexadecimal digits.
fn digest(password: &str, salt: &str) -> String {
    let mut digits = String::new();
    let counted = password.as_bytes().get(..COUNTED).unwrap_or(password.as_bytes());
    for byte in Sha256::new().chain_update(salt).chain_update(counted).finalize() {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
