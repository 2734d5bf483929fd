//! Adding data to a tenant.

use crate::context::Selected;
use crate::control::input::Text;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::routing::post;
use serde::Serialize;
use users_mock::Seed;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("POST", "/_tenant/seed", post(seed))]
}

#[derive(Serialize)]
struct Seeded {
    users: usize,
}

/// Adds the data of a seed document. What is there already under the same id is replaced.
async fn seed(Selected(hosted): Selected, Text(document): Text) -> Result<Json<Seeded>, Problem> {
    let seed = Seed::from_json(&document).map_err(Problem::bad_request)?;
    hosted.tenant().seed(seed);
    hosted.changed("seed");
    Ok(Json(Seeded { users: hosted.tenant().user_count() }))
}
