//! `login-check`.

use crate::connect::Tenant;
use crate::exit::Failure;
use crate::output::print_pairs;
use crate::settings::Settings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use users_hyper::RateLimit;
use users_hyper::model::{JsonObject, Timestamp};

/// What the commands need.
const SCOPES: &[(&str, &str)] = &[
    ("read:users", "show, list, search, count, and users by address or query"),
    ("create:users", "create, import"),
    ("update:users", "update, block, unblock, roles"),
    ("delete:users", "delete"),
    ("read:roles", "roles by name"),
    ("read:connections", "import by the name of the connection"),
    ("delete:sessions", "sessions revoke"),
];

/// Prints which settings are used, the scopes of the token, and the rate limit.
pub(crate) async fn run(settings: &Settings, tenant: &Tenant) -> Result<(), Failure> {
    // Printed first, because they explain a failure.
    print_pairs(&[
        ("tenant", format!("{}, from {}", tenant.authority, settings.address_source)),
        ("credentials", format!("{}, from {}", settings.credentials, settings.credentials_source)),
    ])?;
    let token = tenant.token(settings).await?;
    let claims = claims(token.expose());
    let answer = tenant.client.users().get_all().per_page(1).fields(["user_id"]).with_meta().await;
    let mut pairs = Vec::new();
    match claims.as_ref().map(scopes) {
        None => pairs.push(("scopes", "not known: the token is not a JWT".to_owned())),
        Some(scopes) => pairs.extend(SCOPES.iter().map(|(scope, commands)| {
            let is_granted = scopes.iter().any(|other| other == scope);
            (*scope, format!("{}, for {commands}", if is_granted { "granted" } else { "missing" }))
        })),
    }
    let expiry = claims.as_ref().and_then(|claims| claims.get::<i64>("exp").ok().flatten());
    if let Some(seconds) = expiry {
        let at = Timestamp::from_unix_millis(seconds.saturating_mul(1000));
        pairs.push(("token expires", at.as_str().to_owned()));
    }
    let limit = match &answer {
        Ok(answer) => answer.rate_limit(),
        Err(error) => error.rate_limit(),
    };
    if let Some(RateLimit { limit: Some(limit), remaining: Some(remaining), .. }) = limit {
        pairs.push(("rate limit", format!("{remaining} of {limit} requests remain at once")));
    }
    print_pairs(&pairs)?;
    answer?;
    eprintln!("The tenant accepts the token.");
    Ok(())
}

/// The claims of a JWT. The signature is not checked: the server decides what the token allows.
fn claims(token: &str) -> Option<JsonObject> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    JsonObject::from_json(std::str::from_utf8(&bytes).ok()?).ok()
}

fn scopes(claims: &JsonObject) -> Vec<String> {
    let scope = claims.get::<String>("scope").ok().flatten().unwrap_or_default();
    scope.split_whitespace().map(str::to_owned).collect()
}
