//! Certificates and private keys in PEM form. No message quotes the text: a parser's error may hold a whole key.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use std::sync::Arc;

pub(crate) const INVALID: &str = "the text is not valid PEM; its lines may have been joined, as in an environment variable that holds `\\n` for each line end";

/// Parses the certificates of a PEM text; `None` if it is not PEM.
pub(crate) fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()
}

/// Parses the private key of a PEM text. An error states how to obtain a key that can be used.
pub(crate) fn private_key(
    pem: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, &'static str> {
    let contains = |part: &str| pem.windows(part.len()).any(|window| window == part.as_bytes());
    if contains("BEGIN ENCRYPTED PRIVATE KEY") || contains("Proc-Type: 4,ENCRYPTED") {
        return Err(
            "the private key is encrypted; decrypt it, as with `openssl pkey -in key.pem -out decrypted.pem`",
        );
    }
    if contains("BEGIN OPENSSH PRIVATE KEY") {
        return Err(
            "the private key has the format of OpenSSH; convert it, as with `ssh-keygen -p -N '' -m PKCS8 -f key`",
        );
    }
    let keys: Vec<PrivateKeyDer<'static>> =
        PrivateKeyDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| INVALID)?;
    let [key] = <[_; 1]>::try_from(keys).map_err(|keys| {
        if !keys.is_empty() {
            "the PEM holds more than one private key"
        } else if contains("BEGIN PUBLIC KEY") || contains("BEGIN RSA PUBLIC KEY") {
            "the PEM holds a public key; the private key is required"
        } else {
            "the PEM holds no private key; expected PKCS#8 (`BEGIN PRIVATE KEY`), PKCS#1 (`BEGIN RSA PRIVATE KEY`) or \
             SEC 1 (`BEGIN EC PRIVATE KEY`)"
        }
    })?;
    // The provider zeroizes the decoded key.
    provider.key_provider.load_private_key(key).map_err(|_| {
        "the private key is damaged or of an unsupported type; expected RSA of 2048 to 4096 bits, or ECDSA on the curve \
         P-256 or P-384"
    })
}
