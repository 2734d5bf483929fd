//! Tokens, without a login.

use crate::context::Selected;
use crate::control::input::Input;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::routing::post;
use http::StatusCode;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new("POST", "/_tenant/tokens", post(issue))]
}

/// What a token is for.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// An access token of a user.
    #[default]
    Access,
    /// An ID token of a user.
    Id,
    /// A token of the Management API.
    Management,
    /// A token of a user for the Management API.
    SelfService,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    kind: Kind,
    user_id: Option<String>,
    scopes: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Issued {
    token: String,
    kind: Kind,
}

async fn issue(
    Selected(hosted): Selected,
    Input(wanted): Input<Wanted>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let tenant = hosted.tenant();
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let user = || {
        let missing = "user_id is missing; POST /_tenant/users makes a user and returns its id.";
        wanted.user_id.as_deref().ok_or_else(|| Problem::bad_request(missing))
    };
    let token = match wanted.kind {
        Kind::Access => match &scopes {
            Some(scopes) => tenant.access_token_with(user()?, scopes),
            None => tenant.access_token_for(user()?),
        },
        Kind::Id => tenant.id_token_for(user()?),
        Kind::Management => Some(match &scopes {
            Some(scopes) => tenant.management_token_with(scopes),
            None => tenant.management_token(),
        }),
        Kind::SelfService => {
            let default = ["read:current_user", "update:current_user_metadata"];
            tenant.self_service_token(user()?, scopes.as_deref().unwrap_or(&default))
        }
    };
    let token = token.ok_or_else(|| {
        let id = wanted.user_id.as_deref().unwrap_or_default();
        Problem::not_found(format!(
            "The tenant {} has no user {id:?}; POST /_tenant/users makes one.",
            hosted.name()
        ))
    })?;
    let issued = Issued { token: token.expose().to_owned(), kind: wanted.kind };
    Ok((StatusCode::CREATED, Json(issued)))
}
