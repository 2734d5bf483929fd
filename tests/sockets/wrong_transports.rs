//! The conformance suite rejects transports that break one rule each.

use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;
use users_core::{Body, Clock, HttpTransport, Sent, TransportError};
use users_hyper::HyperTransport;
use users_mock::conformance::Suite;

/// A transport that keeps the contract but for one rule.
#[derive(Debug)]
struct Wrong {
    inner: HyperTransport,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Status,
    Header,
    OwnHeader,
    ResponseBody,
    RequestBody,
    Repeat,
    Redirect,
    NotSent,
    Timeout,
    Cause,
    Secret,
    Path,
    Method,
    Buffered,
}

#[async_trait]
impl HttpTransport for Wrong {
    async fn send(
        &self,
        mut request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let again = request.clone();
        match self.rule {
            Rule::Repeat => drop(self.inner.send(again.clone(), timeout).await),
            Rule::OwnHeader => drop(request.headers_mut().remove("authorization")),
            Rule::RequestBody => *request.body_mut() = request.body().slice(..request.body().len() / 2),
            Rule::Path => {
                *request.uri_mut() =
                    request.uri().to_string().replace("%7C", "|").replace("%2F", "/").parse().unwrap()
            }
            Rule::Method if request.method() == "PATCH" => *request.method_mut() = http::Method::POST,
            _ => {}
        }
        let timeout = if matches!(self.rule, Rule::Timeout) { None } else { timeout };
        let mut response = match (self.inner.send(request, timeout).await, self.rule) {
            (Ok(response), _) => response,
            (Err(error), Rule::NotSent) => {
                return Err(TransportError::new(error.kind(), Sent::No, "it failed"));
            }
            (Err(error), Rule::Cause) => {
                return Err(TransportError::new(error.kind(), error.sent(), "it failed"));
            }
            (Err(error), Rule::Secret) => {
                let text = format!(
                    "{error}: {:?}",
                    again.headers().get("authorization").map(|value| value.to_str().unwrap_or_default())
                );
                return Err(TransportError::new(error.kind(), error.sent(), text));
            }
            (Err(error), _) => return Err(error),
        };
        match self.rule {
            Rule::Status => *response.status_mut() = http::StatusCode::OK,
            Rule::Header => drop(response.headers_mut().remove("x-many")),
            Rule::ResponseBody => {
                let (parts, body) = response.into_parts();
                let body = body.collect(usize::MAX).await?;
                return Ok(http::Response::from_parts(parts, Body::from(body.slice(..body.len() / 2))));
            }
            Rule::Buffered => {
                let (parts, body) = response.into_parts();
                return Ok(http::Response::from_parts(
                    parts,
                    Body::from(body.collect(64 * 1024 * 1024).await?),
                ));
            }
            Rule::Redirect if response.headers().contains_key("location") => {
                let location = response.headers()["location"].to_str().unwrap().to_owned();
                let mut next = http::Request::get(again.uri().clone()).body(Bytes::new()).unwrap();
                let base = format!("http://{}", again.uri().authority().unwrap());
                *next.uri_mut() =
                    if location.starts_with('/') { format!("{base}{location}") } else { location }
                        .parse()
                        .unwrap();
                return self.inner.send(next, timeout).await;
            }
            _ => {}
        }
        Ok(response)
    }

    fn clock(&self) -> Option<std::sync::Arc<dyn Clock>> {
        self.inner.clock()
    }

    fn enforces_timeout(&self) -> bool {
        true
    }
}

#[test]
fn a_transport_that_breaks_a_rule_fails_the_check_of_that_rule() {
    let cases = [
        (Rule::Status, "status"),
        (Rule::Header, "response headers"),
        (Rule::OwnHeader, "request"),
        (Rule::ResponseBody, "response bodies"),
        (Rule::RequestBody, "request bodies"),
        (Rule::Repeat, "no repeats"),
        (Rule::Redirect, "no redirects"),
        (Rule::NotSent, "reset"),
        (Rule::Timeout, "timeout"),
        (Rule::Cause, "causes"),
        (Rule::Secret, "secrets"),
        (Rule::Path, "request"),
        (Rule::Method, "request"),
        (Rule::Buffered, "streaming"),
    ];
    let threads = cases.map(|(rule, check)| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let inner = HyperTransport::builder().no_proxy().build().unwrap();
            let report = Suite::new(Wrong { inner, rule }).run(|check| runtime.block_on(check));
            let failed: Vec<&str> = report.failures().map(|(name, _)| name).collect();
            assert!(failed.contains(&check), "{rule:?}, for which {check} should fail: {failed:?}");
        })
    });
    let failed: Vec<bool> = threads.into_iter().map(|thread| thread.join().is_err()).collect();
    assert!(!failed.contains(&true));
}
