//! `--debug http`: each request and response, on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use users_hyper::bytes::Bytes;
use users_hyper::http::header::AUTHORIZATION;
use users_hyper::http::{HeaderMap, Request, Response};
use users_hyper::{Body, Clock, HttpTransport, SystemClock, TransportError, async_trait, is_sensitive};

/// What is printed in addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Debug {
    /// Each request and response: path, status, time, rate limit and request id, without bodies and secrets
    Http,
}

/// The headers of responses that are printed. Others may hold secrets, as `location` and `set-cookie` do.
const HEADERS: [&str; 6] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "retry-after",
    "x-auth0-requestid",
    "x-request-id",
];

/// Prints the requests and responses of another transport.
#[derive(Debug)]
pub(crate) struct Printed {
    inner: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    /// The number of requests so far: responses come in another order.
    sent: AtomicU64,
}

impl Printed {
    pub(crate) fn new(inner: Arc<dyn HttpTransport>) -> Self {
        let clock = inner.clock().unwrap_or_else(|| Arc::new(SystemClock::new()));
        Self { inner, clock, sent: AtomicU64::new(0) }
    }
}

#[async_trait]
impl HttpTransport for Printed {
    async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<Response<Body>, TransportError> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let line = request_line(&request);
        print(&format!("[{number}] > {line}"));
        let began = self.clock.now();
        let outcome = self.inner.send(request, timeout).await;
        let took = self.clock.now().saturating_since(began).as_millis();
        match &outcome {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), headers(response.headers()));
                print(&format!("[{number}] < {status} after {took} ms: {line}{headers}"));
            }
            Err(error) => print(&format!("[{number}] < no response after {took} ms: {line}: {error}")),
        }
        outcome
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.inner.clock()
    }

    fn enforces_timeout(&self) -> bool {
        self.inner.enforces_timeout()
    }
}

/// Method, path and query of a request.
fn request_line(request: &Request<Bytes>) -> String {
    let (method, uri) = (request.method(), request.uri());
    if request.headers().contains_key(AUTHORIZATION) {
        return match uri.query() {
            Some(query) => format!("{method} {}?{}", uri.path(), without_secrets(query)),
            None => format!("{method} {}", uri.path()),
        };
    }
    // Anyone with the URL of an exported file can download it.
    let path = if uri.path().ends_with("/oauth/token") { uri.path() } else { "/…" };
    format!("{method} {}://{}{path}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default())
}

/// The query without the values of sensitive parameters.
fn without_secrets(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_sensitive(key) => format!("{key}=…"),
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn headers(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for name in HEADERS {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            let _ = write!(text, "; {name}: {value}");
        }
    }
    text
}

/// Prints a line, over a bar that may be in its place. A failure is ignored: this is not the output of the command.
fn print(line: &str) {
    let mut err = io::stderr().lock();
    let clear = if err.is_terminal() { "\r\u{1b}[2K" } else { "" };
    let _ = writeln!(err, "{clear}{line}");
}

#[cfg(test)]
mod tests {
    use super::request_line;
    use users_hyper::bytes::Bytes;
    use users_hyper::http::Request;

    #[test]
    fn urls_that_are_secrets_and_sensitive_parameters_are_not_shown() {
        let line = |method: &str, url: &str, token: Option<&str>| {
            let mut request = Request::builder().method(method).uri(url);
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            request_line(&request.body(Bytes::new()).unwrap())
        };
        let users = "https://t.auth0.com/api/v2/users?q=a%3Ab&access_token=hidden&page=2";
        assert_eq!(
            line("GET", users, Some("Bearer hidden")),
            "GET /api/v2/users?q=a%3Ab&access_token=…&page=2"
        );
        assert_eq!(
            line("GET", "https://s3.example.com/hidden?X-Amz-Signature=hidden", None),
            "GET https://s3.example.com/…"
        );
        assert_eq!(
            line("POST", "https://t.auth0.com/oauth/token?client_secret=hidden", None),
            "POST https://t.auth0.com/oauth/token"
        );
    }
}
