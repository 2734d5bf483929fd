//! JSON Web Tokens that the secret of an API signs.

use crate::tenant::object::set;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use users_core::model::JsonObject;

/// A JSON Web Token with this payload, signed with HS256.
pub(crate) fn sign_with_secret(kind: &str, payload: &JsonObject, secret: &str) -> String {
    let mut header = JsonObject::new();
    set(&mut header, "alg", "HS256");
    set(&mut header, "typ", kind);
    let [header, payload] = [&header, payload].map(|part| URL_SAFE_NO_PAD.encode(part.to_json().as_bytes()));
    let message = format!("{header}.{payload}");
    let signature = sign(&Key::new(HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
