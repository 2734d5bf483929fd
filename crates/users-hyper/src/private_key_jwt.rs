//! Client assertions signed by a private key.

use crate::pem;
use crate::tls;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::SecureRandom;
use rustls::sign::Signer;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use users_core::model::json::{ToJson, write_object};
use users_core::model::{JsonObject, Secret};
use users_core::{AssertionRequest, AssertionSource, BaseUrl, Clock as _, Error, ErrorKind, SystemClock};

/// The lifetime of an assertion, as in Auth0's Node SDK. Auth0 accepts 5 minutes at most.
const LIFETIME: Duration = Duration::from_secs(120);

/// A private key that authenticates an application by signed assertions (private-key JWT).
///
/// ```no_run
/// use users_hyper::{PrivateKeyJwt, SigningAlgorithm};
///
/// let pem = std::fs::read("key.pem")?;
/// let key = PrivateKeyJwt::from_pem(pem, SigningAlgorithm::RS256)?;
/// let client = users_hyper::management("tenant.eu.auth0.com").client_assertion("client id", key).build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The client signs a new assertion for each attempt to obtain an access token. It is valid for two minutes from the time of the
/// client's clock. [How to register the public key](https://auth0.com/docs/get-started/applications/configure-private-key-jwt)
/// with Auth0.
///
/// `Debug` does not show the key. Its decoded form is zeroized once it is loaded; the memory of the cryptography library, which
/// keeps it for signing, is not. Clones share the key.
#[derive(Clone)]
pub struct PrivateKeyJwt {
    signer: Arc<dyn Signer>,
    algorithm: SigningAlgorithm,
    key_id: Option<String>,
    random: &'static dyn SecureRandom,
}

/// The algorithm of a signature. It must be the one with which the public key is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on the curve P-256 with SHA-256.
    ES256,
}

impl PrivateKeyJwt {
    /// Reads a private key in PEM form: PKCS#8, PKCS#1 (RSA) or SEC 1 (ECDSA), not encrypted. Certificates and parameters in the
    /// same text are ignored.
    ///
    /// # Errors
    ///
    /// An error of kind [`Configuration`](ErrorKind::Configuration) if the text does not hold exactly one private key, if the key
    /// does not fit the algorithm, or if the crate was built without `ring` and without `aws-lc-rs`. RSA keys must have at least
    /// 2048 bits.
    pub fn from_pem(pem: impl AsRef<[u8]>, algorithm: SigningAlgorithm) -> Result<Self, Error> {
        let refuse = |why: &str| Error::new(ErrorKind::Configuration, why);
        let provider = tls::provider().ok_or_else(|| refuse(tls::NO_CRYPTOGRAPHY))?;
        let key = pem::private_key(pem.as_ref(), &provider).map_err(refuse)?;
        let (scheme, required) = match algorithm {
            SigningAlgorithm::RS256 => (SignatureScheme::RSA_PKCS1_SHA256, RSA_KEY),
            SigningAlgorithm::RS384 => (SignatureScheme::RSA_PKCS1_SHA384, RSA_KEY),
            SigningAlgorithm::PS256 => (SignatureScheme::RSA_PSS_SHA256, RSA_KEY),
            SigningAlgorithm::ES256 => (SignatureScheme::ECDSA_NISTP256_SHA256, P256_KEY),
        };
        let signer = key.choose_scheme(&[scheme]).ok_or_else(|| {
            let found = key.algorithm();
            refuse(&format!(
                "the private key ({found:?}) does not fit {}, which needs {required}",
                algorithm.name()
            ))
        })?;
        Ok(Self { signer: Arc::from(signer), algorithm, key_id: None, random: provider.secure_random })
    }

    /// Sets the id that Auth0 gave to the public key (`kid`). Not sent unless set: Auth0 then tries every key of the application.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }

    /// Signs one assertion, at the time of the system's clock, for a tenant's domain or base URL: for calls of the Authentication API.
    /// Auth0 accepts it once, within two minutes, so a call that repeats a request fails.
    ///
    /// ```no_run
    /// # async fn example(key: users_hyper::PrivateKeyJwt, stored: users_hyper::model::Secret) -> Result<(), users_hyper::Error> {
    /// let auth = users_hyper::authentication("tenant.eu.auth0.com").client_id("client id").build()?;
    /// let assertion = key.sign("client id", "tenant.eu.auth0.com")?;
    /// let tokens = auth.oauth().refresh_token_grant(stored).client_assertion(assertion).await?;
    /// # let _ = tokens;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An error of kind [`Configuration`](ErrorKind::Configuration) if the domain is not valid, and of kind
    /// [`Token`](ErrorKind::Token) if the cryptography library fails.
    pub fn sign(&self, client_id: &str, domain: &str) -> Result<Secret, Error> {
        let tenant = BaseUrl::parse(domain)?;
        let scheme = if tenant.is_plain_http() { "http" } else { "https" };
        let audience = format!("{scheme}://{}/", tenant.authority());
        self.sign_request(&AssertionRequest::new(client_id, audience, SystemClock::new().unix_now()))
    }

