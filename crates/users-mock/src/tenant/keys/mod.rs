//! The keys that sign tokens.

mod certificate;
mod hs256;
mod signing_key;

pub(crate) use hs256::sign_with_secret;
pub use signing_key::{SigningKey, SigningKeyError};

use crate::tenant::object::set;
use std::sync::{Arc, LazyLock};
use users_core::model::{JsonObject, Timestamp};

/// The keys that every tenant begins with. They are in the package, so everybody who has it can sign with them.
static DEVELOPMENT: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
    let keys = [include_str!("development_1.pem"), include_str!("development_2.pem")];
    keys.into_iter().filter_map(|pem| SigningKey::from_pem(pem).ok()).map(Arc::new).collect()
});

/// The keys of a tenant, the current one first, then the next one, and then those of earlier, the newest first.
pub(crate) struct SigningKeys {
    keys: Vec<Key>,
}

struct Key {
    signing: Arc<SigningKey>,
    role: Role,
    /// The time from which tokens of the key are refused.
    revoked_at: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Current,
    Next,
    Previous,
}

/// Why a key cannot be revoked.
pub(crate) enum Unrevokable {
    Unknown,
    InUse,
}

impl SigningKeys {
    /// The development keys, which are the same for every tenant.
    pub(crate) fn development() -> Self {
        let mut development = DEVELOPMENT.iter().cloned();
        let mut keys = Vec::new();
        for role in [Role::Current, Role::Next] {
            keys.extend(development.next().map(|signing| Key { signing, role, revoked_at: None }));
        }
        Self { keys }
    }

    /// This key alone: there is none of which the private part is known to others.
    pub(crate) fn only(key: Arc<SigningKey>) -> Self {
        Self { keys: vec![Key { signing: key, role: Role::Current, revoked_at: None }] }
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.role == role)
    }

    /// The key that signs.
    pub(crate) fn current(&self) -> Option<&Arc<SigningKey>> {
        self.of(Role::Current).next().map(|key| &key.signing)
    }

    /// Signs with this key from now on. Tokens of the keys before it remain valid.
    pub(crate) fn replace(&mut self, key: SigningKey) {
        self.retire();
        self.keys.retain(|other| other.signing.id() != key.id());
        self.keys.insert(0, Key { signing: Arc::new(key), role: Role::Current, revoked_at: None });
    }

    /// Signs with the next key from now on, and takes another next one.
    pub(crate) fn rotate(&mut self, next: SigningKey) {
        self.retire();
        for key in self.keys.iter_mut().filter(|key| key.role == Role::Next) {
            key.role = Role::Current;
        }
        self.keys.insert(
            1.min(self.keys.len()),
            Key { signing: Arc::new(next), role: Role::Next, revoked_at: None },
        );
    }

    /// The current key becomes a previous one.
    fn retire(&mut self) {
        if let Some(index) = self.keys.iter().position(|key| key.role == Role::Current) {
            let mut current = self.keys.remove(index);
            current.role = Role::Previous;
            let place =
                self.keys.iter().position(|key| key.role == Role::Previous).unwrap_or(self.keys.len());
            self.keys.insert(place, current);
        }
    }

    /// Revokes a previous key: its tokens are refused from now on.
    pub(crate) fn revoke(&mut self, id: &str, now: &Timestamp) -> Result<(), Unrevokable> {
        let key = self.keys.iter_mut().find(|key| key.signing.id() == id).ok_or(Unrevokable::Unknown)?;
        if key.role != Role::Previous {
            return Err(Unrevokable::InUse);
        }
        key.revoked_at.get_or_insert_with(|| now.clone());
        Ok(())
    }

    /// Whether a signature is one of a key that is not revoked.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let mut usable = self.keys.iter().filter(|key| key.revoked_at.is_none());
        usable.any(|key| key.signing.verifies(message, signature))
    }

    /// Whether there is a key with this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.signing.id() == id)
    }

    /// The public keys, without those that are revoked.
    pub(crate) fn jwks(&self, domain: &str) -> JsonObject {
        let usable = self.keys.iter().filter(|key| key.revoked_at.is_none());
        let keys: Vec<JsonObject> = usable.map(|key| key.signing.jwk(domain)).collect();
        let mut set_of_keys = JsonObject::new();
        set(&mut set_of_keys, "keys", keys);
        set_of_keys
    }

    /// The keys as the Management API shows them.
    pub(crate) fn shown(&self, domain: &str) -> Vec<JsonObject> {
        self.keys.iter().map(|key| shown(key, domain)).collect()
    }

    /// A key as the Management API shows it.
    pub(crate) fn shown_key(&self, id: &str, domain: &str) -> Option<JsonObject> {
        self.keys.iter().find(|key| key.signing.id() == id).map(|key| shown(key, domain))
    }
}

impl Default for SigningKeys {
    fn default() -> Self {
        Self::development()
    }
}

fn shown(key: &Key, domain: &str) -> JsonObject {
    let certificate = key.signing.certificate(domain);
    let mut shown = JsonObject::new();
    set(&mut shown, "kid", key.signing.id());
    set(&mut shown, "cert", certificate.pem());
    set(&mut shown, "pkcs7", certificate.pkcs7());
    set(&mut shown, "fingerprint", certificate.fingerprint());
    set(&mut shown, "thumbprint", certificate.thumbprint());
    set(&mut shown, "current", key.role == Role::Current);
    set(&mut shown, "next", key.role == Role::Next);
    set(&mut shown, "previous", key.role == Role::Previous);
    set(&mut shown, "revoked", key.revoked_at.is_some());
    if let Some(revoked_at) = &key.revoked_at {
        set(&mut shown, "revoked_at", revoked_at);
    }
    shown
}
