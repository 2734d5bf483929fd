//! Finds the endpoint of a request and calls its handler.

use crate::tenant::api;
use crate::tenant::api::api_operation::record_success;
use crate::tenant::rules::application::allows_origin;
use crate::tenant::rules::credentials::check_user_id;
use crate::tenant::rules::grant::{Alternatives, Grant, all_scopes, allows};
use crate::tenant::rules::limiter::{Counted, Rejection, Standing};
use crate::tenant::rules::schema::{self, Schema};
use crate::tenant::state::{State, lock};
use crate::tenant::wire::answer::{
    Answer, Failure, add_assumed_headers, add_standard_headers, add_standing, no_content, too_many_logins,
    too_many_requests,
};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::cors;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, StatusCode, Uri};
use std::sync::LazyLock;
use users_core::{Api, CATALOGUE, Descriptor, PathTemplate};

/// The endpoints of each noun.
const NOUNS: &[&[Route]] = &[
    api::actions::ROUTES,
    api::authentication_methods::ROUTES,
    api::clients::ROUTES,
    api::connections::ROUTES,
    api::device_credentials::ROUTES,
    api::effective::ROUTES,
    api::exports::ROUTES,
    api::grants::ROUTES,
    api::groups::ROUTES,
    api::guardian::ROUTES,
    api::identities::ROUTES,
    api::impersonation::ROUTES,
    api::imports::ROUTES,
    api::jobs::ROUTES,
    api::login::authorize::ROUTES,
    api::login::change_password::ROUTES,
    api::login::logout::ROUTES,
    api::login::organization::ROUTES,
    api::login::pages::ROUTES,
    api::login::passwordless::ROUTES,
    api::login::signup::ROUTES,
    api::login::unfinished::ROUTES,
    api::logs::ROUTES,
    api::memberships::ROUTES,
    api::multifactor::ROUTES,
    api::oauth::discovery::ROUTES,
    api::oauth::mfa::ROUTES,
    api::oauth::revoke::ROUTES,
    api::oauth::token::ROUTES,
    api::organizations::ROUTES,
    api::organizations::invitations::ROUTES,
    api::organizations::member_roles::ROUTES,
    api::organizations::members::ROUTES,
    api::permissions::ROUTES,
    api::refresh_tokens::ROUTES,
    api::resource_servers::ROUTES,
    api::roles::ROUTES,
    api::sessions::ROUTES,
    api::signing_keys::ROUTES,
    api::tickets::ROUTES,
    api::user_blocks::ROUTES,
    api::userinfo::ROUTES,
    api::users::ROUTES,
];

/// What is known of an endpoint before a request.
#[allow(clippy::struct_excessive_bools)] // each is a property of its own
struct Endpoint {
    route: &'static Route,
    /// The scopes that the guard requires; `None` if the handler checks the token.
    scopes: Option<Alternatives>,
    /// Whether the first parameter of the path is the id of a user.
    is_of_user: bool,
    /// Whether it deletes something that belongs to the user.
    deletes_below_user: bool,
    /// Whether the request may name a custom domain.
    takes_custom_domain: bool,
    /// Whether its query has a limit of its own, because it is a search.
    is_search: bool,
    /// The name of an endpoint of the Management API that writes, for the log.
    written: Option<String>,
    /// What the query must look like; `None` if the endpoint ignores it or the handler checks it.
    query: Option<&'static Schema>,
    /// What the body must look like; `None` if the endpoint ignores it or the handler checks it.
    body: Option<&'static Schema>,
}

static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let routes = NOUNS.iter().copied().flatten();
    routes
        .map(|route| Endpoint {
            route,
            scopes: required_scopes(route),
            deletes_below_user: route.method == "DELETE"
                && route.template.as_str().starts_with("/api/v2/users/{id}/"),
            takes_custom_domain: operation_of(route).is_some_and(|operation| operation.custom_domain),
            is_of_user: route.template.as_str().starts_with("/api/v2/users/{"),
            is_search: route.method == "GET"
                && ["/api/v2/logs", "/api/v2/users"].contains(&route.template.as_str()),
            written: written(route),
            query: below_base(route).and_then(|path| schema::of_query(route.method, &path)),
            body: below_base(route).and_then(|path| schema::of_body(route.method, &path)),
        })
        .collect()
});

