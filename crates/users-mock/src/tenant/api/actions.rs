//! Actions on a user: recovery codes, revoking access, risk assessments.

use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::object::{set, string};
use crate::tenant::store::Belonging;
use crate::tenant::wire::answer::{Answer, Failure, accepted, json, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::StatusCode;
use users_core::model::JsonObject;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "POST",
        "/api/v2/users/{id}/recovery-code-regeneration",
        Guard::Catalogue,
        Handler::Write(regenerate_recovery_code),
    ),
    Route::new("POST", "/api/v2/users/{id}/revoke-access", Guard::Catalogue, Handler::Write(revoke_access)),
    Route::new(
        "POST",
        "/api/v2/users/{id}/risk-assessments/clear",
        Guard::Catalogue,
        Handler::Read(clear_risk_assessments),
    ),
];

/// Succeeds without an enrollment too.
fn regenerate_recovery_code(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_user(context.store(), request.parameter(0))?;
    let mut body = JsonObject::new();
    set(&mut body, "recovery_code", context.random.alphanumeric(24).to_ascii_uppercase());
    Ok(json(StatusCode::OK, &body))
}

/// Revokes everything of a user, or one session with the refresh tokens that were issued in it.
fn revoke_access(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let session = string(&body, "session_id");
    let keeps_tokens = body.get("preserve_refresh_tokens").ok().flatten().unwrap_or(false);
    let is_meant = |id: Option<String>| session.is_none() || id == session;
    update_user(&mut context.transaction, request.parameter(0), |user| {
        user.belongings_mut(Belonging::Sessions).retain(|session| !is_meant(string(session, "id")));
        if !keeps_tokens {
            let tokens = user.belongings_mut(Belonging::RefreshTokens);
            tokens.retain(|token| !is_meant(string(token, "session_id")));
        }
    })?;
    Ok(accepted())
}

/// The tenant has no risk assessments, so it checks only that the user exists.
fn clear_risk_assessments(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_user(context.store, request.parameter(0))?;
    Ok(no_content())
}
