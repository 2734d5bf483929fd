//! Lists in pages: by offset, with or without totals, or by checkpoint.

use super::answer::{Answer, Failure, json};
use super::request::Request;
use super::values::put;
use http::StatusCode;
use users_core::model::JsonObject;

/// How far offsets reach.
const WINDOW: u64 = 1000;

/// A page by `page` and `per_page`: a bare list, or with `include_totals` an envelope.
pub(super) fn by_offset(request: &Request, key: &str, all: &[JsonObject]) -> Result<Answer, Failure> {
    let (page, per_page) = (request.number("page", 0, u64::MAX)?, request.number("per_page", 50, 100)?);
    let start = page.saturating_mul(per_page);
    if start.saturating_add(per_page) > WINDOW {
        return Err(Failure::bad_request(
            "invalid_paging",
            format!(
                "Requesting page {page} exceeds the allowed maximum of {WINDOW} records. To fetch results beyond {WINDOW}, use \
                 the checkpoint pagination method."
            ),
        ));
    }
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let shown: Vec<&JsonObject> = all.iter().skip(size(start)).take(size(per_page)).collect();
    if !request.flag("include_totals", false)? {
        return Ok(json(StatusCode::OK, &shown));
    }
    let mut envelope = JsonObject::new();
    put(&mut envelope, key, &shown);
    put(&mut envelope, "start", start);
    put(&mut envelope, "limit", per_page);
    // Beyond the end there is no total; authentication methods leave it out where it is 0.
    let total = if start == 0 || !shown.is_empty() { all.len() } else { 0 };
    if key != "authenticators" || total > 0 {
        put(&mut envelope, "total", total);
    }
    Ok(json(StatusCode::OK, &envelope))
}

/// A page by `from` and `take`, with `next` unless it is the last.
pub(super) fn by_checkpoint(request: &Request, key: &str, all: &[JsonObject]) -> Result<Answer, Failure> {
    let take = usize::try_from(request.number("take", 50, 100)?).unwrap_or(usize::MAX).max(1);
    let from = match request.query("from") {
        None => 0,
        Some(text) => {
            text.parse().map_err(|_| Failure::query("'The checkpoint is not valid' on property from"))?
        }
    };
    let shown: Vec<&JsonObject> = all.iter().skip(from).take(take).collect();
    let mut envelope = JsonObject::new();
    put(&mut envelope, key, &shown);
    if from + shown.len() < all.len() {
        put(&mut envelope, "next", (from + shown.len()).to_string());
    }
    Ok(json(StatusCode::OK, &envelope))
}
