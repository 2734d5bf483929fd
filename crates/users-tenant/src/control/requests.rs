//! The log of a tenant's requests.

use crate::context::Selected;
use crate::control::route::Route;
use crate::problem::Problem;
use crate::traffic::{Filter, Shown};
use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::routing::{delete, get};
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The number of requests that are returned unless `limit` says otherwise.
const LIMIT: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/requests", get(list)),
        Route::new("DELETE", "/_tenant/requests", delete(clear)),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    method: Option<String>,
    path: Option<String>,
    status: Option<String>,
    operation: Option<String>,
    since: Option<u64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Listed {
    /// The number of requests that were selected, which may be more than are returned.
    count: usize,
    /// The sequence number of the last request of the tenant, for `since`.
    last: u64,
    requests: Vec<Shown>,
}

/// The last requests that the parameters select, the oldest first.
async fn list(
    Selected(hosted): Selected,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed>, Problem> {
    let Query(parameters) = parameters.map_err(|error| Problem::bad_request(error.body_text()))?;
    let Parameters { method, path, status, operation, since, limit } = parameters;
    let filter = Filter { method, path, status, operation, text: None, since };
    let traffic = hosted.traffic();
    let (found, last) = (traffic.select(&filter), traffic.last());
    drop(traffic);
    let skipped = found.len().saturating_sub(limit.unwrap_or(LIMIT));
    let requests = found.iter().skip(skipped).map(|entry| entry.shown()).collect();
    Ok(Json(Listed { count: found.len(), last, requests }))
}

async fn clear(Selected(hosted): Selected) -> StatusCode {
    hosted.traffic().clear();
    hosted.changed("requests");
    StatusCode::NO_CONTENT
}