/// The method and the path template of each endpoint.
pub(crate) fn endpoints() -> impl Iterator<Item = (&'static str, &'static str)> {
    NOUNS.iter().copied().flatten().map(|route| (route.method, route.template.as_str()))
}

/// Answers a request.
pub(crate) fn answer(state: &State, request: http::Request<Bytes>) -> Answer {
    let is_management = request.uri().path().starts_with("/api/v2/");
    let is_for_pages = cors::is_for_pages(request.uri().path());
    let origin = cors::origin(request.headers()).filter(|_| is_for_pages).map(ToOwned::to_owned);
    let allowed = origin.filter(|origin| allows_origin(&state.store(), origin));
    if let (true, Some(origin)) = (cors::is_preflight(request.method(), request.headers()), &allowed) {
        return cors::preflight(origin);
    }
    let mut answer = dispatch(state, request, is_management);
    if let Some(origin) = &allowed {
        cors::allow(&mut answer, origin);
    }
    if is_management {
        add_standard_headers(&mut answer);
        add_assumed_headers(&mut answer, &state.config.assumptions);
    }
    answer
}

/// Answers a `GET` of the Management API as one with every scope. It is not counted against rate limits.
pub(crate) fn inspect(state: &State, uri: &Uri) -> Answer {
    let Some((endpoint, parameters)) = find("GET", uri.path()) else {
        return api::not_implemented::answer("GET", uri.path()).into();
    };
    let grant = Grant::Management(all_scopes());
    let (headers, extensions) = (HeaderMap::new(), Extensions::new());
    let request = Request::new(&Method::GET, uri, headers, &extensions, Bytes::new(), parameters, grant);
    let outcome = match endpoint.query {
        Some(schema) => request.check_query(schema),
        None => Ok(()),
    };
    let outcome = outcome.and_then(|()| match endpoint.route.handler {
        Handler::Read(_) => call(state, endpoint, &request),
        Handler::Write(_) => Err(Failure::not_found()),
    });
    outcome.unwrap_or_else(Into::into)
}

fn dispatch(state: &State, request: http::Request<Bytes>, is_management: bool) -> Answer {
    let (parts, body) = request.into_parts();
    let Some((endpoint, parameters)) = find(parts.method.as_str(), parts.uri.path()) else {
        return api::not_implemented::answer(parts.method.as_str(), parts.uri.path()).into();
    };
    let now = state.clock.millis();
    let standing = match count(state, &parts, is_management, now) {
        Some(Ok(standing)) => Some(standing),
        Some(Err(rejection)) if is_management => {
            return too_many_requests(rejection, state.config.assumptions.rate_limit_headers);
        }
        Some(Err(rejection)) => return too_many_logins(&rejection),
        None => None,
    };
    let grant = match endpoint.scopes {
        None => Ok(Grant::Nothing),
        Some(scopes) => authorize(state, &parts.headers, scopes, now),
    };
    let outcome = grant.and_then(|grant| {
        let mut request = Request::new(
            &parts.method,
            &parts.uri,
            parts.headers,
            &parts.extensions,
            body,
            parameters,
            grant,
        );
        if endpoint.is_of_user {
            check_user_id(request.parameter(0))?;
            check_subject(state, &request)?;
        }
        if endpoint.is_search {
            request.check_query_length()?;
        }
        if let Some(schema) = endpoint.query {
            request.check_query(schema)?;
        }
        if let Some(schema) = endpoint.body {
            request.check_body(schema)?;
        }
        if endpoint.deletes_below_user && state.store().users().get(request.parameter(0)).is_none() {
            return match &state.config.assumptions.delete_of_unknown_user {
                Some(error) => Err(Failure::assumed(error, &[])),
                None => Ok(no_content()),
            };
        }
        if endpoint.takes_custom_domain {
            request.select_custom_domain(&state.config)?;
        }
        call(state, endpoint, &request)
    });
    match outcome {
        Ok(mut answer) => {
            // Errors of the Management API carry no rate limit headers.
            if let Some(standing) = standing.filter(|_| answer.status().is_success()) {
                add_standing(&mut answer, standing);
            }
            answer
        }
        Err(failure) => failure.into(),
    }
}

