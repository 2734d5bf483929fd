//! users-tenant exec -- cargo run -p users-tenant --example control

use serde_json::{Value, json};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // A tenant of this test alone, made by its first request.
    let tenant = format!("{}/t/rust", std::env::var("USERS_TENANT_URL")?);
    let control = |path: &str, body: Value| -> Result<Value, Box<dyn Error>> {
        let request =
            ureq::post(format!("{tenant}/_tenant{path}")).header("content-type", "application/json");
        let text = request.send(body.to_string())?.into_body().read_to_string()?;
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    };

    control("/reset", json!({}))?;
    control("/seed", json!({"users": [{"user_id": "auth0|1", "email": "ada@example.com"}]}))?;
    control("/faults", json!({"fault": "429@users.get,header=retry-after:1"}))?;

    let token = control("/tokens", json!({"kind": "management", "scopes": ["read:users"]}))?;
    let authorization =
        format!("Bearer {}", token.get("token").and_then(Value::as_str).ok_or("there is no token")?);
    let status = || {
        let request = ureq::get(format!("{tenant}/api/v2/users/auth0%7C1"));
        let answer =
            request.config().http_status_as_error(false).build().header("authorization", &authorization);
        answer.call().map(|answer| answer.status().as_u16())
    };
    assert_eq!([status()?, status()?], [429, 200]);
    println!("ok");
    Ok(())
}
