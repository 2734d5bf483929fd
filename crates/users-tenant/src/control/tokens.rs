//! Tokens, without a login.

use crate::context::{BaseUrl, Selected};
use crate::control::input::Input;
use crate::control::route::Route;
use crate::problem::Problem;
use axum::Json;
use axum::routing::post;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use users_core::model::JsonObject;
use users_mock::{InvalidTokenSpec, TokenSpec};

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
    audience: Option<String>,
    scopes: Option<Vec<String>>,
    client_id: Option<String>,
    organization: Option<String>,
    claims: Option<JsonObject>,
    /// In seconds; negative for a token that has expired.
    expires_in: Option<i64>,
}

#[derive(Serialize)]
struct Issued {
    token: String,
    kind: Kind,
    scope: String,
    expires_in: i64,
}

async fn issue(
    Selected(hosted): Selected,
    BaseUrl(base_url): BaseUrl,
    Input(wanted): Input<Wanted>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let kind = wanted.kind;
    let spec = wanted.spec()?.base_url(base_url);
    let issued = hosted.tenant().issue(&spec).map_err(|invalid| match invalid {
        InvalidTokenSpec::User(id) => Problem::not_found(format!(
            "The tenant {} has no user {id:?}; POST /_tenant/users makes one.",
            hosted.name()
        )),
        other => Problem::bad_request(format!("The token cannot be issued: {other}.")),
    })?;
    let issued = Issued {
        token: issued.token.expose().to_owned(),
        kind,
        scope: issued.scopes.join(" "),
        expires_in: issued.expires_in,
    };
    Ok((StatusCode::CREATED, Json(issued)))
}

impl Wanted {
    fn spec(self) -> Result<TokenSpec, Problem> {
        let missing = "user_id is missing; POST /_tenant/users makes a user and returns its id.";
        let user_id = self.user_id.ok_or_else(|| Problem::bad_request(missing));
        if self.audience.is_some() && !matches!(self.kind, Kind::Access) {
            return Err(Problem::bad_request(
                "Only a token of the kind `access` has an audience of its own.",
            ));
        }
        let mut spec = match self.kind {
            Kind::Access => TokenSpec::access(user_id?),
            Kind::Id => TokenSpec::id(user_id?),
            Kind::SelfService => TokenSpec::self_service(user_id?),
            Kind::Management => TokenSpec::management(),
        };
        if let Some(audience) = self.audience {
            spec = spec.audience(audience);
        }
        if let Some(scopes) = self.scopes {
            spec = spec.scopes(scopes);
        }
        if let Some(client_id) = self.client_id {
            spec = spec.client_id(client_id);
        }
        if let Some(organization) = self.organization {
            spec = spec.organization(organization);
        }
        if let Some(claims) = self.claims {
            spec = spec.claims(claims);
        }
        Ok(match self.expires_in {
            Some(seconds) => spec.expires_in(seconds),
            None => spec,
        })
    }
}
