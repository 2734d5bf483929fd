//! Returning a tenant to its beginning.

use crate::context::{Application, Selected};
use crate::control::route::Route;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("POST", "/_tenant/reset", post(reset))]
}

async fn reset(State(application): State<Application>, Selected(hosted): Selected) -> StatusCode {
    application.tenants.reset(&hosted);
    StatusCode::NO_CONTENT
}
