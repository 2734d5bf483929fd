//! Multifactor providers and remembered browsers.

use crate::tenant::api::owner::{find_user, update_user};
use crate::tenant::wire::answer::{Answer, Failure, no_content};
use crate::tenant::wire::context::{ReadContext, WriteContext};
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "DELETE",
        "/api/v2/users/{id}/multifactor/{provider}",
        Guard::Catalogue,
        Handler::Write(delete_provider),
    ),
    Route::new(
        "POST",
        "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser",
        Guard::Catalogue,
        Handler::Read(invalidate_remembered_browsers),
    ),
];

/// Succeeds also if the provider is not enrolled.
fn delete_provider(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (id, provider) = (request.parameter(0), request.parameter(1));
    if !matches!(provider, "duo" | "google-authenticator") {
        return Err(Failure::bad_request(
            "invalid_uri",
            format!("Path validation error: 'No enum match for: {provider}' on property provider."),
        ));
    }
    let user = find_user(context.store(), id)?;
    let enrolled: Vec<String> = user.shown().get("multifactor").ok().flatten().unwrap_or_default();
    if enrolled.iter().any(|enrolled| enrolled == provider) {
        let now = context.clock.now();
        update_user(&mut context.transaction, id, |user| {
            let left: Vec<&String> = enrolled.iter().filter(|enrolled| *enrolled != provider).collect();
            user.set("multifactor", left);
            user.set("multifactor_last_modified", &now);
        })?;
    }
    Ok(no_content())
}

/// The tenant remembers no browsers, so it checks only that the user exists.
fn invalidate_remembered_browsers(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    find_user(context.store, request.parameter(0))?;
    Ok(no_content())
}
