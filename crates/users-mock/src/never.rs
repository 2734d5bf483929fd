//! A transport that never answers.

use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use users_core::{Body, HttpTransport, TransportError};

/// A transport that never answers: a call waits until its timeout passes or its future is dropped. It counts the requests.
///
/// ```
/// use std::time::Duration;
/// use users_core::{ManagementClient, Retry};
/// use users_mock::{NeverTransport, VirtualClock};
///
/// let (never, clock) = (NeverTransport::new(), VirtualClock::new());
/// let client = ManagementClient::builder(never.clone())
///     .domain("tenant.example.com")
///     .token("token")
///     .clock(clock.clone())
///     .retry(Retry::never())
///     .build()?;
/// let call = client.users().get("auth0|1").timeout(Duration::from_secs(5));
/// assert!(clock.block_on(call.send()).unwrap_err().is_timeout());
/// assert_eq!((never.requests(), clock.elapsed()), (1, Duration::from_secs(5)));
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NeverTransport {
    requests: Arc<AtomicUsize>,
}

impl NeverTransport {
    /// A transport that has received no request.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl HttpTransport for NeverTransport {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    }
}
