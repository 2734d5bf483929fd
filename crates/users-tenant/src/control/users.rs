//! Generated users.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::routing::post;
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The number of users that a request can make.
const MOST: u32 = 100_000;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("POST", "/_tenant/users", post(generate))]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

#[derive(Serialize)]
struct Generated {
    user_ids: Vec<String>,
}

async fn generate(
    Selected(hosted): Selected,
    Input(Wanted { count }): Input<Wanted>,
) -> Result<(StatusCode, Json<Generated>), Problem> {
    if count > MOST {
        return Err(Problem::bad_request(format!("count must be {MOST} at most.")));
    }
    let user_ids = (0..count).map(|_| hosted.tenant().add_generated_user()).collect();
    hosted.changed("users");
    Ok((StatusCode::CREATED, Json(Generated { user_ids })))
}
