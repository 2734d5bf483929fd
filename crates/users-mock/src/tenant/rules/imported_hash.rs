//! Hashes of passwords that were imported, each verified by its own algorithm.

use crate::tenant::object::{integer, string};
use argon2::{Argon2, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use md4::Md4;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use users_core::model::JsonObject;

/// The largest work factor of bcrypt, and the most iterations of PBKDF2: a hash that takes longer is not verified.
const MAX_BCRYPT_COST: u32 = 14;
const MAX_ITERATIONS: u32 = 2_000_000;

/// The most memory that scrypt may use, in bytes.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

/// The parameters of scrypt that are not stated.
const SCRYPT: (u64, u64, u64) = (16_384, 8, 1);

/// The parameters of PBKDF2 that are not stated.
const PBKDF2_ITERATIONS: u32 = 100_000;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Whether a password is that of a `custom_password_hash`. An algorithm that is not known verifies none.
pub(crate) fn verifies(hash: &JsonObject, password: &str) -> bool {
    verify(hash, password).unwrap_or(false)
}

/// The `custom_password_hash` that is the same as a `password_hash`.
pub(crate) fn of_bcrypt(hash: &str) -> JsonObject {
    let value = serde_json::json!({"algorithm": "bcrypt", "hash": {"value": hash, "encoding": "utf8"}});
    JsonObject::from_json(&value.to_string()).unwrap_or_default()
}

fn part(object: &JsonObject, key: &str) -> JsonObject {
    object.get(key).ok().flatten().unwrap_or_default()
}

fn verify(imported: &JsonObject, password: &str) -> Option<bool> {
    let hash = part(imported, "hash");
    let value = string(&hash, "value")?;
    let password = encoded(password, &string(&part(imported, "password"), "encoding").unwrap_or_default());
    let salt = part(imported, "salt");
    let salt_bytes = match string(&salt, "value") {
        Some(value) => decoded(&value, &string(&salt, "encoding").unwrap_or_else(|| "utf8".to_owned()))?,
        None => Vec::new(),
    };
    let is_suffix = string(&salt, "position").as_deref() == Some("suffix");
    let salted =
        if is_suffix { [&*password, &*salt_bytes].concat() } else { [&*salt_bytes, &*password].concat() };
    let encoding = string(&hash, "encoding").unwrap_or_else(|| "hex".to_owned());
    let expected = || decoded(&value, &encoding);
    match string(imported, "algorithm")?.as_str() {
        "bcrypt" => {
            let cost: u32 = value.split('$').nth(2)?.parse().ok()?;
            (cost <= MAX_BCRYPT_COST).then(|| bcrypt::verify(&salted, &value).unwrap_or(false))
        }
        "argon2" => Some(Argon2::default().verify_password(&password, value.as_str()).is_ok()),
        "pbkdf2" => pbkdf2(&value, &password),
        "ldap" => ldap(&value, &password),
        "scrypt" => scrypt(imported, &password, &salt_bytes, &expected()?),
        "hmac" => {
            let key = part(&hash, "key");
            let key_encoding = string(&key, "encoding").unwrap_or_else(|| "utf8".to_owned());
            let key = decoded(&string(&key, "value")?, &key_encoding)?;
            Some(hmac(&string(&hash, "digest")?, &key, &password)? == expected()?)
        }
        name => Some(digest(name, &salted)? == expected()?),
    }
}

/// The bytes of a typed password in the encoding that the hash was made of.
fn encoded(password: &str, encoding: &str) -> Vec<u8> {
    let latin = |c: char| u8::try_from(u32::from(c) & 0xff).unwrap_or_default();
    match encoding {
        "utf16le" | "ucs2" => password.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "latin1" | "binary" => password.chars().map(latin).collect(),
        "ascii" => password.chars().map(|c| latin(c) & 0x7f).collect(),
        _ => password.as_bytes().to_vec(),
    }
}

fn decoded(value: &str, encoding: &str) -> Option<Vec<u8>> {
    match encoding {
        "hex" => {
            let digits: Option<Vec<u32>> = value.chars().map(|digit| digit.to_digit(16)).collect();
            let bytes = digits?;
            (bytes.len() % 2 == 0).then(|| {
                let byte = |pair: &[u32]| {
                    let number = pair.iter().fold(0, |number, digit| number * 16 + digit);
                    u8::try_from(number).unwrap_or_default()
                };
                bytes.chunks(2).map(byte).collect()
            })
        }
        "base64" => BASE64.decode(value).or_else(|_| BASE64_URL.decode(value)).ok(),
        _ => Some(value.as_bytes().to_vec()),
    }
}

fn digest(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    fn of<D: Digest>(bytes: &[u8]) -> Vec<u8> {
        D::digest(bytes).to_vec()
    }
    Some(match name {
        "md4" => of::<Md4>(bytes),
        "md5" => of::<Md5>(bytes),
        "sha1" | "sha" => of::<Sha1>(bytes),
        "sha224" => of::<Sha224>(bytes),
        "sha256" => of::<Sha256>(bytes),
        "sha384" => of::<Sha384>(bytes),
        "sha512" => of::<Sha512>(bytes),
        _ => return None,
    })
}

/// A keyed digest. RIPEMD-160 and Whirlpool, which Auth0 has too, are not known.
fn hmac(name: &str, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    fn of<D: EagerHash>(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        let mut mac = Hmac::<D>::new_from_slice(key).ok()?;
        mac.update(bytes);
        Some(mac.finalize().into_bytes().to_vec())
    }
    match name {
        "md4" => of::<Md4>(key, bytes),
        "md5" => of::<Md5>(key, bytes),
        "sha1" => of::<Sha1>(key, bytes),
        "sha224" => of::<Sha224>(key, bytes),
        "sha256" => of::<Sha256>(key, bytes),
        "sha384" => of::<Sha384>(key, bytes),
        "sha512" => of::<Sha512>(key, bytes),
        _ => None,
    }
}

/// A hash in PHC form: `$pbkdf2-sha256$i=100000,l=64$salt$hash`.
fn pbkdf2(value: &str, password: &[u8]) -> Option<bool> {
    let mut parts = value.strip_prefix("$pbkdf2-")?.split('$');
    let (name, parameters) = (parts.next()?, parts.next()?);
    let (parameters, salt) =
        if parameters.contains('=') { (parameters, parts.next()?) } else { ("", parameters) };
    let expected = decoded(parts.next()?, "base64")?;
    let salt = decoded(salt, "base64")?;
    let stated = parameters.split(',').find_map(|pair| pair.strip_prefix("i="));
    let iterations = stated.map_or(Some(PBKDF2_ITERATIONS), |stated| stated.parse().ok())?;
    if iterations > MAX_ITERATIONS || expected.is_empty() {
        return None;
    }
    let mut found = vec![0; expected.len()];
    match name {
        "md5" => pbkdf2::pbkdf2_hmac::<Md5>(password, &salt, iterations, &mut found),
        "sha1" => pbkdf2::pbkdf2_hmac::<Sha1>(password, &salt, iterations, &mut found),
        "sha224" => pbkdf2::pbkdf2_hmac::<Sha224>(password, &salt, iterations, &mut found),
        "sha256" => pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, iterations, &mut found),
        "sha384" => pbkdf2::pbkdf2_hmac::<Sha384>(password, &salt, iterations, &mut found),
        "sha512" => pbkdf2::pbkdf2_hmac::<Sha512>(password, &salt, iterations, &mut found),
        _ => return None,
    }
    Some(found == expected)
}

