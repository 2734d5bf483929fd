//! Decoding a response, one case per model.

use crate::{Outcome, Run};
use bytes::Bytes;
use http::{Response, StatusCode};
use users_bench_server::{ERROR, LOG_EVENTS, ROLES, SESSIONS, USER, page as page_body};
use users_core::authentication::{GetInfo, RequestToken};
use users_core::management::{
    GetAllUsers, GetJob, GetUser, LinkIdentity, ListAuthenticationMethods, ListConnections, ListUserLogs,
    ListUserOrganizations, ListUserRoles, ListUserSessions,
};
use users_core::{Error, Operation};

pub(crate) fn user() -> Outcome<Run> {
    case::<GetUser>(StatusCode::OK, USER, |user| user.is_ok_and(|user| user.user_id.is_some()))
}

pub(crate) fn page() -> Outcome<Run> {
    let (body, _) = page_body(0, 100, 2000);
    case::<GetAllUsers>(StatusCode::OK, &body, |page| page.is_ok_and(|page| page.len() == 100))
}

pub(crate) fn roles() -> Outcome<Run> {
    case::<ListUserRoles>(StatusCode::OK, ROLES, |page| page.is_ok_and(|page| page.len() == 5))
}

pub(crate) fn sessions() -> Outcome<Run> {
    case::<ListUserSessions>(StatusCode::OK, SESSIONS, |page| page.is_ok_and(|page| page.len() == 10))
}

pub(crate) fn log_events() -> Outcome<Run> {
    case::<ListUserLogs>(StatusCode::OK, LOG_EVENTS, |page| page.is_ok_and(|page| page.len() == 50))
}

pub(crate) fn identities() -> Outcome<Run> {
    case::<LinkIdentity>(StatusCode::CREATED, IDENTITIES, |list| list.is_ok_and(|list| list.len() == 2))
}

pub(crate) fn authentication_methods() -> Outcome<Run> {
    case::<ListAuthenticationMethods>(StatusCode::OK, METHODS, |page| page.is_ok_and(|page| page.len() == 2))
}

pub(crate) fn organizations() -> Outcome<Run> {
    case::<ListUserOrganizations>(StatusCode::OK, ORGANIZATIONS, |page| {
        page.is_ok_and(|page| page.len() == 2)
    })
}

pub(crate) fn connections() -> Outcome<Run> {
    case::<ListConnections>(StatusCode::OK, CONNECTIONS, |page| page.is_ok_and(|page| page.len() == 1))
}

pub(crate) fn job() -> Outcome<Run> {
    case::<GetJob>(StatusCode::OK, JOB, |job| job.is_ok_and(|job| job.id.is_some()))
}

pub(crate) fn user_info() -> Outcome<Run> {
    case::<GetInfo>(StatusCode::OK, USER_INFO, |info| info.is_ok_and(|info| info.sub.is_some()))
}

pub(crate) fn token() -> Outcome<Run> {
    case::<RequestToken>(StatusCode::OK, TOKEN, |token| token.is_ok_and(|token| token.expires_in.is_some()))
}

pub(crate) fn error() -> Outcome<Run> {
    case::<GetUser>(StatusCode::NOT_FOUND, ERROR, |user| user.is_err_and(|error| error.is_not_found()))
}

fn case<O: Operation>(
    status: StatusCode,
    body: &str,
    is_expected: impl Fn(Result<O::Output, Error>) -> bool + 'static,
) -> Outcome<Run> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Ok(Box::new(move || {
        let mut response = Response::new(body.clone());
        *response.status_mut() = status;
        assert!(is_expected(O::decode(response)));
    }))
}

const IDENTITIES: &str = r#"[
{"connection":"Username-Password-Authentication","user_id":"64b7f3a91c2e5d0012ab34cd","provider":"auth0","isSocial":false},
{"connection":"google-oauth2","user_id":"115015401343387192604","provider":"google-oauth2","isSocial":true,
"profileData":{"email":"ada@example.com","email_verified":true,"name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace"}}]"#;

const METHODS: &str = r#"[
{"id":"phone|dev_jCbN6Ydk2QX3hQFT","type":"phone","confirmed":true,"name":"mobile","phone_number":"XXXXXXXX1234",
"created_at":"2026-01-05T10:00:00.000Z","preferred_authentication_method":"sms"},
{"id":"passkey|dev_aaaaaaaaaaaaaaaa","type":"passkey","confirmed":true,"created_at":"2026-02-05T10:00:00.000Z",
"credential_device_type":"multi_device","credential_backed_up":true,"key_id":"a2V5","user_handle":"dXNlcg"}]"#;

const ORGANIZATIONS: &str = r##"[
{"id":"org_9ybsU1dN2dKfDkBi","name":"engineering","display_name":"Engineering","branding":{"colors":{"primary":"#FFFFFF"}}},
{"id":"org_2Xz1aVbN8dKfDkBi","name":"sales","display_name":"Sales","metadata":{"region":"eu"}}]"##;

const CONNECTIONS: &str = r#"[
{"id":"con_ftSSLHb0O7rcUGmF","name":"Username-Password-Authentication","strategy":"auth0","is_domain_connection":false,
"realms":["Username-Password-Authentication"],"enabled_clients":["kX9Qe1w0c0zX"],"options":{"passwordPolicy":"good","mfa":{"active":true}}}]"#;

const JOB: &str = r#"{"type":"users_import","status":"completed","created_at":"2026-01-05T10:00:00.000Z","id":"job_0000000000000001",
"connection_id":"con_ftSSLHb0O7rcUGmF","upsert":true,"external_id":"batch 7","send_completion_email":false,
"summary":{"failed":1,"updated":2,"inserted":3,"total":6}}"#;

const USER_INFO: &str = r#"{"sub":"auth0|64b7f3a91c2e5d0012ab34cd","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace",
"nickname":"ada","picture":"https://example.com/ada.png","locale":"en","updated_at":"2026-01-05T10:00:00.000Z",
"email":"ada@example.com","email_verified":true,"https://example.com/plan":"gold"}"#;

const TOKEN: &str = r#"{"access_token":"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL3RlbmFudCJ9.c2lnbmF0dXJl","scope":
"read:users update:users","expires_in":86400,"token_type":"Bearer"}"#;
