//! The time of a tenant.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::hosted::Hosted;
use crate::problem::Problem;
use axum::Json;
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use users_core::model::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/clock", get(read)),
        Route::new("PUT", "/_tenant/clock", put(set)),
        Route::new("POST", "/_tenant/clock/advance", post(advance)),
    ]
}

#[derive(Serialize)]
struct Clock {
    now: String,
    frozen: bool,
    offset_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClock {
    now: Option<String>,
    frozen: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

fn shown(hosted: &Hosted) -> Json<Clock> {
    let tenant = hosted.tenant();
    #[allow(clippy::cast_precision_loss)] // It is exact for 285,000 years.
    let offset_seconds = tenant.time_offset() as f64 / 1e3;
    Json(Clock { now: tenant.now().as_str().to_owned(), frozen: tenant.is_time_frozen(), offset_seconds })
}

async fn read(Selected(hosted): Selected) -> Json<Clock> {
    shown(&hosted)
}

async fn set(Selected(hosted): Selected, Input(new): Input<NewClock>) -> Result<Json<Clock>, Problem> {
    let now = new.now.map(|now| now.parse::<Timestamp>()).transpose();
    let now = now.map_err(|error| Problem::bad_request(format!("now: {error}")))?;
    match new.frozen {
        Some(true) => hosted.tenant().freeze_time(),
        Some(false) => hosted.tenant().unfreeze_time(),
        None => {}
    }
    if let Some(now) = now {
        hosted.tenant().set_time(&now);
    }
    hosted.changed("clock");
    Ok(shown(&hosted))
}

async fn advance(
    Selected(hosted): Selected,
    Input(Advance { seconds }): Input<Advance>,
) -> Result<Json<Clock>, Problem> {
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| {
        Problem::bad_request("seconds must be 0 or more; PUT /_tenant/clock with `now` goes back in time.")
    })?;
    hosted.tenant().advance_time(time);
    hosted.changed("clock");
    Ok(shown(&hosted))
}
