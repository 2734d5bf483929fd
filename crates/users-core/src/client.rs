//! The state shared by clients and managers.

use crate::base_url::BaseUrl;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::descriptor::Api;
use crate::error::Error;
use crate::pacing::Pacer;
use crate::response::RESPONSE_LIMIT;
use crate::retry::Retry;
use crate::token::TokenSource;
use crate::transport::HttpTransport;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use users_model::{JsonObject, Secret};

/// The state of a client or manager. Clones share the transport, the token, the pacer and the retry budget.
#[derive(Clone)]
// It is `pub` because a sealed trait names it, but it is not reachable from outside the crate.
#[allow(unreachable_pub)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) base: BaseUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) custom_domain: Option<HeaderValue>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) transport: Arc<dyn HttpTransport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) token: Option<Arc<dyn TokenSource>>,
    pub(crate) pacer: Arc<dyn Pacer>,
    pub(crate) retry: Retry,
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: Limits,
}

/// The request defaults: limits of time and size, which a call may override.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) overall: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) attempt: Duration,
    pub(crate) response: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { overall: None, connect: None, attempt: Duration::from_secs(30), response: RESPONSE_LIMIT }
    }
}

/// The options of one call, in addition to those of its operation. Most calls have none, so they take no room in its future.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions(Option<Box<Options>>);

impl CallOptions {
    /// The options, to set one of them.
    pub(crate) fn set(&mut self) -> &mut Options {
        self.0.get_or_insert_default()
    }
}

impl Deref for CallOptions {
    type Target = Options;

    fn deref(&self) -> &Options {
        static NONE: LazyLock<Options> = LazyLock::new(Options::default);
        self.0.as_deref().unwrap_or_else(|| &NONE)
    }
}

/// The options that were set.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) overall: Option<Duration>,
    pub(crate) connect: Option<Duration>,
    pub(crate) attempt: Option<Duration>,
    pub(crate) response: Option<usize>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) retry: Option<Retry>,
    pub(crate) headers: HeaderMap,
    pub(crate) custom_domain: Option<HeaderValue>,
    pub(crate) query: Vec<(String, String)>,
    /// Empty unless a property was set.
    pub(crate) body: JsonObject,
    /// Makes the request of each further attempt, where the first one must not be sent twice.
    pub(crate) remake: Option<Arc<Remake>>,
}

pub(crate) type Remake = dyn Fn() -> BoxFuture<'static, Result<http::Request<Bytes>, Error>> + Send + Sync;

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets: only names are shown.
        f.debug_struct("CallOptions")
            .field("overall", &self.overall)
            .field("connect", &self.connect)
            .field("attempt", &self.attempt)
            .field("response", &self.response)
            .field("idempotent", &self.idempotent)
            .field("retry", &self.retry)
            .field("headers", &self.headers.keys().collect::<Vec<&HeaderName>>())
            .field("custom_domain", &self.custom_domain)
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body", &self.body.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("remake", &self.remake.is_some())
            .finish()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &*self.shared;
        f.debug_struct("Client")
            .field("base_url", &shared.base.to_string())
            .field("transport", &shared.transport)
            .field("clock", &shared.clock)
            .field("token", &shared.token)
            .field("pacer", &shared.pacer)
            .field("retry", &shared.retry)
            .field("limits", &shared.limits)
            .finish_non_exhaustive()
    }
}
