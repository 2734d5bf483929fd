//! The list of users.

use crate::tenant::object::set;
use crate::tenant::search::candidates::Matches;
use crate::tenant::search::filter::Effort;
use crate::tenant::search::projection::project;
use crate::tenant::search::query::{Query, Unusable};
use crate::tenant::search::sort::Sort;
use crate::tenant::store::User;
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::context::ReadContext;
use crate::tenant::wire::request::Request;
use http::StatusCode;
use users_core::model::JsonObject;

/// The number of users that a search returns at most, over all its pages.
const WINDOW: u64 = 1000;

/// Answers `GET /users`.
pub(crate) fn list(context: &ReadContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let store = context.store;
    let page = request.number("page", 0);
    let per_page = request.number("per_page", 50);
    let totals = request.flag("include_totals", false);
    check_engine(request)?;
    let start = page.saturating_mul(per_page);
    if start >= WINDOW {
        return Err(Failure::bad_request(
            "invalid_paging",
            "You can only page through the first 1000 records. See \
             https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation",
        ));
    }
    if let (Some(error), true) =
        (&context.config.assumptions.page_across_window, start.saturating_add(per_page) > WINDOW)
    {
        return Err(Failure::assumed(error, &[]));
    }
    let effort = Effort::new();
    let turn = if context.config.shuffles_ties { context.turn } else { 0 };
    let query = Query::parse(request.query("q").unwrap_or_default(), context.config.id_search)
        .map_err(|unusable| rejected(context, &unusable))?;
    let sort =
        request.query("sort").map(|sort| Sort::parse(sort, &context.config.assumptions)).transpose()?;
    let connection = request.query("connection");
    let in_connection =
        |user: &&User| connection.is_none_or(|name| user.connection().as_deref() == Some(name));
    let matches = Matches::new(store, &query, &effort).sorted(sort.as_ref(), turn);
    // A page without totals needs no users behind it.
    let needed = if totals { WINDOW } else { WINDOW.min(start.saturating_add(per_page)) };
    let found: Vec<&User> = matches.filter(in_connection).take(size(needed)).collect();
    if effort.is_spent() {
        return Err(rejected(context, &Unusable::effort()));
    }
    let total = found.len().min(size(WINDOW));
    let shown: Vec<JsonObject> = found
        .iter()
        .take(size(WINDOW))
        .skip(size(start))
        .take(size(per_page))
        .map(|user| project(user.shown(), request))
        .collect();
    if !totals {
        return Ok(json(StatusCode::OK, &shown));
    }
    let mut envelope = JsonObject::new();
    set(&mut envelope, "start", start);
    set(&mut envelope, "limit", per_page);
    set(&mut envelope, "length", shown.len());
    set(&mut envelope, "users", &shown);
    set(&mut envelope, "total", total);
    Ok(json(StatusCode::OK, &envelope))
}

/// The error for a query that Auth0 rejects.
pub(crate) fn rejected(context: &ReadContext<'_>, unusable: &Unusable) -> Failure {
    Failure::assumed(&context.config.assumptions.query, &[("reason", &unusable.0)])
}

fn check_engine(request: &Request) -> Result<(), Failure> {
    if request.query("connection").is_none() || request.query("search_engine") == Some("v1") {
        return Ok(());
    }
    Err(Failure::query(
        "'The connection parameter is supported by search engine v1 only' on property connection",
    ))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
