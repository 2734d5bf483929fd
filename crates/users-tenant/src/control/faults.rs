//! The faults of a tenant.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::hosted::Hosted;
use crate::problem::Problem;
use axum::Json;
use axum::routing::{delete, get, post, put};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use users_mock::FaultSpec;

/// The number of faults that can be set.
const MOST: usize = 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/faults", get(list)),
        Route::new("PUT", "/_tenant/faults", put(replace)),
        Route::new("POST", "/_tenant/faults", post(add)),
        Route::new("DELETE", "/_tenant/faults", delete(remove)),
    ]
}

#[derive(Serialize)]
struct Faults {
    faults: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFaults {
    faults: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFault {
    fault: String,
}

fn shown(hosted: &Hosted) -> Json<Faults> {
    let faults = hosted.faults().faults();
    Json(Faults { faults: faults.iter().map(ToString::to_string).collect() })
}

fn parse(fault: &str) -> Result<FaultSpec, Problem> {
    fault.parse().map_err(Problem::bad_request)
}

fn check_count(count: usize) -> Result<(), Problem> {
    if count <= MOST {
        Ok(())
    } else {
        Err(Problem::bad_request(format!("There can be {MOST} faults at most.")))
    }
}

async fn list(Selected(hosted): Selected) -> Json<Faults> {
    shown(&hosted)
}

/// Replaces all faults, or none if one of them cannot be parsed.
async fn replace(Selected(hosted): Selected, Input(new): Input<NewFaults>) -> Result<Json<Faults>, Problem> {
    check_count(new.faults.len())?;
    let faults: Vec<FaultSpec> = new.faults.iter().map(|fault| parse(fault)).collect::<Result<_, _>>()?;
    hosted.set_faults(&faults);
    hosted.changed("faults");
    Ok(shown(&hosted))
}

async fn add(
    Selected(hosted): Selected,
    Input(new): Input<NewFault>,
) -> Result<(StatusCode, Json<Faults>), Problem> {
    check_count(hosted.faults().faults().len() + 1)?;
    hosted.faults().inject_spec(&parse(&new.fault)?);
    hosted.changed("faults");
    Ok((StatusCode::CREATED, shown(&hosted)))
}

async fn remove(Selected(hosted): Selected) -> Json<Faults> {
    hosted.set_faults(&[]);
    hosted.changed("faults");
    shown(&hosted)
}
