//! The rate limits of a tenant.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::routing::{get, put};
use serde::{Deserialize, Serialize};
use users_mock::Limits;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("GET", "/_tenant/limits", get(read)), Route::new("PUT", "/_tenant/limits", put(set))]
}

#[derive(Serialize)]
struct Shown {
    /// `None` if the limits are those of no tier.
    tier: Option<&'static str>,
    tiers: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLimits {
    tier: String,
}

fn shown(limits: &Limits) -> Json<Shown> {
    Json(Shown { tier: limits.tier(), tiers: Limits::tiers().collect() })
}

async fn read(Selected(hosted): Selected) -> Json<Shown> {
    shown(&hosted.tenant().limits())
}

async fn set(Selected(hosted): Selected, Input(new): Input<NewLimits>) -> Result<Json<Shown>, Problem> {
    let limits: Limits = new.tier.parse().map_err(Problem::bad_request)?;
    hosted.tenant().set_limits(limits.clone());
    hosted.changed("limits");
    Ok(shown(&limits))
}
