//! The application: its middleware, its routes, and the way to the tenants.

use crate::body::{chunks, whole_body};
use crate::control;
use crate::guard::{Guard, is_control, is_own};
use crate::hosted::Hosted;
use crate::login;
use crate::page;
use crate::problem::Problem;
use crate::selection::Selection;
use crate::tenants::Tenants;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use users_core::{Clock as _, HttpTransport, SystemClock};
use users_mock::{MountPath, Scrub};

/// The largest request body that is read, in bytes; a larger one is answered with 413.
pub(crate) const MAX_BODY: usize = 2 * 1024 * 1024;

/// A function that is given the lines of the access log.
pub(crate) type AccessLog = Arc<dyn Fn(&str) + Send + Sync>;

/// What the application has access to.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) tenants: Tenants,
    pub(crate) guard: Arc<Guard>,
    pub(crate) endpoint: Endpoint,
    pub(crate) access_log: Option<AccessLog>,
}

/// The scheme and the address of a server.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) scheme: Scheme,
    pub(crate) address: SocketAddr,
}

/// Marks a response in place of which the connection is closed.
#[derive(Clone, Debug)]
pub(crate) struct Disconnect;

impl Application {
    /// The routes of the page, the control API and the tenants.
    pub(crate) fn router(self) -> Router {
        let mut inner = Router::new()
            .route("/health", get(health))
            .merge(login::assets())
            .merge(page::routes())
            .fallback(to_tenant)
            .method_not_allowed_fallback(not_allowed);
        for route in control::routes() {
            inner = inner.route(route.path, route.handler);
        }
        let inner = inner.with_state(self.clone());
        // As the middleware of a router without routes, `enter` changes the path before the inner routes are matched.
        Router::new().fallback_service(inner).layer(from_fn_with_state(self, enter))
    }
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
    Router::new().fallback(handler)
}

impl Endpoint {
    /// Makes the URI of a request absolute; HTTP/1.1 sends the path and the host only.
    fn make_absolute(&self, parts: &mut Parts) {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let authority = parts.uri.authority().cloned().or(host);
        let authority = authority.map_or_else(|| self.address.to_string(), |authority| authority.to_string());
        let target = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let absolute =
            http::Uri::builder().scheme(self.scheme.clone()).authority(authority).path_and_query(target);
        if let Ok(uri) = absolute.build() {
            parts.uri = uri;
        }
    }
}

/// What every request passes first: the checks of the guard, and the selection of the tenant.
async fn enter(State(application): State<Application>, request: Request, next: Next) -> Response {
    let line = application.access_log.as_ref().map(|log| (log, Line::begin(&request)));
    let response = match application.admit(request) {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some((log, line)) = line {
        log(&line.end(&response));
    }
    response
}

impl Application {
    fn admit(&self, request: Request) -> Result<Request, Problem> {
        let (mut parts, body) = request.into_parts();
        self.guard.check_host(&parts)?;
        self.endpoint.make_absolute(&mut parts);
        let selection = Selection::take(&mut parts).map_err(Problem::bad_request)?;
        if is_own(parts.uri.path()) {
            self.guard.check_own(&parts)?;
        }
        parts.extensions.insert(MountPath(selection.mount.clone()));
        parts.extensions.insert(selection);
        Ok(Request::from_parts(parts, body))
    }
}

/// The tenant that a request selects.
pub(crate) struct Selected(pub(crate) Arc<Hosted>);

impl FromRequestParts<Application> for Selected {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Self, Problem> {
        Ok(Self(application.tenants.hosted(&selection(parts)?.name)))
    }
}

/// The URL below which the tenant that a request selects is served.
pub(crate) struct BaseUrl(pub(crate) String);

impl FromRequestParts<Application> for BaseUrl {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Self, Problem> {
        let address = application.endpoint.address.to_string();
        let authority = parts.uri.authority().map_or(address.as_str(), Authority::as_str);
        let path = selection(parts)?.link_path();
        Ok(Self(format!("{}://{authority}{path}", application.endpoint.scheme)))
    }
}

fn selection(parts: &Parts) -> Result<&Selection, Problem> {
    let missing = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "No tenant was selected.");
    parts.extensions.get::<Selection>().ok_or_else(missing)
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
    let (hosted, mount) = (application.tenants.hosted(&selection.name), selection.mount.clone());
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

fn disconnected() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Disconnect);
    response
}

/// A body that is complete is sent with its length; any other is streamed.
fn into_body(body: users_core::Body) -> Body {
    match whole_body(body) {
        Ok(whole) => Body::from(whole),
        Err(streamed) => Body::from_stream(chunks(streamed)),
    }
}

/// A line of the access log.
struct Line {
    started: users_core::Instant,
    clock: SystemClock,
    request: http::Request<bytes::Bytes>,
    host: String,
}

impl Line {
    fn begin(request: &Request) -> Self {
        let clock = SystemClock::new();
        let mut logged = http::Request::new(bytes::Bytes::new());
        *logged.method_mut() = request.method().clone();
        *logged.uri_mut() = request.uri().clone();
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = request.uri().authority().map_or(host, Authority::as_str).to_owned();
        Self { started: clock.now(), clock, request: logged, host }
    }

    /// The time, host, method, path and query without secrets, status, and milliseconds.
    fn end(&self, response: &Response) -> String {
        let time = users_core::model::Timestamp::from(self.clock.unix_now());
        let target = Scrub::Secrets.exchange(&self.request, &http::Response::default()).target;
        let took = self.clock.now().saturating_since(self.started).as_secs_f64() * 1e3;
        let status: &dyn fmt::Display = match response.extensions().get::<Disconnect>() {
            Some(Disconnect) => &"-",
            None => &response.status().as_u16(),
        };
        format!("{} {} {} {target} {status} {took:.1} ms", time.as_str(), self.host, self.request.method())
    }
}
