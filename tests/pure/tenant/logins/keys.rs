//! The keys of tokens, and what tokens state, checked with another implementation of JSON Web Tokens.

use super::super::{as_admin, ask};
use super::PASSWORD;
use super::browser::Browser;
use super::stories::{CALLBACK, VERIFIER, authorize, authorize_for};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use users_mock::{Seed, SigningKey, Tenant};

/// Verifies a token as a service does: by the keys of the issuer, for its own audience.
fn verify(tenant: &Tenant, token: &str, audience: &str) -> Result<Value, String> {
    let keys: JwkSet = serde_json::from_str(&tenant.jwks()).unwrap();
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let key = keys.find(&header.kid.unwrap()).ok_or("the key is not known")?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&["https://tenant.example.com/"]);
    // The tenant's clock is a virtual one.
    validation.validate_exp = false;
    let decoded = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation);
    decoded.map(|decoded| decoded.claims).map_err(|error| match error.into_kind() {
        ErrorKind::InvalidSignature => "signature".to_owned(),
        ErrorKind::InvalidAudience => "audience".to_owned(),
        ErrorKind::InvalidIssuer => "issuer".to_owned(),
        other => format!("{other:?}"),
    })
}

const API: &str = "https://api.example.com/";

/// A tenant with an API that enforces policies, and Ada, who may read orders.
fn tenant() -> Tenant {
    let seed = json!({
        "resource_servers": [{"id": "1", "identifier": API, "name": "Orders", "enforce_policies": true, "allow_offline_access": true,
            "token_dialect": "access_token_authz", "token_lifetime": 600,
            "scopes": [{"value": "read:orders"}, {"value": "write:orders"}, {"value": "delete:orders"}]}],
        "roles": [{"id": "rol_1", "name": "clerk", "permissions": ["write:orders"]}],
        "users": [{"user_id": "auth0|ada", "email": "ada@example.com", "name": "Ada"}],
        "belongings": {"auth0|ada": {
            "roles": [{"id": "rol_1"}],
            "permissions": [{"resource_server_identifier": API, "permission_name": "read:orders"}]}},
        "userinfo": {"auth0|ada": {"https://example.com/plan": "gold", "iss": "https://evil.example.com/"}},
    });
    let tenant = Tenant::builder().seed(Seed::from_json(&seed.to_string()).unwrap()).build();
    assert_eq!(
        as_admin(&tenant, "PATCH", "/api/v2/users/auth0%7Cada", &json!({"password": PASSWORD})).0,
        200
    );
    tenant
}

/// Logs Ada in, and returns the response of the token endpoint.
fn log_in(tenant: &Tenant, address: &str) -> Value {
    let mut browser = Browser::new(tenant);
    let page = browser.open(address);
    let code = browser.log_in(page, "ada@example.com", PASSWORD).parameters().remove("code").unwrap();
    let body = json!({"grant_type": "authorization_code", "client_id": "tenant-client", "code": code,
        "redirect_uri": CALLBACK, "code_verifier": VERIFIER});
    serde_json::from_slice(ask(tenant, "POST", "/oauth/token", "", &body).body()).unwrap()
}

#[test]
fn a_service_verifies_tokens_with_the_permissions_of_the_user() {
    let tenant = tenant();
    let more = "&nonce=n1&audience=https%3A%2F%2Fapi.example.com%2F";
    let address = authorize_for("openid%20email%20read%3Aorders%20delete%3Aorders", more);
    let tokens = log_in(&tenant, &address);
    let access = tokens["access_token"].as_str().unwrap();
    let claims = verify(&tenant, access, API).unwrap();
    assert_eq!(claims["sub"], "auth0|ada");
    assert_eq!(claims["aud"], json!([API, "https://tenant.example.com/userinfo"]));
    assert_eq!(
        (&claims["azp"], &claims["scope"]),
        (&json!("tenant-client"), &json!("openid email read:orders"))
    );
    assert_eq!(claims["permissions"], json!(["read:orders", "write:orders"]));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    assert_eq!(
        (&claims["https://example.com/plan"], tokens["expires_in"].as_u64()),
        (&json!("gold"), Some(600))
    );
    assert_eq!(verify(&tenant, access, "https://other.example.com/"), Err("audience".to_owned()));

    let id = verify(&tenant, tokens["id_token"].as_str().unwrap(), "tenant-client").unwrap();
    assert_eq!(
        (&id["nonce"], &id["email"], &id["https://example.com/plan"]),
        (&json!("n1"), &json!("ada@example.com"), &json!("gold"))
    );
    assert!(id.get("name").is_none() && id["sid"].is_string());
    assert_eq!(id["exp"].as_u64().unwrap() - id["iat"].as_u64().unwrap(), 36_000);

    // The access token is of use at /userinfo too.
    let answer = ask(&tenant, "GET", "/userinfo", &format!("Bearer {access}"), &Value::Null);
    assert_eq!(answer.status(), 200);
}

