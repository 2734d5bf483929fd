//! The application: its middleware, its routes, and the way to the tenants.

use crate::access_log::Line;
use crate::body::{chunks, whole_body};
use crate::context::{Application, Endpoint, selection};
use crate::control;
use crate::disconnect::disconnected;
use crate::guard::{check_first_use, check_own, is_control, is_own};
use crate::login;
use crate::page;
use crate::problem::Problem;
use crate::selection::Selection;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use std::sync::Arc;
use users_core::HttpTransport;
use users_mock::MountPath;

/// The largest request body that is read, in bytes; a larger one is answered with 413.
pub(crate) const MAX_BODY: usize = 2 * 1024 * 1024;

/// The routes of the page, the control API and the tenants.
pub(crate) fn router(application: Application) -> Router {
    let mut inner = Router::new()
        .route("/health", get(health))
        .merge(login::assets())
        .merge(page::routes())
        .fallback(to_tenant)
        .method_not_allowed_fallback(not_allowed);
    for route in control::routes() {
        inner = inner.route(route.path, route.handler);
    }
    let inner = inner.with_state(application.clone());
    // As the middleware of a router without routes, `enter` changes the path before the inner routes are matched.
    Router::new().fallback_service(inner).layer(from_fn_with_state(application, enter))
}

/// A router that sends every request to one transport.
pub(crate) fn transport_router(transport: Arc<dyn HttpTransport>, endpoint: Endpoint) -> Router {
    let handler = move |request: Request| {
        let (transport, endpoint) = (Arc::clone(&transport), endpoint.clone());
        async move {
            let (mut parts, body) = request.into_parts();
            endpoint.make_absolute(&mut parts);
            let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return too_large() };
            match transport.send(Request::from_parts(parts, body.to_bytes()), None).await {
                Ok(response) => login::render(response.map(into_body), ""),
                Err(_) => disconnected(),
            }
        }
    };
    Router::new().merge(login::assets()).fallback(handler)
}

/// What every request passes first: the checks of the guard, and the selection of the tenant.
async fn enter(State(application): State<Application>, request: Request, next: Next) -> Response {
    let line = application.access_log.as_ref().map(|log| (log, Line::begin(&request)));
    let response = match admit(&application, request) {
        Ok(request) => next.run(request).await,
        Err(refusal) => *refusal,
    };
    if let Some((log, line)) = line {
        log(&line.end(&response));
    }
    response
}

/// Checks a request, makes its URI absolute, and selects the tenant.
fn admit(application: &Application, request: Request) -> Result<Request, Box<Response>> {
    let refusal = |problem: Problem| Box::new(problem.into_response());
    let (mut parts, body) = request.into_parts();
    let Application { guard, endpoint, .. } = application;
    guard.check_host(&parts).map_err(refusal)?;
    endpoint.make_absolute(&mut parts);
    let selection = Selection::take(&mut parts).map_err(|error| refusal(Problem::bad_request(error)))?;
    if !application.tenants.has(&selection.name) {
        check_first_use(&parts).map_err(refusal)?;
    }
    if is_own(parts.uri.path()) {
        check_own(&parts).map_err(refusal)?;
        if let Err(problem) = guard.check_key(&parts, endpoint.address.port()) {
            return Err(Box::new(
                page::ask_for_key(&parts, &selection).unwrap_or_else(|| problem.into_response()),
            ));
        }
    }
    parts.extensions.insert(MountPath(selection.link_path()));
    parts.extensions.insert(selection);
    Ok(Request::from_parts(parts, body))
}

/// Answers a request that is none of the server's own.
async fn to_tenant(State(application): State<Application>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if is_control(parts.uri.path()) {
        return Err(Problem::not_found(format!(
            "The control API has no {}. GET /_tenant/openapi.json lists its endpoints.",
            parts.uri.path()
        )));
    }
    let selection = selection(&parts)?;
    let (hosted, mount) = (application.tenants.hosted(&selection.name), selection.link_path());
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return Ok(too_large()) };
    Ok(match hosted.send(Request::from_parts(parts, body.to_bytes())).await {
        Ok(response) => login::render(response.map(into_body), &mount),
        Err(_) => disconnected(),
    })
}

async fn not_allowed(request: Request) -> Problem {
    let message = format!(
        "{} does not answer {}. GET /_tenant/openapi.json lists what it answers.",
        request.uri().path(),
        request.method()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

/// Reports that the server answers, without a tenant.
async fn health() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

fn too_large() -> Response {
    StatusCode::PAYLOAD_TOO_LARGE.into_response()
}

/// A body that is complete is sent with its length; any other is streamed.
fn into_body(body: users_core::Body) -> Body {
    match whole_body(body) {
        Ok(whole) => Body::from(whole),
        Err(streamed) => Body::from_stream(chunks(streamed)),
    }
}
