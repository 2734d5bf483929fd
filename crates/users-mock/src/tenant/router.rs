//! Which request goes where.

use super::answer::{Answer, Failure, add_standard_headers};
use super::grant::Grant;
use super::request::{Request, decoded};
use super::state::State;
use super::{connections, identities, oauth, userinfo, users};
use bytes::Bytes;
use http::StatusCode;

type Handler = fn(&mut State, &Request) -> Result<Answer, Failure>;

/// Who may call a route.
enum Guard {
    /// A Management API token with one of these scopes.
    Scopes(&'static [&'static str]),
    /// The handler looks at the token itself.
    Own,
}

use Guard::{Own, Scopes};

#[rustfmt::skip]
const ROUTES: &[(&str, &str, Guard, Handler)] = &[
    ("POST",   "/oauth/token",                                        Own,                                            oauth::token ),
    ("GET",    "/userinfo",                                           Own,                                            userinfo::userinfo),
    ("POST",   "/userinfo",                                           Own,                                            userinfo::userinfo),
    ("POST",   "/users/{user_id}/impersonate",                        Own,                                            userinfo::impersonate),
    ("GET",    "/api/v2/users",                                       Scopes(&["read:users", "read:user_idp_tokens"]), users::list),
    ("POST",   "/api/v2/users",                                       Scopes(&["create:users"]),                      users::create),
    ("DELETE", "/api/v2/users",                                       Scopes(&["delete:users"]),                      users::delete_all),
    ("GET",    "/api/v2/users-by-email",                              Scopes(&["read:users"]),                        users::by_email),
    ("GET",    "/api/v2/users/{id}",                                  Scopes(&["read:users", "read:user_idp_tokens"]), users::get),
    ("PATCH",  "/api/v2/users/{id}",                                  Scopes(&["update:users", "update:users_app_metadata"]), users::update),
    ("DELETE", "/api/v2/users/{id}",                                  Scopes(&["delete:users"]),                      users::delete),
    ("POST",   "/api/v2/users/{id}/identities",                       Scopes(&["update:users"]),                      identities::link),
    ("DELETE", "/api/v2/users/{id}/identities/{provider}/{user_id}",  Scopes(&["update:users"]),                      identities::unlink),
    ("DELETE", "/api/v2/users/{id}/multifactor/{provider}",           Scopes(&["update:users"]),                      users::delete_multifactor),
    ("GET",    "/api/v2/connections",                                 Scopes(&["read:connections"]),                  connections::list),
];

/// Answers a request.
pub(super) fn answer(state: &mut State, request: http::Request<Bytes>) -> Answer {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Some((guard, handler, parameters)) = find(parts.method.as_str(), &path) else {
        return Failure::not_found().into();
    };
    let grant = match guard {
        Own => Ok(Grant::Nothing),
        Scopes(scopes) => state
            .management_grant(Request::bearer(&parts.headers))
            .and_then(|grant| has_scope(&grant, scopes).map(|()| grant)),
    };
    let outcome = grant.and_then(|grant| {
        let request = Request::new(&parts.uri, parts.headers, body, parameters, grant);
        handler(state, &request)
    });
    match outcome {
        Ok(mut answer) => {
            // Errors of the Management API carry no rate limit headers.
            if answer.status().is_success() && path.starts_with("/api/v2/") {
                add_standard_headers(&mut answer, state.now_millis() / 1000);
            }
            answer
        }
        Err(failure) => failure.into(),
    }
}

fn find(method: &str, path: &str) -> Option<(&'static Guard, Handler, Vec<String>)> {
    ROUTES.iter().find_map(|(verb, template, guard, handler)| {
        let parameters = if *verb == method { fill(template, path)? } else { return None };
        Some((guard, *handler, parameters))
    })
}

/// The parameters with which a path fills a template. An empty segment fills nothing.
fn fill(template: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let (mut expected, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(expected), Some(given)) if expected.starts_with('{') && !given.is_empty() => {
                parameters.push(decoded(given));
            }
            (Some(expected), Some(given)) if expected == given => {}
            _ => return None,
        }
    }
}

fn has_scope(grant: &Grant, scopes: &[&str]) -> Result<(), Failure> {
    if let Grant::Management(granted) = grant {
        if granted.iter().any(|scope| scopes.contains(&scope.as_str())) {
            return Ok(());
        }
    }
    let message = format!("Insufficient scope, expected any of: {}", scopes.join(","));
    Err(Failure::new(StatusCode::FORBIDDEN, "insufficient_scope", message))
}
