//! Pages of a list: by offset, with or without totals, or by checkpoint.

use crate::tenant::object::set;
use crate::tenant::wire::answer::{Answer, Failure, json};
use crate::tenant::wire::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::StatusCode;
use users_core::model::JsonObject;

/// The number of entries that offsets reach.
const WINDOW: u64 = 1000;

/// The page that `page` and `per_page` select: a bare list, or with `include_totals` an envelope. Only its entries are rendered.
pub(crate) fn by_offset<T>(
    request: &Request,
    key: &str,
    all: &[T],
    render: impl Fn(&T) -> JsonObject,
) -> Result<Answer, Failure> {
    let (page, per_page) = (request.number("page", 0), request.number("per_page", 50));
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
    let shown: Vec<JsonObject> = all.iter().skip(size(start)).take(size(per_page)).map(render).collect();
    if !request.flag("include_totals", false) {
        return Ok(json(StatusCode::OK, &shown));
    }
    let mut envelope = JsonObject::new();
    set(&mut envelope, key, &shown);
    set(&mut envelope, "start", start);
    if key == "invitations" {
        // Recorded: the limit is the number of entries, and there is no total.
        set(&mut envelope, "limit", shown.len());
        return Ok(json(StatusCode::OK, &envelope));
    }
    set(&mut envelope, "limit", per_page);
    // A page beyond the end has the total 0, and authentication methods leave out a total of 0.
    let total = if start == 0 || !shown.is_empty() { all.len() } else { 0 };
    if key != "authenticators" || total > 0 {
        set(&mut envelope, "total", total);
    }
    Ok(json(StatusCode::OK, &envelope))
}

/// The page that `from` and `take` select, with `next` unless it is the last one. Only its entries are rendered.
pub(crate) fn by_checkpoint<T>(
    request: &Request,
    key: &str,
    all: &[T],
    render: impl Fn(&T) -> JsonObject,
) -> Result<Answer, Failure> {
    let take = usize::try_from(request.number("take", 50)).unwrap_or(usize::MAX);
    let from: usize = match request.query("from") {
        None => 0,
        Some(text) => {
            text.parse().map_err(|_| Failure::query("'The checkpoint is not valid' on property from"))?
        }
    };
    let shown: Vec<JsonObject> = all.iter().skip(from).take(take).map(render).collect();
    let next = from.saturating_add(shown.len());
    let mut envelope = JsonObject::new();
    set(&mut envelope, key, &shown);
    if next < all.len() {
        set(&mut envelope, "next", next.to_string());
    }
    Ok(json(StatusCode::OK, &envelope))
}

/// The page that the request selects: by checkpoint if it has `take` or `from`, and by offset otherwise. A checkpoint is the position
/// after which the next page begins, so that entries that are removed meanwhile hide no others.
pub(crate) fn by_either<T>(
    request: &Request,
    key: &str,
    all: &[(u64, T)],
    render: impl Fn(&T) -> JsonObject,
) -> Result<Answer, Failure> {
    if !is_by_checkpoint(request) {
        return by_offset(request, key, all, |(_, entry)| render(entry));
    }
    let take = usize::try_from(request.number("take", 50)).unwrap_or(usize::MAX);
    let after: Option<u64> = match request.query("from") {
        None => None,
        Some(text) => {
            let invalid = || Failure::query("'The checkpoint is not valid' on property from");
            let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| invalid())?;
            let position = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
            Some(position.ok_or_else(invalid)?)
        }
    };
    let mut following = all.iter().filter(|(position, _)| after.is_none_or(|after| *position > after));
    let page: Vec<&(u64, T)> = following.by_ref().take(take).collect();
    let shown: Vec<JsonObject> = page.iter().map(|(_, entry)| render(entry)).collect();
    let mut envelope = JsonObject::new();
    set(&mut envelope, key, &shown);
    if let (Some((last, _)), true) = (page.last(), following.next().is_some()) {
        set(&mut envelope, "next", STANDARD_NO_PAD.encode(last.to_string()));
    }
    Ok(json(StatusCode::OK, &envelope))
}

/// Whether a request selects a page by checkpoint.
pub(crate) fn is_by_checkpoint(request: &Request) -> bool {
    request.query("take").is_some() || request.query("from").is_some()
}

/// Renders an entry as it is.
pub(crate) fn unchanged(entry: &JsonObject) -> JsonObject {
    entry.clone()
}
