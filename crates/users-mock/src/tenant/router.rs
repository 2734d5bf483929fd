//! Which request goes where.

use super::answer::{Answer, Failure, add_standard_headers, add_standing, too_many_requests};
use super::grant::Grant;
use super::request::{Request, decoded};
use super::state::State;
use super::{
    actions, belongings, connections, exports, identities, imports, jobs, methods, oauth, permissions,
    refresh_tokens, roles, sessions, userinfo, users,
};
use bytes::Bytes;
use http::StatusCode;
use users_core::{Api, CATALOGUE, PathTemplate};

/// What answers a request. One that reads cannot change the tenant.
#[derive(Clone, Copy)]
enum Handler {
    Read(fn(&State, &Request) -> Result<Answer, Failure>),
    Write(fn(&mut State, &Request) -> Result<Answer, Failure>),
}

use Handler::{Read, Write};

/// Who may call a route.
enum Guard {
    /// A Management API token with one of the scopes that the catalogue of operations names.
    Catalogue,
    /// A Management API token with this scope, for what exists here only so that users have something to belong to.
    Scope(&'static str),
    /// The handler looks at the token itself.
    Own,
}

use Guard::{Catalogue, Own, Scope};

#[rustfmt::skip]
const ROUTES: &[(&str, &str, Guard, Handler)] = &[
    ("POST",   "/oauth/token",                                            Own,       Write(oauth::token)),
    ("GET",    "/userinfo",                                               Own,       Read(userinfo::userinfo)),
    ("POST",   "/userinfo",                                               Own,       Read(userinfo::userinfo)),
    ("POST",   "/users/{user_id}/impersonate",                            Own,       Write(userinfo::impersonate)),
    ("GET",    "/exports/{file}",                                         Own,       Read(exports::file)),
    ("GET",    "/api/v2/users",                                           Catalogue, Read(users::list)),
    ("POST",   "/api/v2/users",                                           Catalogue, Write(users::create)),
    ("DELETE", "/api/v2/users",                                           Catalogue, Write(users::delete_all)),
    ("GET",    "/api/v2/users-by-email",                                  Catalogue, Read(users::by_email)),
    ("GET",    "/api/v2/users/{id}",                                      Catalogue, Read(users::get)),
    ("PATCH",  "/api/v2/users/{id}",                                      Catalogue, Write(users::update)),
    ("DELETE", "/api/v2/users/{id}",                                      Catalogue, Write(users::delete)),
    ("POST",   "/api/v2/users/{id}/identities",                           Catalogue, Write(identities::link)),
    ("DELETE", "/api/v2/users/{id}/identities/{provider}/{user_id}",      Catalogue, Write(identities::unlink)),
    ("DELETE", "/api/v2/users/{id}/multifactor/{provider}",               Catalogue, Write(users::delete_multifactor)),
    ("POST",   "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser", Catalogue, Read(actions::nothing_to_do)),
    ("POST",   "/api/v2/users/{id}/recovery-code-regeneration",           Catalogue, Write(actions::recovery_code)),
    ("POST",   "/api/v2/users/{id}/revoke-access",                        Catalogue, Write(actions::revoke_access)),
    ("POST",   "/api/v2/users/{id}/risk-assessments/clear",               Catalogue, Read(actions::nothing_to_do)),
    ("GET",    "/api/v2/users/{id}/roles",                                Catalogue, Read(roles::of_user)),
    ("POST",   "/api/v2/users/{id}/roles",                                Catalogue, Write(roles::assign)),
    ("DELETE", "/api/v2/users/{id}/roles",                                Catalogue, Write(roles::remove)),
    ("GET",    "/api/v2/users/{id}/effective-roles",                      Catalogue, Read(roles::effective)),
    ("GET",    "/api/v2/users/{id}/effective-roles/sources/groups",       Catalogue, Read(roles::source_groups)),
    ("GET",    "/api/v2/roles/{id}/users",                                Catalogue, Read(roles::users)),
    ("POST",   "/api/v2/roles/{id}/users",                                Catalogue, Write(roles::assign_users)),
    ("POST",   "/api/v2/roles",                                           Scope("create:roles"), Write(roles::create)),
    ("DELETE", "/api/v2/roles/{id}",                                      Scope("delete:roles"), Write(roles::delete)),
    ("GET",    "/api/v2/users/{id}/permissions",                          Catalogue, Read(permissions::of_user)),
    ("POST",   "/api/v2/users/{id}/permissions",                          Catalogue, Write(permissions::assign)),
    ("DELETE", "/api/v2/users/{id}/permissions",                          Catalogue, Write(permissions::remove)),
    ("GET",    "/api/v2/users/{id}/effective-permissions",                Catalogue, Read(permissions::effective)),
    ("GET",    "/api/v2/users/{id}/effective-permissions/sources/effective-roles", Catalogue, Read(permissions::source_roles)),
    ("POST",   "/api/v2/resource-servers",                                Scope("create:resource_servers"), Write(permissions::create_server)),
    ("DELETE", "/api/v2/resource-servers/{id}",                           Scope("delete:resource_servers"), Write(permissions::delete_server)),
    ("GET",    "/api/v2/users/{id}/authentication-methods",               Catalogue, Read(methods::list)),
    ("POST",   "/api/v2/users/{id}/authentication-methods",               Catalogue, Write(methods::create)),
    ("PUT",    "/api/v2/users/{id}/authentication-methods",               Catalogue, Write(methods::replace_all)),
    ("DELETE", "/api/v2/users/{id}/authentication-methods",               Catalogue, Write(methods::delete_all)),
    ("GET",    "/api/v2/users/{id}/authentication-methods/{method}",      Catalogue, Read(methods::get)),
    ("PATCH",  "/api/v2/users/{id}/authentication-methods/{method}",      Catalogue, Write(methods::update)),
    ("DELETE", "/api/v2/users/{id}/authentication-methods/{method}",      Catalogue, Write(methods::delete)),
    ("DELETE", "/api/v2/users/{id}/authenticators",                       Catalogue, Write(methods::delete_authenticators)),
    ("GET",    "/api/v2/users/{id}/organizations",                        Catalogue, Read(belongings::organizations)),
    ("GET",    "/api/v2/users/{id}/groups",                               Catalogue, Read(belongings::groups)),
    ("GET",    "/api/v2/users/{id}/logs",                                 Catalogue, Read(belongings::logs)),
    ("GET",    "/api/v2/users/{id}/connected-accounts",                   Catalogue, Read(belongings::connected_accounts)),
    ("GET",    "/api/v2/users/{id}/enrollments",                          Catalogue, Read(belongings::enrollments)),
    ("GET",    "/api/v2/users/{id}/federated-connections-tokensets",      Catalogue, Read(belongings::token_sets)),
    ("DELETE", "/api/v2/users/{id}/federated-connections-tokensets/{set}", Catalogue, Write(belongings::delete_token_set)),
    ("GET",    "/api/v2/users/{id}/sessions",                             Catalogue, Read(sessions::of_user)),
    ("DELETE", "/api/v2/users/{id}/sessions",                             Catalogue, Write(sessions::delete_of_user)),
    ("GET",    "/api/v2/sessions/{id}",                                   Catalogue, Read(sessions::get)),
    ("PATCH",  "/api/v2/sessions/{id}",                                   Catalogue, Write(sessions::update)),
    ("DELETE", "/api/v2/sessions/{id}",                                   Catalogue, Write(sessions::delete)),
    ("POST",   "/api/v2/sessions/{id}/revoke",                            Catalogue, Write(sessions::delete)),
    ("GET",    "/api/v2/users/{id}/refresh-tokens",                       Catalogue, Read(refresh_tokens::of_user)),
    ("DELETE", "/api/v2/users/{id}/refresh-tokens",                       Catalogue, Write(refresh_tokens::delete_of_user)),
    ("GET",    "/api/v2/refresh-tokens",                                  Catalogue, Read(refresh_tokens::list)),
    ("POST",   "/api/v2/refresh-tokens/revoke",                           Catalogue, Write(refresh_tokens::revoke)),
    ("GET",    "/api/v2/refresh-tokens/{id}",                             Catalogue, Read(refresh_tokens::get)),
    ("PATCH",  "/api/v2/refresh-tokens/{id}",                             Catalogue, Write(refresh_tokens::update)),
    ("DELETE", "/api/v2/refresh-tokens/{id}",                             Catalogue, Write(refresh_tokens::delete)),
    ("GET",    "/api/v2/user-blocks",                                     Catalogue, Read(belongings::blocks_by_identifier)),
    ("DELETE", "/api/v2/user-blocks",                                     Catalogue, Write(belongings::delete_blocks_by_identifier)),
    ("GET",    "/api/v2/user-blocks/{id}",                                Catalogue, Read(belongings::blocks)),
    ("DELETE", "/api/v2/user-blocks/{id}",                                Catalogue, Write(belongings::delete_blocks)),
    ("POST",   "/api/v2/tickets/email-verification",                      Catalogue, Write(actions::email_ticket)),
    ("POST",   "/api/v2/tickets/password-change",                         Catalogue, Write(actions::password_ticket)),
    ("POST",   "/api/v2/jobs/users-imports",                              Catalogue, Write(imports::create)),
    ("POST",   "/api/v2/jobs/users-exports",                              Catalogue, Write(exports::create)),
    ("POST",   "/api/v2/jobs/verification-email",                         Catalogue, Write(jobs::verification_email)),
    ("GET",    "/api/v2/jobs/{id}",                                       Catalogue, Read(jobs::get)),
    ("GET",    "/api/v2/jobs/{id}/errors",                                Catalogue, Read(jobs::errors)),
    ("DELETE", "/api/v2/connections/{id}/users",                          Catalogue, Write(connections::delete_user)),
    ("GET",    "/api/v2/connections",                                     Scope("read:connections"), Read(connections::list)),
];

/// Answers a request.
pub(super) fn answer(state: &mut State, request: http::Request<Bytes>) -> Answer {
    let is_management = request.uri().path().starts_with("/api/v2/");
    let mut answer = routed(state, request, is_management);
    if is_management {
        add_standard_headers(&mut answer);
    }
    answer
}

fn routed(state: &mut State, request: http::Request<Bytes>, is_management: bool) -> Answer {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Some((template, guard, handler, parameters)) = find(parts.method.as_str(), &path) else {
        return Failure::not_found().into();
    };
    let now = state.now_millis();
    let standing = match is_management.then(|| state.limiter.take(&parts.method, now)).flatten() {
        Some(Ok(standing)) => Some(standing),
        Some(Err(refusal)) => return too_many_requests(refusal),
        // No limit is announced where there is none: a careful client would keep to it.
        None => None,
    };
    let grant = match guard {
        Own => Ok(Grant::Nothing),
        Catalogue => admit(state, &parts.headers, scopes_of(parts.method.as_str(), template)),
        Scope(scope) => admit(state, &parts.headers, &[&[scope]]),
    };
    let outcome = grant.and_then(|grant| {
        let request = Request::new(&parts.uri, parts.headers, body, parameters, grant);
        match handler {
            Read(handler) => handler(state, &request),
            Write(handler) => handler(state, &request),
        }
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

type Found = (&'static str, &'static Guard, Handler, Vec<String>);

fn find(method: &str, path: &str) -> Option<Found> {
    ROUTES.iter().find_map(|(verb, template, guard, handler)| {
        let parameters = if *verb == method { fill(template, path)? } else { return None };
        Some((*template, guard, *handler, parameters))
    })
}

/// The scopes of the operation that has this endpoint: alternatives, of one of which all are required.
fn scopes_of(method: &str, template: &'static str) -> &'static [&'static [&'static str]] {
    let template = PathTemplate::new(template.strip_prefix("/api/v2").unwrap_or(template));
    let known = CATALOGUE.iter().find(|known| {
        known.api == Api::Management && known.method == method && known.path.has_shape_of(&template)
    });
    known.map_or(&[], |known| known.scopes)
}

fn admit(state: &State, headers: &http::HeaderMap, alternatives: &[&[&str]]) -> Result<Grant, Failure> {
    let grant = state.management_grant(Request::bearer(headers))?;
    check_scopes(&grant, alternatives)?;
    Ok(grant)
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

fn check_scopes(grant: &Grant, alternatives: &[&[&str]]) -> Result<(), Failure> {
    let Grant::Management(granted) = grant else { return Err(insufficient_scope(alternatives)) };
    let has = |scope: &&str| granted.iter().any(|granted| granted == scope);
    if alternatives.iter().any(|all| all.iter().all(has)) {
        return Ok(());
    }
    Err(insufficient_scope(alternatives))
}

/// The error as Auth0 words it; where scopes are required together, the first alternative is named.
fn insufficient_scope(alternatives: &[&[&str]]) -> Failure {
    let (which, scopes) = match alternatives.first() {
        Some(first) if first.len() > 1 => ("all of", first.to_vec()),
        _ => ("any of", alternatives.iter().copied().flatten().copied().collect()),
    };
    let message = format!("Insufficient scope, expected {which}: {}", scopes.join(","));
    Failure::new(StatusCode::FORBIDDEN, "insufficient_scope", message)
}

#[cfg(test)]
mod tests {
    use super::{Handler, ROUTES};

    #[test]
    fn no_get_writes() {
        for (method, template, _, handler) in ROUTES {
            assert!(*method != "GET" || matches!(handler, Handler::Read(_)), "{method} {template}");
        }
    }
}
