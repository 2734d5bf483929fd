//! Snapshots of a tenant's data.

use crate::context::Selected;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::extract::Path;
use axum::routing::{delete, get, post};
use http::StatusCode;
use serde::Serialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/snapshots", get(list)),
        Route::new("POST", "/_tenant/snapshots", post(keep)),
        Route::new("POST", "/_tenant/snapshots/{id}/restore", post(restore)),
        Route::new("DELETE", "/_tenant/snapshots/{id}", delete(remove)),
    ]
}

#[derive(Serialize)]
struct Kept {
    id: String,
}

#[derive(Serialize)]
struct Snapshots {
    snapshots: Vec<Kept>,
}

/// The id of a snapshot as text.
fn id_of(number: u64) -> String {
    format!("snap_{number}")
}

fn number_of(id: &str) -> Option<u64> {
    id.strip_prefix("snap_")?.parse().ok()
}

async fn list(Selected(hosted): Selected) -> Json<Snapshots> {
    let snapshots = hosted.snapshot_ids().into_iter().map(|number| Kept { id: id_of(number) });
    Json(Snapshots { snapshots: snapshots.collect() })
}

async fn keep(Selected(hosted): Selected) -> Result<(StatusCode, Json<Kept>), Problem> {
    let number = hosted.keep_snapshot().ok_or_else(|| {
        let message =
            "The tenant has as many snapshots as it can keep; DELETE /_tenant/snapshots/{id} removes one.";
        Problem::new(StatusCode::CONFLICT, message)
    })?;
    Ok((StatusCode::CREATED, Json(Kept { id: id_of(number) })))
}

async fn restore(Selected(hosted): Selected, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if number_of(&id).is_some_and(|number| hosted.restore(number)) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(format!(
        "The tenant {} has no snapshot {id:?}; POST /_tenant/snapshots makes one, and a reset removes all.",
        hosted.name()
    )))
}

async fn remove(Selected(hosted): Selected, Path(id): Path<String>) -> StatusCode {
    if let Some(number) = number_of(&id) {
        hosted.remove_snapshot(number);
    }
    StatusCode::NO_CONTENT
}
