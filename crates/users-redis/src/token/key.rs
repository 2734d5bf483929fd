//! The key that tokens are encrypted with.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::error::Error as StdError;
use std::fmt;
use users_core::model::Secret;
use zeroize::Zeroizing;

const LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;

/// The key with which processes encrypt the token that they share: 256 random bits, the same in all of them.
///
/// It is used with AES-256-GCM-SIV. `Debug` does not show it, and its memory is zeroized on drop.
///
/// ```
/// use users_redis::TokenKey;
///
/// // As made by `openssl rand -base64 32`. Take it from where the service has its other secrets.
/// let key = TokenKey::from_base64("3q2+78r+ur6t8A0AAAAAAAAAAAAAAAAAAAAAAAAAAAA=")?;
/// # let _ = key;
/// # Ok::<(), users_redis::TokenKeyError>(())
/// ```
///
/// Processes with different keys do not share a token, so a key can be changed one process after the other.
#[derive(Clone)]
pub struct TokenKey(Zeroizing<[u8; LENGTH]>);

impl TokenKey {
    /// Uses these 32 bytes, which must be random: not a password.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Decodes a key from Base64, in the standard or the URL-safe alphabet, with or without padding.
    ///
    /// # Errors
    ///
    /// If the text is not Base64, or not of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, TokenKeyError> {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let text = text.trim();
        let is_url_safe = text.contains(['-', '_']);
        let alphabet = if is_url_safe { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
        let mut bytes = Zeroizing::new([0; LENGTH]);
        // One that is longer does not fit into the buffer.
        match GeneralPurpose::new(alphabet, config).decode_slice(text, &mut bytes[..]) {
            Ok(LENGTH) => Ok(Self(bytes)),
            _ => Err(TokenKeyError(())),
        }
    }

    /// A part of the names of the entries that this key can open. It does not disclose the key.
    pub(super) fn fingerprint(&self) -> String {
        let mut context = Context::new(&SHA256);
        context.update(b"users-redis token key\0");
        context.update(&self.0[..]);
        let digest = context.finish();
        let part = digest.as_ref().first_chunk().copied().unwrap_or_default();
        format!("{:016x}", u64::from_be_bytes(part))
    }

    /// Encrypts a token for an entry and a version. `None` if the cryptographic library fails.
    pub(super) fn seal(&self, token: &Secret, entry: &str, version: u64) -> Option<Vec<u8>> {
        let mut text = Zeroizing::new(token.expose().as_bytes().to_vec());
        let (nonce, tag) =
            self.cipher()?.seal_in_place_separate_tag(bound_to(entry, version), &mut text).ok()?;
        Some([&nonce.as_ref()[..], &text, tag.as_ref()].concat())
    }

    /// Decrypts what [`seal`](Self::seal) returned. `None` if it was changed, or made for another entry or version.
    pub(super) fn open(&self, sealed: &[u8], entry: &str, version: u64) -> Option<Secret> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        text.len().checked_sub(TAG_LENGTH)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = self.cipher()?.open_in_place(nonce, bound_to(entry, version), &mut text).ok()?;
        std::str::from_utf8(opened).ok().map(Secret::from)
    }

    fn cipher(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM_SIV, &self.0[..]).ok()
    }
}

/// What a sealed token belongs to. An older one that is put back is not accepted under a newer version.
fn bound_to(entry: &str, version: u64) -> Aad<String> {
    Aad::from(format!("users-redis token 1\0{entry}\0{version}"))
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// The text is not a [`TokenKey`]: 32 bytes in Base64.
#[derive(Debug)]
pub struct TokenKeyError(());

impl fmt::Display for TokenKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token key is 32 bytes in Base64, as made by `openssl rand -base64 32`")
    }
}

impl StdError for TokenKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_opened_for_its_own_entry_and_version_alone() {
        let key = TokenKey::from_bytes([7; LENGTH]);
        let token = Secret::from("eyJhbGciOi.secret.part");
        let sealed = key.seal(&token, "entry", 3).unwrap();
        assert_eq!(key.open(&sealed, "entry", 3), Some(token.clone()));
        assert_eq!(key.open(&sealed, "entry", 4), None);
        assert_eq!(key.open(&sealed, "another", 3), None);
        assert_eq!(TokenKey::from_bytes([8; LENGTH]).open(&sealed, "entry", 3), None);
        assert_ne!(key.seal(&token, "entry", 3).unwrap(), sealed, "each has a nonce of its own");
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(key.open(&changed, "entry", 3), None, "byte {position}");
            assert_eq!(key.open(&sealed[..position], "entry", 3), None, "{position} bytes");
        }
    }

    #[test]
    fn a_key_is_read_from_base64_in_both_alphabets() {
        let bytes = [0xfb; LENGTH];
        let standard = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
        let url_safe = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
        for text in [standard, url_safe, "  +/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s\n"] {
            assert_eq!(*TokenKey::from_base64(text).unwrap().0, bytes);
        }
        let long = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
        for text in ["", "+/v7", "not Base64!", long] {
            let error = TokenKey::from_base64(text).unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = TokenKey::from_bytes([0x41; LENGTH]);
        assert_eq!(format!("{key:?}"), "TokenKey(…)");
        assert_eq!(key.fingerprint().len(), 16);
        assert!(!key.fingerprint().contains("4141"));
    }
}
