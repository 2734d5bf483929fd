//! The time after which the searches of a tenant see a change.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::hosted::Hosted;
use crate::problem::Problem;
use axum::Json;
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/index", get(read)),
        Route::new("PUT", "/_tenant/index", put(set)),
        Route::new("POST", "/_tenant/index/refresh", post(refresh)),
    ]
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    lag_ms: Lag,
}

/// A time in milliseconds, or the least and the greatest.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "lag_ms is a number of milliseconds, or a list of the least and the greatest")]
enum Lag {
    Always(u64),
    Between(u64, u64),
}

impl From<RangeInclusive<Duration>> for Lag {
    fn from(range: RangeInclusive<Duration>) -> Self {
        let millis = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (least, most) = (millis(range.start()), millis(range.end()));
        if least == most { Self::Always(least) } else { Self::Between(least, most) }
    }
}

fn shown(hosted: &Hosted) -> Json<Index> {
    Json(Index { lag_ms: hosted.tenant().index_lag().into() })
}

async fn read(Selected(hosted): Selected) -> Json<Index> {
    shown(&hosted)
}

async fn set(Selected(hosted): Selected, Input(new): Input<Index>) -> Result<Json<Index>, Problem> {
    let (least, most) = match new.lag_ms {
        Lag::Always(lag) => (lag, lag),
        Lag::Between(least, most) => (least, most),
    };
    if least > most {
        return Err(Problem::bad_request("lag_ms: the first number must not be above the second."));
    }
    hosted.tenant().set_index_lag(Duration::from_millis(least)..=Duration::from_millis(most));
    hosted.changed("index");
    Ok(shown(&hosted))
}

/// Lets searches see all changes so far.
async fn refresh(Selected(hosted): Selected) -> Json<Index> {
    hosted.tenant().refresh_index();
    hosted.changed("index");
    shown(&hosted)
}