    fn sign_request(&self, request: &AssertionRequest) -> Result<Secret, Error> {
        let failed = |why: &str| Error::new(ErrorKind::Token, why);
        let mut id = [0; 16];
        self.random.fill(&mut id).map_err(|_| failed("no random numbers for a client assertion"))?;
        let id = uuid(u128::from_be_bytes(id));
        let issued_at = request.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires_at = issued_at.saturating_add(LIFETIME.as_secs());
        let header = encoded(&[
            ("alg", Some(&self.algorithm.name())),
            ("typ", Some(&"JWT")),
            ("kid", self.key_id.as_ref().map(|id| id as &dyn ToJson)),
        ]);
        let claims = encoded(&[
            ("iss", Some(&request.client_id)),
            ("sub", Some(&request.client_id)),
            ("aud", Some(&request.audience)),
            ("iat", Some(&issued_at)),
            ("exp", Some(&expires_at)),
            ("jti", Some(&id)),
        ]);
        let mut assertion = format!("{header}.{claims}");
        let signature = self.signer.sign(assertion.as_bytes()).ok();
        let signature = match self.algorithm {
            SigningAlgorithm::ES256 => signature.and_then(|der| fixed_length(&der)),
            _ => signature,
        };
        let signature =
            signature.ok_or_else(|| failed("the private key could not sign a client assertion"))?;
        assertion.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut assertion);
        Ok(Secret::new(assertion))
    }
}

const RSA_KEY: &str =
    "an RSA key, as of `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem`";
const P256_KEY: &str = "an ECDSA key on the curve P-256, as of `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`";

impl SigningAlgorithm {
    /// The name in the header of a JWT.
    fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
        }
    }
}

#[async_trait]
impl AssertionSource for PrivateKeyJwt {
    async fn assertion(&self, request: &AssertionRequest) -> Result<Secret, Error> {
        self.sign_request(request)
    }
}

impl fmt::Debug for PrivateKeyJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKeyJwt")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A part of a JWT: a JSON object in base64url.
fn encoded(fields: &[(&str, Option<&dyn ToJson>)]) -> String {
    let mut json = String::new();
    write_object(&mut json, fields, &JsonObject::new());
    URL_SAFE_NO_PAD.encode(json)
}

/// A random UUID (version 4), the form that Auth0 recommends for `jti`.
fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let mut uuid = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

/// Converts an ECDSA signature on P-256 from ASN.1 (a sequence of two integers) to the form of a JWT: both, in 32 bytes each.
fn fixed_length(der: &[u8]) -> Option<Vec<u8>> {
    let (sequence, rest) = take(der, 0x30)?;
    let (r, sequence) = take(sequence, 0x02)?;
    let (s, end) = take(sequence, 0x02)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let mut fixed = Vec::with_capacity(64);
    for number in [r, s] {
        // Integers have a zero in front if their first bit is set, and no other leading zeros.
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        fixed.extend(std::iter::repeat_n(0, 32_usize.checked_sub(number.len())?));
        fixed.extend(number);
    }
    Some(fixed)
}

/// Splits off an ASN.1 value with this tag. Its length is at most 127: a signature on P-256 has 72 bytes at most.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    if found != tag || length > 127 {
        return None;
    }
    rest.split_at_checked(length.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_of_short_and_long_integers_are_converted_and_others_are_not() {
        let integer = |bytes: &[u8]| [&[0x02, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let sequence = |values: &[u8]| [&[0x30, u8::try_from(values.len()).unwrap()], values].concat();
        let signature = |r: &[u8], s: &[u8]| sequence(&[integer(r), integer(s)].concat());
        let long = [&[0][..], &[0xff; 32]].concat();
        let fixed = fixed_length(&signature(&[0x7f; 31], &long)).unwrap();
        assert_eq!(fixed, [&[0][..], &[0x7f; 31], &[0xff; 32]].concat());
        assert_eq!(fixed_length(&signature(&[1], &[0])).map(|fixed| fixed.len()), Some(64));

        let valid = signature(&[1; 32], &[2; 32]);
        for cut in 0..valid.len() {
            assert_eq!(fixed_length(&valid[..cut]), None, "{cut}");
        }
        for invalid in [
            signature(&[1; 33], &[2; 32]),
            [valid.clone(), vec![0]].concat(),
            sequence(&[integer(&[1]), integer(&[2]), integer(&[3])].concat()),
            sequence(&integer(&[1; 32])),
            integer(&[1; 32]),
            vec![0x30, 0x81, 0x80],
        ] {
            assert_eq!(fixed_length(&invalid), None, "{invalid:?}");
        }
    }

    #[test]
    fn ids_are_uuids_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
