//! The keys that sign the tokens of a tenant.

use crate::context::Selected;
use crate::control::Route;
use crate::control::input::Input;
use crate::hosted::Hosted;
use crate::problem::Problem;
use axum::Json;
use axum::routing::{get, post};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use users_mock::{SigningKey, SigningKeyError};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/keys", get(list)),
        Route::new("POST", "/_tenant/keys", post(replace)),
        Route::new("POST", "/_tenant/keys/rotate", post(rotate)),
    ]
}

#[derive(Serialize)]
struct Keys {
    /// The key that signs.
    current: Option<String>,
    /// The public keys.
    jwks: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// A private RSA key in PKCS#8, as PEM.
    pem: String,
}

fn shown(hosted: &Hosted) -> Json<Keys> {
    let tenant = hosted.tenant();
    // The keys have a JSON form.
    let jwks = serde_json::from_str(&tenant.jwks()).unwrap_or_default();
    Json(Keys { current: tenant.signing_key_id(), jwks })
}

async fn list(Selected(hosted): Selected) -> Json<Keys> {
    shown(&hosted)
}

/// Signs with another key from now on. Tokens of the one before remain valid.
async fn replace(Selected(hosted): Selected, Input(new): Input<NewKey>) -> Result<Json<Keys>, Problem> {
    let key = SigningKey::from_pem(&new.pem).map_err(|error| Problem::bad_request(error.to_string()))?;
    hosted.tenant().set_signing_key(key);
    hosted.changed("keys");
    Ok(shown(&hosted))
}

/// Signs with the next key from now on, and generates another next one.
async fn rotate(Selected(hosted): Selected) -> Result<Json<Keys>, Problem> {
    let rotated = hosted.tenant().rotate_signing_key();
    let failed = |error: SigningKeyError| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    rotated.map_err(failed)?;
    hosted.changed("keys");
    Ok(shown(&hosted))
}
