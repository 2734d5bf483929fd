//! A check and what it works with.

use crate::conformance::server::Server;
use bytes::Bytes;
use futures_util::future::{Either, select};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use users_core::{Body, Clock as _, HttpTransport, SystemClock, TransportError};

/// The time that a check may take.
const LIMIT: Duration = Duration::from_secs(20);

/// The time limit of requests that are expected to be answered.
pub(crate) const AMPLE: Duration = Duration::from_secs(10);

/// A check.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// What the contract requires.
    pub(crate) requires: &'static str,
    pub(crate) run: for<'a> fn(&'a Context) -> Outcome<'a>,
}

pub(crate) type Outcome<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// The transport, and a server of its own for each check.
pub(crate) struct Context {
    pub(crate) transport: Arc<dyn HttpTransport>,
    pub(crate) server: Server,
}

impl Context {
    pub(crate) fn new(transport: Arc<dyn HttpTransport>) -> io::Result<Self> {
        Ok(Self { transport, server: Server::start()? })
    }

    /// Runs a check within the time that it may take.
    pub(crate) async fn limited(&self, run: for<'a> fn(&'a Context) -> Outcome<'a>) -> Result<(), String> {
        match select(run(self), pin!(SystemClock::new().sleep(LIMIT))).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(format!("it takes more than {} seconds", LIMIT.as_secs())),
        }
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.server.address())
    }

    pub(crate) fn get(&self, target: &str) -> http::Request<Bytes> {
        self.request("GET", target, Bytes::new())
    }

    /// A request with a secret header, which no error may contain.
    pub(crate) fn request(&self, method: &str, target: &str, body: impl Into<Bytes>) -> http::Request<Bytes> {
        request(method, &self.url(target), body.into())
    }

    /// Sends a request that is expected to be answered.
    pub(crate) async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, String> {
        let place = format!("{} {}", request.method(), request.uri().path());
        self.transport.send(request, Some(AMPLE)).await.map_err(|error| format!("{place}: {error}"))
    }

    /// Sends a request that is expected to fail.
    pub(crate) async fn fail(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<TransportError, String> {
        let place = format!("{} {}", request.method(), request.uri().path());
        match self.transport.send(request, Some(timeout)).await {
            Err(error) => Ok(error),
            Ok(response) => {
                Err(format!("{place}: a response of status {} in place of an error", response.status()))
            }
        }
    }
}

/// What no error may contain.
pub(crate) const SECRET: &str = "conformance-secret-token";

pub(crate) fn request(method: &str, url: &str, body: Bytes) -> http::Request<Bytes> {
    let builder =
        http::Request::builder().method(method).uri(url).header("authorization", format!("Bearer {SECRET}"));
    // Method and URL are constants of the checks.
    builder.body(body).unwrap_or_default()
}

/// An address at which nobody listens.
pub(crate) fn closed_address() -> Result<SocketAddr, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}

/// Reads a body to its end.
pub(crate) async fn read(response: http::Response<Body>) -> Result<Bytes, String> {
    response
        .into_body()
        .collect(usize::MAX)
        .await
        .map_err(|error| format!("the body cannot be read: {error}"))
}

pub(crate) fn ensure(condition: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(reason()) }
}
