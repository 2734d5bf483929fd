//! `login-check`: what the credentials allow.

use crate::failure::{Exit, Failure};
use crate::settings::{Credentials, Settings, print_token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::Write as _;
use users_hyper::model::JsonObject;

pub(crate) async fn run(settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "tenant       {}, from {}", settings.authority, settings.tenant.source)?;
    let token = match &settings.credentials {
        Credentials::Command(command) => {
            writeln!(out, "credentials  the output of {command:?}, from --token-command")?;
            print_token(command.clone()).await?.secret().expose().to_owned()
        }
        Credentials::Token(token) => {
            writeln!(out, "credentials  an access token, from {}", token.source)?;
            token.value.clone()
        }
        Credentials::Client { id, secret } => {
            writeln!(out, "credentials  the application {}, from {}", id.value, id.source)?;
            let tenant = users_hyper::authentication(&settings.tenant.value);
            let client = tenant.client_id(&id.value).client_secret(secret.value.clone()).build()?;
            let audience = format!("https://{}/api/v2/", settings.authority);
            let scheme = if settings.tenant.value.starts_with("http://") { "http" } else { "https" };
            let audience = audience.replacen("https", scheme, 1);
            let granted = client.oauth().client_credentials_grant(audience).await;
            let granted = granted.map_err(|error| {
                Failure::new(Exit::Credentials, format!("{error}\nThe application is refused; check its id and secret, and that it may use the Management API."))
            })?;
            granted.access_token.map(|token| token.expose().to_owned()).unwrap_or_default()
        }
    };
    match scopes(&token) {
        Some(scopes) => {
            writeln!(out, "scopes       {}", scopes.len())?;
            for scope in scopes {
                writeln!(out, "  {scope}")?;
            }
        }
        None => writeln!(out, "scopes       not known: the token is not a JSON Web Token")?,
    }
    let answer = settings.client.users().get_all().per_page(1).fields(["user_id"]).with_meta().await?;
    match answer.rate_limit().map(|limit| (limit.limit, limit.remaining)) {
        Some((Some(limit), Some(left))) => writeln!(out, "rate limit   {limit} requests, {left} left")?,
        _ => writeln!(out, "rate limit   not stated")?,
    }
    Ok(Exit::Done)
}

/// The scopes of an access token, without a check of its signature.
fn scopes(token: &str) -> Option<Vec<String>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims = JsonObject::from_json(std::str::from_utf8(&payload).ok()?).ok()?;
    let scope: String = claims.get("scope").ok().flatten().unwrap_or_default();
    Some(scope.split_whitespace().map(ToOwned::to_owned).collect())
}
