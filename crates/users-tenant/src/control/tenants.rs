//! The tenants of the server.

use crate::context::Application;
use crate::control::route::Route;
use crate::name::TenantName;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::{delete, get};
use http::StatusCode;
use serde::Serialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/tenants", get(list)),
        Route::new("DELETE", "/_tenant/tenants/{name}", delete(remove)),
    ]
}

#[derive(Serialize)]
struct Named {
    name: String,
}

#[derive(Serialize)]
struct All {
    tenants: Vec<Named>,
}

async fn list(State(application): State<Application>) -> Json<All> {
    let names = application.tenants.names();
    Json(All { tenants: names.iter().map(|name| Named { name: name.to_string() }).collect() })
}

/// Removes a tenant, if there is one of this name; resets the default one.
async fn remove(
    State(application): State<Application>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let name: TenantName = name.parse().map_err(Problem::bad_request)?;
    application.tenants.remove(&name);
    Ok(StatusCode::NO_CONTENT)
}