#[test]
fn a_token_without_an_audience_is_opaque() {
    let tenant = tenant();
    let tokens = log_in(&tenant, &authorize(""));
    let parts: Vec<&str> = tokens["access_token"].as_str().unwrap().split('.').collect();
    assert_eq!((parts.len(), parts[1]), (5, ""));
}

#[test]
fn a_forged_token_is_refused() {
    let (tenant, token) = (tenant(), Tenant::new().management_token());
    let audience = "https://tenant.example.com/api/v2/";
    assert!(verify(&tenant, token.expose(), audience).is_ok());
    let (message, signature) = token.expose().rsplit_once('.').unwrap();
    let changed: String = message.chars().rev().collect();
    assert!(verify(&tenant, &format!("{changed}.{signature}"), audience).is_err());
    let other = Tenant::builder().signing_key(SigningKey::generate().unwrap()).build();
    assert_eq!(
        verify(&tenant, other.management_token().expose(), audience),
        Err("the key is not known".to_owned())
    );
}

#[test]
fn keys_rotate_and_tokens_of_the_previous_key_are_valid_until_it_is_revoked() {
    let tenant = Tenant::new();
    let audience = "https://tenant.example.com/api/v2/";
    let old = tenant.management_token();
    let (status, before) = as_admin(&tenant, "GET", "/api/v2/keys/signing", &Value::Null);
    assert_eq!((status, before.as_array().unwrap().len()), (200, 2));
    for key in before.as_array().unwrap() {
        let [certificate, message] = ["cert", "pkcs7"].map(|name| content(key[name].as_str().unwrap()));
        assert!(message.windows(certificate.len()).any(|part| part == certificate), "{key}");
    }
    let (status, current) = as_admin(&tenant, "POST", "/api/v2/keys/signing/rotate", &Value::Null);
    assert_eq!((status, &current["kid"]), (201, &before[1]["kid"]));
    assert_eq!(tenant.jwks().matches("\"kid\"").count(), 3);
    let new = tenant.management_token();
    assert!(
        verify(&tenant, old.expose(), audience).is_ok() && verify(&tenant, new.expose(), audience).is_ok()
    );

    let revoke =
        |id: &str| as_admin(&tenant, "PUT", &format!("/api/v2/keys/signing/{id}/revoke"), &Value::Null);
    assert_eq!(revoke(current["kid"].as_str().unwrap()).0, 400);
    assert_eq!(revoke("nothing").0, 404);
    let (status, revoked) = revoke(before[0]["kid"].as_str().unwrap());
    assert_eq!((status, &revoked["revoked"]), (200, &json!(true)));
    assert_eq!(verify(&tenant, old.expose(), audience), Err("the key is not known".to_owned()));
    let answer = ask(&tenant, "GET", "/api/v2/users", &format!("Bearer {}", old.expose()), &Value::Null);
    assert_eq!(answer.status(), 401);
    assert_eq!(as_admin(&tenant, "GET", "/api/v2/users", &Value::Null).0, 200);
}

#[test]
fn applications_find_the_endpoints_by_themselves() {
    let tenant = Tenant::new();
    let answer = ask(&tenant, "GET", "/.well-known/openid-configuration", "", &Value::Null);
    let found: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(found["issuer"], "https://tenant.example.com/");
    let authorization = found["authorization_endpoint"].as_str().unwrap();
    assert_eq!(authorization, "https://tenant.example.com/authorize");
    let keys = ask(&tenant, "GET", "/.well-known/jwks.json", "", &Value::Null);
    let keys: Value = serde_json::from_slice(keys.body()).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    // The certificate's digest is the text of its digits, as in Auth0's documentation.
    assert_eq!(keys["keys"][0]["x5t"].as_str().unwrap().len(), 54);
    assert_eq!(keys.to_string(), serde_json::from_str::<Value>(&Tenant::new().jwks()).unwrap().to_string());
}

/// The content of a text in PEM.
fn content(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).unwrap()
}