/// Counts a request against the rate limits. The files of exports are not limited.
fn count(state: &State, parts: &Parts, is_management: bool, now: u64) -> Option<Result<Standing, Rejection>> {
    let take = |counted: &Counted<'_>| lock(&state.limiter).take(counted, now);
    match parts.uri.path() {
        _ if is_management => take(&Counted::Management(&parts.method)),
        "/oauth/token" => take(&Counted::Token),
        "/userinfo" => {
            let tokens = state.tokens();
            match Request::bearer(&parts.headers).and_then(|token| tokens.grant(token, now)) {
                Some(Grant::User { id, .. }) => take(&Counted::UserInfo(id)),
                // The response to an invalid token has a limit of its own.
                _ => None,
            }
        }
        path if path.starts_with("/exports/") => None,
        _ => take(&Counted::Authentication),
    }
}

/// Calls a handler, and commits its changes unless it fails.
fn call(state: &State, endpoint: &Endpoint, request: &Request) -> Result<Answer, Failure> {
    match endpoint.route.handler {
        Handler::Read(handler) => {
            let context = ReadContext {
                store: &state.store(),
                tokens: &state.tokens(),
                clock: &state.clock,
                config: &state.config,
                turn: state.turn(),
            };
            handler(&context, request)
        }
        Handler::Write(handler) => state.write(|mut context| {
            let outcome = handler(&mut context, request);
            // A refused login is counted and logged, so its answer is no failure of the handler.
            if let Ok(answer) = &outcome {
                if let Some(written) = endpoint.written.as_ref().filter(|_| answer.status().is_success()) {
                    record_success(&mut context, request, written, answer);
                }
                state.commit(context.transaction, context.random).map_err(|error| {
                    let message =
                        format!("The change was not made, because the state file cannot be written: {error}");
                    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, None, message)
                })?;
            }
            outcome
        }),
    }
}

/// The endpoint of a request, with the values of the path's parameters.
fn find(method: &str, path: &str) -> Option<(&'static Endpoint, Vec<String>)> {
    let mut of_method = ENDPOINTS.iter().filter(|endpoint| endpoint.route.method == method);
    of_method.find_map(|endpoint| Some((endpoint, endpoint.route.template.matches(path)?)))
}

/// The path of an endpoint of the Management API below `/api/v2`.
fn below_base(route: &Route) -> Option<PathTemplate> {
    PathTemplate::parse(route.template.as_str().strip_prefix("/api/v2")?).ok()
}

/// Whether an endpoint has this method and a path of this shape, below `/api/v2`.
#[cfg(test)]
pub(crate) fn is_served(method: &str, path: &PathTemplate) -> bool {
    let is_same = |route: &Route| {
        route.method == method && below_base(route).is_some_and(|below| below.has_shape_of(path))
    };
    ENDPOINTS.iter().any(|endpoint| is_same(endpoint.route))
}

/// The name of an endpoint of the Management API that writes: that of Auth0's document, or else its method and path.
fn written(route: &Route) -> Option<String> {
    let path = below_base(route)?;
    let writes = matches!(route.handler, Handler::Write(_));
    let name = || schema::summary(route.method, &path).map(ToOwned::to_owned);
    writes.then(|| name().unwrap_or_else(|| format!("{} {}", route.method, route.template)))
}

fn required_scopes(route: &Route) -> Option<Alternatives> {
    match route.guard {
        Guard::Handler => None,
        Guard::Scope(scopes) => Some(scopes),
        Guard::Catalogue => {
            below_base(route)?;
            Some(operation_of(route).map_or(&[], |operation| operation.scopes))
        }
    }
}

/// The operation of an endpoint of the Management API.
fn operation_of(route: &Route) -> Option<&'static Descriptor> {
    let path = below_base(route)?;
    let is_its = |operation: &&&'static Descriptor| {
        operation.api == Api::Management
            && operation.method == route.method
            && operation.path.has_shape_of(&path)
    };
    CATALOGUE.iter().find(is_its).copied()
}