/// A hash of RFC 2307: `{SSHA}` and the digest with the salt behind it.
fn ldap(value: &str, password: &[u8]) -> Option<bool> {
    let (scheme, text) = value.strip_prefix('{')?.split_once('}')?;
    let scheme = scheme.to_ascii_lowercase();
    let bytes = decoded(text, "base64")?;
    let name = if scheme.starts_with("ss") || scheme == "smd5" { scheme.get(1..)? } else { &scheme };
    let length = digest(name, b"")?.len();
    let (expected, salt) = bytes.split_at_checked(length)?;
    Some(digest(name, &[password, salt].concat())? == expected)
}

fn scrypt(imported: &JsonObject, password: &[u8], salt: &[u8], expected: &[u8]) -> Option<bool> {
    let cost = integer(imported, "cost").unwrap_or(SCRYPT.0);
    let block = integer(imported, "blockSize").unwrap_or(SCRYPT.1);
    let parallel = integer(imported, "parallelization").unwrap_or(SCRYPT.2);
    let memory = cost.checked_mul(block)?.checked_mul(128)?;
    if !cost.is_power_of_two() || memory.checked_mul(parallel)? > MAX_MEMORY {
        return None;
    }
    let log_cost = u8::try_from(cost.ilog2()).ok()?;
    let params =
        scrypt::Params::new(log_cost, u32::try_from(block).ok()?, u32::try_from(parallel).ok()?).ok()?;
    let mut found = vec![0; usize::try_from(integer(imported, "keylen")?).ok()?.min(1024)];
    scrypt::scrypt(password, salt, &params, &mut found).ok()?;
    Some(found == expected)
}

#[cfg(test)]
mod tests {
    use super::verifies;
    use serde_json::{Value, json};
    use users_core::model::JsonObject;

    fn object(value: &Value) -> JsonObject {
        JsonObject::from_json(&value.to_string()).unwrap()
    }

    /// Each made with Python's hashlib, bcrypt and argon2-cffi, of the password `Correct horse 1`.
    #[test]
    fn a_hash_of_each_algorithm_is_verified() {
        let hashes: Vec<Value> = serde_json::from_str(include_str!("imported_hashes.json")).unwrap();
        for hash in hashes {
            assert!(verifies(&object(&hash), "Correct horse 1"), "{hash}");
            assert!(!verifies(&object(&hash), "Correct horse 2"), "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_verifies_nothing() {
        for hash in [
            json!({}),
            json!({"algorithm": "md5"}),
            json!({"algorithm": "md5", "hash": {"value": "zz", "encoding": "hex"}}),
            json!({"algorithm": "crypt", "hash": {"value": "aa", "encoding": "hex"}}),
            json!({"algorithm": "bcrypt", "hash": {"value": "$2b$31$abc"}}),
            json!({"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha256$i=4000000000$c2FsdA$AAAA"}}),
            json!({"algorithm": "ldap", "hash": {"value": "{SSHA}AAAA"}}),
            json!({"algorithm": "scrypt", "keylen": 64, "cost": 1 << 30, "hash": {"value": "00", "encoding": "hex"}}),
        ] {
            assert!(!verifies(&object(&hash), "x"), "{hash}");
        }
    }
}
