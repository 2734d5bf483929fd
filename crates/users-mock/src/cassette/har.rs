//! The HTTP Archive format, version 1.2, as far as a cassette uses it: <http://www.softwareishard.com/blog/har-12-spec/>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use users_core::{Sent, TransportErrorKind};

/// A file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Har {
    pub(crate) log: Log,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) version: String,
    pub(crate) creator: Creator,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Creator {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// An exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) started_date_time: String,
    /// In milliseconds.
    pub(crate) time: f64,
    pub(crate) request: Request,
    pub(crate) response: Response,
    pub(crate) cache: Cache,
    pub(crate) timings: Timings,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) http_version: String,
    #[serde(default)]
    pub(crate) cookies: Vec<Pair>,
    #[serde(default)]
    pub(crate) headers: Vec<Pair>,
    #[serde(default)]
    pub(crate) query_string: Vec<Pair>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) post_data: Option<PostData>,
    pub(crate) headers_size: i64,
    pub(crate) body_size: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostData {
    pub(crate) mime_type: String,
    pub(crate) text: String,
    /// `base64` for a body that is not text. The format has no key for it in requests.
    #[serde(rename = "_encoding", default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    /// 0 if there was no response.
    pub(crate) status: u16,
    pub(crate) status_text: String,
    pub(crate) http_version: String,
    #[serde(default)]
    pub(crate) cookies: Vec<Pair>,
    #[serde(default)]
    pub(crate) headers: Vec<Pair>,
    pub(crate) content: Content,
    #[serde(rename = "redirectURL")]
    pub(crate) redirect_url: String,
    pub(crate) headers_size: i64,
    pub(crate) body_size: i64,
    /// The error of the transport, in place of a response or while the body was read.
    #[serde(rename = "_error", default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failure>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    pub(crate) size: i64,
    pub(crate) mime_type: String,
    #[serde(default)]
    pub(crate) text: String,
    /// `base64` for a body that is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) sent: String,
    pub(crate) message: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cache {}

/// In milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timings {
    pub(crate) send: f64,
    pub(crate) wait: f64,
    pub(crate) receive: f64,
}

impl Entry {
    /// An exchange that has no response yet.
    pub(crate) fn new(request: &http::Request<Bytes>) -> Self {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let post_data = (!request.body().is_empty()).then(|| {
            let (text, encoding) = encode(request.body());
            PostData { mime_type: kind.unwrap_or_default().to_owned(), text, encoding }
        });
        Self {
            started_date_time: String::new(),
            time: 0.0,
            request: Request {
                method: request.method().to_string(),
                url: request.uri().to_string(),
                http_version: "HTTP/1.1".to_owned(),
                cookies: Vec::new(),
                headers: headers(request.headers()),
                query_string: Vec::new(),
                post_data,
                headers_size: -1,
                body_size: i64::try_from(request.body().len()).unwrap_or(-1),
            },
            response: Response {
                status: 0,
                status_text: String::new(),
                http_version: "HTTP/1.1".to_owned(),
                cookies: Vec::new(),
                headers: Vec::new(),
                content: Content::default(),
                redirect_url: String::new(),
                headers_size: -1,
                body_size: -1,
                error: None,
            },
            cache: Cache {},
            timings: Timings { send: 0.0, wait: 0.0, receive: 0.0 },
        }
    }
}

/// The text of a body, with `base64` if it is not text.
pub(crate) fn encode(body: &Bytes) -> (String, Option<String>) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (STANDARD.encode(body), Some("base64".to_owned())),
    }
}

/// The body of a text; `None` if it is not base64 although it should be.
pub(crate) fn decode(text: &str, encoding: Option<&str>) -> Option<Bytes> {
    match encoding {
        Some("base64") => STANDARD.decode(text).ok().map(Bytes::from),
        _ => Some(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// The headers in the order in which they were added. Bytes that are not ASCII are replaced.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<Pair> {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| Pair {
        name: name.to_string(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    headers.iter().map(pair).collect()
}

const KINDS: &[(TransportErrorKind, &str)] = &[
    (TransportErrorKind::Connect, "connect"),
    (TransportErrorKind::Timeout, "timeout"),
    (TransportErrorKind::Tls, "tls"),
    (TransportErrorKind::Io, "io"),
    (TransportErrorKind::Invalid, "invalid"),
    (TransportErrorKind::TooLarge, "too large"),
];

const SENT: &[(Sent, &str)] = &[(Sent::No, "no"), (Sent::Maybe, "maybe"), (Sent::Yes, "yes")];

impl From<&users_core::TransportError> for Failure {
    fn from(error: &users_core::TransportError) -> Self {
        let kind = KINDS.iter().find(|(kind, _)| *kind == error.kind()).map_or("io", |(_, name)| name);
        let sent = SENT.iter().find(|(sent, _)| *sent == error.sent()).map_or("maybe", |(_, name)| name);
        Self { kind: kind.to_owned(), sent: sent.to_owned(), message: error.to_string() }
    }
}

impl From<&Failure> for users_core::TransportError {
    fn from(failure: &Failure) -> Self {
        let kind = KINDS
            .iter()
            .find(|(_, name)| *name == failure.kind)
            .map_or(TransportErrorKind::Io, |(kind, _)| *kind);
        let sent = SENT.iter().find(|(_, name)| *name == failure.sent).map_or(Sent::Maybe, |(sent, _)| *sent);
        Self::new(kind, sent, failure.message.clone())
    }
}
