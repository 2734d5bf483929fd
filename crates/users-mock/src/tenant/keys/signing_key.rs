//! An RSA key, and JSON Web Tokens that it signs.

use crate::tenant::keys::certificate::Certificate;
use crate::tenant::object::set;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::fmt;
use users_core::model::JsonObject;

/// The number of characters of a key's id, as recorded.
const ID_LENGTH: usize = 21;

/// An RSA key that signs the tokens of a tenant with RS256.
///
/// ```
/// use users_mock::{SigningKey, Tenant};
///
/// let key = SigningKey::generate()?;
/// let id = key.id().to_owned();
/// let tenant = Tenant::builder().signing_key(key).build();
/// assert!(tenant.jwks().contains(&id));
/// # Ok::<(), users_mock::SigningKeyError>(())
/// ```
pub struct SigningKey {
    pair: RsaKeyPair,
    /// The private key in PKCS#8.
    der: Vec<u8>,
    id: String,
}

impl SigningKey {
    /// Reads a private RSA key of at least 2048 bits in PKCS#8, as `openssl genpkey -algorithm RSA` writes it.
    ///
    /// # Errors
    ///
    /// If it is another key or none.
    pub fn from_pem(pem: &str) -> Result<Self, SigningKeyError> {
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| SigningKeyError::NotPkcs8)?;
        Self::from_der(der.secret_pkcs8_der().to_vec())
    }

    /// Generates a key of 2048 bits, which takes a part of a second.
    ///
    /// # Errors
    ///
    /// If the operating system gives no random numbers.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningKeyError::NotGenerated)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SigningKeyError::NotGenerated)?;
        Self::from_der(der.as_ref().to_vec())
    }

    fn from_der(der: Vec<u8>) -> Result<Self, SigningKeyError> {
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| SigningKeyError::NotRsa)?;
        let mut id = URL_SAFE_NO_PAD.encode(Sha256::digest(pair.public_key().as_ref()));
        id.truncate(ID_LENGTH);
        let key = Self { pair, der, id };
        // A key that signs once does so again.
        key.signature(b"").ok_or(SigningKeyError::NotRsa)?;
        Ok(key)
    }

    /// The id of the key, the `kid` of the tokens that it signs. It is derived from the public key.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    /// Whether a signature is one of this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref());
        public.verify(message, signature).is_ok()
    }

    /// A JSON Web Token with this payload, in the order of its claims.
    pub(crate) fn sign(&self, kind: &str, payload: &JsonObject) -> String {
        let mut header = JsonObject::new();
        set(&mut header, "alg", "RS256");
        set(&mut header, "typ", kind);
        set(&mut header, "kid", &self.id);
        let [header, payload] =
            [&header, payload].map(|part| URL_SAFE_NO_PAD.encode(part.to_json().as_bytes()));
        let message = format!("{header}.{payload}");
        let signature = self.signature(message.as_bytes()).unwrap_or_default();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The certificate of the key for a domain.
    pub(crate) fn certificate(&self, domain: &str) -> Certificate {
        Certificate::new(&self.der, &self.id, domain)
    }

    /// The public key as a JSON Web Key.
    pub(crate) fn jwk(&self, domain: &str) -> JsonObject {
        let public = self.pair.public_key();
        let certificate = self.certificate(domain);
        let mut jwk = JsonObject::new();
        set(&mut jwk, "kty", "RSA");
        set(&mut jwk, "use", "sig");
        set(&mut jwk, "n", URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()));
        set(&mut jwk, "e", URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()));
        set(&mut jwk, "kid", &self.id);
        set(&mut jwk, "x5t", certificate.x5t());
        set(&mut jwk, "x5c", [STANDARD.encode(certificate.der())]);
        set(&mut jwk, "alg", "RS256");
        jwk
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a text is no signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// It has no private key in PKCS#8.
    NotPkcs8,
    /// The key is no RSA key of 2048 to 8192 bits.
    NotRsa,
    /// No key was generated.
    NotGenerated,
}

impl fmt::Display for SigningKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPkcs8 => {
                "there is no private key in PKCS#8 (`-----BEGIN PRIVATE KEY-----`); `openssl genpkey -algorithm RSA -out key.pem` makes one"
            }
            Self::NotRsa => "the key is no RSA key of 2048 to 8192 bits",
            Self::NotGenerated => "no key was generated, because the operating system gave no random numbers",
        })
    }
}

impl Error for SigningKeyError {}

#[cfg(test)]
mod tests {
    use super::{SigningKey, SigningKeyError};

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(SigningKey::from_pem("").unwrap_err(), SigningKeyError::NotPkcs8);
        let broken = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
        assert_eq!(SigningKey::from_pem(broken).unwrap_err(), SigningKeyError::NotRsa);
    }

    #[test]
    fn a_generated_key_has_an_id_of_its_own() {
        let ids = [(); 2].map(|()| SigningKey::generate().unwrap().id().to_owned());
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0].len(), 21);
    }
}
