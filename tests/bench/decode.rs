//! Decoding a response, one case per model.

use crate::{Outcome, Run};
use bytes::Bytes;
use http::{Response, StatusCode};
use users_bench_server::{ERROR, LOG_EVENTS, ROLES, SESSIONS, USER, page as page_body};
use users_core::management::{GetAllUsers, GetUser, ListUserLogs, ListUserRoles, ListUserSessions};
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
