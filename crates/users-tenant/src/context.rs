//! What the handlers of requests have access to.

use crate::guard::Guard;
use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::selection::Selection;
use crate::tenants::Tenants;
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::header::HOST;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use std::net::SocketAddr;
use std::sync::Arc;

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

impl Endpoint {
    /// Makes the URI of a request absolute; HTTP/1.1 sends the path and the host only.
    pub(crate) fn make_absolute(&self, parts: &mut Parts) {
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

pub(crate) fn selection(parts: &Parts) -> Result<&Selection, Problem> {
    let missing = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "No tenant was selected.");
    parts.extensions.get::<Selection>().ok_or_else(missing)
}