fn authorize(state: &State, headers: &HeaderMap, scopes: Alternatives, now: u64) -> Result<Grant, Failure> {
    let grant = state.tokens().management_grant(Request::bearer(headers), &state.config, now)?;
    let is_allowed = match &grant {
        // A self-service token is of use where a scope of its kind is enough.
        Grant::SelfService { scopes: granted, .. } => {
            scopes.iter().any(|required| is_self_service(required) && allows(&[required], granted))
        }
        grant => allows(scopes, grant.management_scopes()),
    };
    if is_allowed { Ok(grant) } else { Err(Failure::insufficient_scope(scopes)) }
}

fn is_self_service(scopes: &[&str]) -> bool {
    scopes.iter().any(|scope| scope.contains(":current_user"))
}

/// Checks that a self-service token is of the user whom the path names.
fn check_subject(state: &State, request: &Request) -> Result<(), Failure> {
    let Grant::SelfService { id, .. } = &request.grant else { return Ok(()) };
    if id == request.parameter(0) {
        return Ok(());
    }
    Err(Failure::assumed(&state.config.assumptions.another_subject, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_get_of_the_management_api_writes() {
        for Endpoint { route, .. } in ENDPOINTS.iter() {
            // A browser that is sent to a page, or opens a link, changes something.
            let is_api = route.template.as_str().starts_with("/api/v2/");
            let reads = matches!(route.handler, Handler::Read(_));
            assert!(!is_api || route.method != "GET" || reads, "{}", route.template);
        }
    }

    #[test]
    fn every_endpoint_is_declared_once_and_requires_a_scope_or_checks_the_token() {
        let mut endpoints = Vec::new();
        for Endpoint { route, scopes, .. } in ENDPOINTS.iter() {
            let (method, template) = (route.method, &route.template);
            assert!(
                !endpoints.iter().any(|(other, path): &(_, &PathTemplate)| *other == method && path.has_shape_of(template)),
                "{method} {template}"
            );
            endpoints.push((method, template));
            assert!(scopes.is_none_or(|scopes| !scopes.is_empty()), "{method} {template}");
        }
    }

    #[test]
    fn every_get_that_takes_query_parameters_has_a_schema_of_them() {
        let without: Vec<&str> = ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.route.method == "GET" && endpoint.query.is_none())
            .filter(|endpoint| !matches!(endpoint.route.guard, Guard::Handler))
            .map(|endpoint| endpoint.route.template.as_str())
            .collect();
        // These take none, or are not checked.
        assert_eq!(
            without,
            [
                "/api/v2/users/{id}/authentication-methods/{method}",
                "/api/v2/clients/{id}",
                "/api/v2/guardian/enrollments/{id}",
                "/api/v2/jobs/{id}",
                "/api/v2/jobs/{id}/errors",
                "/api/v2/logs/{id}",
                "/api/v2/users/{id}/enrollments",
                "/api/v2/users/{id}/federated-connections-tokensets",
                "/api/v2/organizations/name/{name}",
                "/api/v2/organizations/{id}",
                "/api/v2/refresh-tokens/{id}",
                "/api/v2/roles/{id}",
                "/api/v2/sessions/{id}",
                "/api/v2/keys/signing",
                "/api/v2/keys/signing/{kid}",
            ]
        );
    }

    #[test]
    fn every_endpoint_that_takes_a_body_has_a_schema() {
        let without: Vec<String> = ENDPOINTS
            .iter()
            .filter(|endpoint| {
                ["PATCH", "POST", "PUT"].contains(&endpoint.route.method) && endpoint.body.is_none()
            })
            .filter(|endpoint| !matches!(endpoint.route.guard, Guard::Handler))
            .map(|endpoint| format!("{} {}", endpoint.route.method, endpoint.route.template))
            .collect();
        // These take no body, but for imports, which are forms with a file.
        assert_eq!(
            without,
            [
                "POST /api/v2/users/{id}/recovery-code-regeneration",
                "POST /api/v2/jobs/users-imports",
                "POST /api/v2/users/{id}/multifactor/actions/invalidate-remember-browser",
                "POST /api/v2/sessions/{id}/revoke",
                "POST /api/v2/keys/signing/rotate",
                "PUT /api/v2/keys/signing/{kid}/revoke",
            ]
        );
    }
}
