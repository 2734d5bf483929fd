//! A request and its response without their secrets, to be shown to a person.

use crate::cassette::har::Pair;
use crate::cassette::names::Part;
use crate::cassette::scrub::{Scrub, Scrubber};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A request and its response without their secrets, to be shown to a person; see [`Scrub::exchange`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The path and query of the request.
    pub target: String,
    /// The headers of the request.
    pub request_headers: Vec<(String, String)>,
    /// The body of the request; `None` if it is not text.
    pub request_body: Option<String>,
    /// The headers of the response.
    pub response_headers: Vec<(String, String)>,
    /// The body of the response; `None` if it is not text.
    pub response_body: Option<String>,
}

impl Scrub {
    /// Removes secrets from a request and its response: each value of a secret name, in headers, queries, JSON and forms, and that value
    /// wherever it occurs in them.
    ///
    /// ```
    /// use users_mock::Scrub;
    ///
    /// let request = http::Request::post("/oauth/token")
    ///     .header("authorization", "Bearer abcdef")
    ///     .header("content-type", "application/json")
    ///     .body(r#"{"client_id":"me","client_secret":"correct horse"}"#.into())?;
    /// let response = http::Response::new(r#"{"message":"abcdef is no token"}"#.into());
    /// let shown = Scrub::Secrets.exchange(&request, &response);
    /// assert_eq!(shown.request_body.as_deref(), Some(r#"{"client_id":"me","client_secret":"[redacted]"}"#));
    /// assert_eq!(shown.response_body.as_deref(), Some(r#"{"message":"[redacted] is no token"}"#));
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn exchange(self, request: &http::Request<Bytes>, response: &http::Response<Bytes>) -> Exchange {
        let mut scrubber = Scrubber::new(self);
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        // The first pass finds secrets by their names, and the second one removes them wherever they occur.
        pass(&mut scrubber, &target, request, response);
        pass(&mut scrubber, &target, request, response)
    }
}

fn pass(
    scrubber: &mut Scrubber,
    target: &str,
    request: &http::Request<Bytes>,
    response: &http::Response<Bytes>,
) -> Exchange {
    let target = scrubber.url(target, 0);
    let mut headers = |part, headers: &HeaderMap| {
        let mut pairs: Vec<Pair> = headers
            .iter()
            .map(|(name, value)| Pair {
                name: name.to_string(),
                value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
            })
            .collect();
        scrubber.headers(part, &mut pairs);
        pairs.into_iter().map(|pair| (pair.name, pair.value)).collect()
    };
    let request_headers = headers(Part::Request, request.headers());
    let response_headers = headers(Part::Response, response.headers());
    let mut body = |part, headers: &HeaderMap, body: &Bytes| {
        let text = std::str::from_utf8(body).ok()?;
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Some(scrubber.body(part, kind, text))
    };
    let request_body = body(Part::Request, request.headers(), request.body());
    let response_body = body(Part::Response, response.headers(), response.body());
    Exchange { target, request_headers, request_body, response_headers, response_body }
}
