//! The bodies of operations that write them from arguments and options, without a model.

use super::value::PLAIN_TEXT;
use serde_json::Value;
use std::collections::BTreeSet;
use users_core::authentication::*;
use users_core::model::{JsonObject, PasswordlessContent};
use users_core::{BaseUrl, Operation};

/// The properties of every body that an operation can send, as [`property`] names them.
pub fn properties(operation: &str) -> Result<BTreeSet<String>, String> {
    let text = PLAIN_TEXT;
    match operation {
        "database.change_password" => {
            let all = ChangePassword::new(text, text).client_id(text).organization(text);
            sent([all])
        }
        "authentication.token" => {
            let all = RequestToken::new(text).organization(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "oauth.password_grant" => {
            let all = PasswordGrant::new(text, text).audience(text).scope(text).client_id(text);
            sent([all.clone().client_secret(text), all.realm(text).client_assertion(text)])
        }
        "oauth.authorization_code_grant" => {
            let all = AuthorizationCodeGrant::new(text, text).code_verifier(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "oauth.refresh_token_grant" => {
            let all = RefreshTokenGrant::new(text).scope(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "oauth.revoke_refresh_token" => {
            let all = RevokeRefreshToken::new(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "passwordless.send_email" => {
            let all = SendPasswordlessEmail::new(text).auth_params(JsonObject::new()).client_id(text);
            let link = all.clone().content(PasswordlessContent::Link).client_secret(text);
            sent([link, all.content(PasswordlessContent::Code).client_assertion(text)])
        }
        "passwordless.send_sms" => {
            let all = SendPasswordlessSms::new(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "passwordless.login_with_email" => {
            let all = LoginWithEmail::new(text, text).audience(text).scope(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        "passwordless.login_with_sms" => {
            let all = LoginWithSms::new(text, text).audience(text).scope(text).client_id(text);
            sent([all.clone().client_secret(text), all.client_assertion(text)])
        }
        _ => Err("has no model".to_owned()),
    }
}

fn sent<O: Operation, const N: usize>(operations: [O; N]) -> Result<BTreeSet<String>, String> {
    let base = BaseUrl::parse("https://tenant.example.com").map_err(|error| error.to_string())?;
    let mut properties = BTreeSet::new();
    for operation in operations {
        let request = operation.request(&base).map_err(|error| error.to_string())?;
        let body: Value = serde_json::from_slice(request.body()).map_err(|error| error.to_string())?;
        let entries = body.as_object().into_iter().flatten();
        properties.extend(entries.map(|(name, value)| property(name, value)));
    }
    Ok(properties)
}

/// The name of a property, with its value if that is fixed: a text that is not an argument.
pub fn property(name: &str, value: &Value) -> String {
    match value.as_str() {
        Some(fixed) if fixed != PLAIN_TEXT => format!("{name} = {fixed}"),
        _ => name.to_owned(),
    }
}
