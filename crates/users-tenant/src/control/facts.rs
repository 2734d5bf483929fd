//! What a client of a tenant needs.

use crate::context::{BaseUrl, Selected};
use crate::control::route::Route;
use axum::Json;
use axum::routing::get;
use serde::Serialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("GET", "/_tenant", get(facts)), Route::new("GET", "/_tenant/health", get(health))]
}

#[derive(Serialize)]
struct Facts {
    name: String,
    base_url: String,
    domain: String,
    client_id: String,
    client_secret: String,
    management_token: String,
    connection: Option<String>,
    page: String,
    users: usize,
}

async fn facts(Selected(hosted): Selected, BaseUrl(base_url): BaseUrl) -> Json<Facts> {
    let tenant = hosted.tenant();
    let (client_id, client_secret) = tenant.client();
    let domain = base_url.split_once("://").map_or("", |(_, domain)| domain).to_owned();
    Json(Facts {
        name: hosted.name().to_string(),
        page: format!("{base_url}/"),
        management_token: hosted.management_token(&base_url).expose().to_owned(),
        base_url,
        domain,
        client_id,
        client_secret: client_secret.expose().to_owned(),
        connection: tenant.database(),
        users: tenant.user_count(),
    })
}

/// Reports that the tenant answers; it is made if it was not used before.
async fn health(Selected(hosted): Selected) -> Json<Value> {
    Json(json!({"status": "ok", "name": hosted.name().as_str()}))
}
