//! The messages that Auth0 would have sent.

use crate::context::{Application, Selected};
use crate::control::Route;
use crate::hosted::Hosted;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::{delete, get};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use users_mock::Mail;

/// The longest time that a request waits for a message.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new("GET", "/_tenant/mails", get(list)),
        Route::new("DELETE", "/_tenant/mails", delete(clear)),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    to: Option<String>,
    kind: Option<String>,
    since: Option<u64>,
    wait_ms: Option<u64>,
}

#[derive(Serialize)]
struct Listed {
    mails: Vec<Mail>,
}

impl Parameters {
    fn select(&self, hosted: &Hosted) -> Vec<Mail> {
        let is_kind = |mail: &Mail| self.kind.as_ref().is_none_or(|kind| mail.kind.as_str() == kind);
        let is_to = |mail: &Mail| self.to.as_ref().is_none_or(|to| mail.to.eq_ignore_ascii_case(to));
        let mut mails = hosted.tenant().mails();
        mails.retain(|mail| mail.id > self.since.unwrap_or_default() && is_kind(mail) && is_to(mail));
        mails
    }
}

/// The messages that the parameters select, the oldest first. With `wait_ms`, waits until there is one.
async fn list(
    State(application): State<Application>,
    Selected(hosted): Selected,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed>, Problem> {
    let Query(parameters) = parameters.map_err(|error| Problem::bad_request(error.body_text()))?;
    let wait = Duration::from_millis(parameters.wait_ms.unwrap_or_default()).min(LONGEST_WAIT);
    // Subscribed before the first look, so that no message is missed between both.
    let (mut events, mut closing) = (hosted.subscribe(), application.tenants.closing());
    let found = async {
        loop {
            let mails = parameters.select(&hosted);
            if !mails.is_empty() {
                return;
            }
            let event = tokio::select! {
                event = events.recv() => event,
                _ = closing.wait_for(|closing| *closing) => return,
            };
            if matches!(event, Err(RecvError::Closed)) {
                return;
            }
        }
    };
    if !wait.is_zero() {
        let _ = tokio::time::timeout(wait, found).await;
    }
    Ok(Json(Listed { mails: parameters.select(&hosted) }))
}

async fn clear(Selected(hosted): Selected) -> StatusCode {
    hosted.tenant().clear_mails();
    hosted.changed("mails");
    StatusCode::NO_CONTENT
}
