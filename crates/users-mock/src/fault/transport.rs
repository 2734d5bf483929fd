//! A transport that injects faults.

use crate::fault::kind::Fault;
use crate::fault::rule::{Reply, Rule, Times};
use crate::fault::spec::FaultSpec;
use crate::script::{Captured, Matcher};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::{Body, Clock, HttpTransport, Sent, TransportError, TransportErrorKind};

/// The time after which Auth0 ends a search.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// The message in Auth0's OpenAPI document.
const QUERY_TIMEOUT_MESSAGE: &str = "The query exceeded the timeout. Please try refining your search criteria. See \
                                     https://auth0.com/docs/best-practices/search-best-practices.";

/// The number of pieces of a slow body.
const PIECES: u32 = 10;

/// A transport that injects faults into the requests and responses of another one.
///
/// Clones share the same faults, so a test can keep one and inject later.
///
/// ```
/// use users_core::ManagementClient;
/// use users_core::management::CreateUser;
/// use users_core::model::NewUser;
/// use users_mock::{Fault, FaultyTransport, Tenant};
///
/// let tenant = Tenant::new();
/// let transport = FaultyTransport::new(tenant.clone(), tenant.clock());
/// transport.inject(Fault::ResetAfter).on(CreateUser::DESCRIPTOR);
///
/// let client = ManagementClient::builder(transport)
///     .domain(tenant.domain())
///     .token(tenant.management_token())
///     .build()?;
/// let ada = NewUser::new("Username-Password-Authentication").email("ada@example.com").password("Correct horse 1");
/// let error = tenant.clock().block_on(client.users().create(ada).send()).unwrap_err();
/// assert!(error.may_have_been_applied());
/// assert_eq!(tenant.user_count(), 1); // it was applied
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FaultyTransport {
    inner: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// With the number of each, by which it is found.
    rules: Vec<(u64, Rule)>,
    next: u64,
    latency: Option<RangeInclusive<Duration>>,
}

impl FaultyTransport {
    /// Wraps a transport, without any faults yet.
    pub fn new(inner: impl HttpTransport, clock: impl Clock) -> Self {
        Self { inner: Arc::new(inner), clock: Arc::new(clock), state: Arc::default() }
    }

    /// Delays each request and each response by a random time in this range.
    #[must_use]
    pub fn latency(self, each_way: RangeInclusive<Duration>) -> Self {
        self.state().latency = Some(each_way);
        self
    }

    /// Injects a fault into the next request; the methods of the return value narrow it down. Of several faults that match a request, the
    /// one that was injected first applies.
    pub fn inject(&self, fault: Fault) -> Injected<'_> {
        Injected { transport: self, number: self.add(Rule::new(fault)) }
    }

    /// Injects a fault that was parsed from text.
    pub fn inject_spec(&self, spec: &FaultSpec) {
        self.add(spec.0.clone());
    }

    /// Adds a rule, and returns its number.
    pub(crate) fn add(&self, rule: Rule) -> u64 {
        let mut state = self.state();
        state.rules.retain(|(_, rule)| rule.times != Times::Left(0));
        let number = state.next;
        state.next += 1;
        state.rules.push((number, rule));
        number
    }

    /// Removes all faults.
    pub fn remove_all(&self) {
        self.state().rules.clear();
    }

    /// The faults that still apply to requests, with the number of requests that are left.
    ///
    /// ```
    /// use users_mock::{FaultyTransport, Tenant};
    ///
    /// let tenant = Tenant::new();
    /// let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    /// faulty.inject_spec(&"503@users.get,times=2,header=retry-after:2".parse()?);
    /// assert_eq!(faulty.faults()[0].to_string(), "503@users.get,times=2,header=retry-after:2");
    /// # Ok::<(), users_mock::FaultSpecError>(())
    /// ```
    pub fn faults(&self) -> Vec<FaultSpec> {
        let state = self.state();
        let left = state.rules.iter().filter(|(_, rule)| rule.times != Times::Left(0));
        left.map(|(_, rule)| FaultSpec(rule.clone())).collect()
    }

    /// The fault of this request, and what it answers with.
    fn fault(&self, request: &Captured) -> Option<(Fault, Reply)> {
        let mut state = self.state();
        for (_, rule) in &mut state.rules {
            if rule.times == Times::Left(0)
                || rule.matcher.as_ref().is_some_and(|matcher| !matcher.matches(request))
            {
                continue;
            }
            if rule.skipped > 0 {
                rule.skipped -= 1;
            } else if rule.chance.is_none_or(|chance| chance == u64::MAX || self.clock.random() < chance) {
                rule.times = match rule.times {
                    Times::Left(left) => Times::Left(left.saturating_sub(1)),
                    Times::Unspecified if rule.chance.is_none() => Times::Left(0),
                    unlimited => unlimited,
                };
                return Some((rule.fault, rule.reply.clone()));
            }
        }
        None
    }

    /// Waits for the latency of one direction.
    async fn delay(&self) {
        let Some(latency) = self.state().latency.clone() else { return };
        let width = latency.end().saturating_sub(*latency.start());
        let width = u64::try_from(width.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        self.clock.sleep(*latency.start() + Duration::from_nanos(self.clock.random() % width)).await;
    }

    /// The body in pieces, spread over this time.
    async fn slow_body(&self, body: Body, time: Duration) -> Result<Body, TransportError> {
        let body = body.collect(usize::MAX).await?;
        let size = body.len().div_ceil(PIECES as usize).max(1);
        let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
        let clock = Arc::clone(&self.clock);
        let pieces = stream::iter(pieces).then(move |piece| {
            let pause = clock.sleep(time / PIECES);
            async move {
                pause.await;
                Ok(piece)
            }
        });
        Ok(Body::from_stream(pieces))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpTransport for FaultyTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<http::Response<Body>, TransportError> {
        let (fault, reply) = self.fault(&Captured::new(request.clone())).unzip();
        let reply = reply.unwrap_or_default();
        match fault {
            Some(Fault::ConnectRefused) => {
                return Err(TransportError::new(TransportErrorKind::Connect, Sent::No, "connection refused"));
            }
            Some(Fault::ResetBefore) => {
                self.delay().await;
                return Err(TransportError::io("connection reset"));
            }
            Some(Fault::Status(status)) => {
                self.delay().await;
                self.delay().await;
                return Ok(error_response(status, status.canonical_reason().unwrap_or_default(), reply));
            }
            Some(Fault::QueryTimeout) => {
                self.delay().await;
                self.clock.sleep(QUERY_TIMEOUT).await;
                self.delay().await;
                return Ok(error_response(StatusCode::SERVICE_UNAVAILABLE, QUERY_TIMEOUT_MESSAGE, reply));
            }
            _ => {}
        }
        self.delay().await;
        let response = self.inner.send(request, timeout).await?;
        match fault {
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::ResetAfter) => return Err(TransportError::io("connection reset")),
            _ => self.delay().await,
        }
        Ok(match fault {
            Some(Fault::Truncated) => {
                // The client receives what was sent before the failure.
                let pause = self.clock.sleep(Duration::from_millis(10));
                let failure = async {
                    pause.await;
                    Err(TransportError::new(TransportErrorKind::Io, Sent::Yes, "the body is truncated"))
                };
                let beginning = stream::iter([Ok(Bytes::from_static(br#"{"user_id":""#))]);
                response.map(|_| Body::from_stream(beginning.chain(stream::once(failure))))
            }
            Some(Fault::SlowBody(time)) => {
                let (parts, body) = response.into_parts();
                http::Response::from_parts(parts, self.slow_body(body, time).await?)
            }
            Some(Fault::Garbage) => http::Response::new(Body::from("<html><body>It works!</body></html>")),
            _ => response,
        })
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.inner.clock()
    }
}

fn error_response(status: StatusCode, message: &str, reply: Reply) -> http::Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let error =
        || format!(r#"{{"statusCode":{},"error":"{reason}","message":"{message}"}}"#, status.as_u16());
    let body = reply.body.unwrap_or_else(|| error().into());
    let mut response = http::Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = reply.headers;
    response
}

/// A fault that was injected. The methods narrow it down.
pub struct Injected<'a> {
    transport: &'a FaultyTransport,
    number: u64,
}

impl Injected<'_> {
    /// Applies only to requests of this operation, or of this method and path template.
    pub fn on(self, matcher: impl Into<Matcher>) -> Self {
        let matcher = matcher.into();
        self.with(|rule| rule.matcher = Some(matcher))
    }

    /// Lets this number of matching requests succeed first.
    pub fn after(self, requests: u32) -> Self {
        self.with(|rule| rule.skipped = requests)
    }

    /// Applies to this number of requests instead of one.
    pub fn times(self, times: u32) -> Self {
        self.with(|rule| rule.times = Times::Left(times))
    }

    /// Applies to every request.
    pub fn always(self) -> Self {
        self.with(|rule| rule.times = Times::Always)
    }

    /// Applies to each request with this probability, from 0 to 1, by the random numbers of the clock; to at most
    /// [`times`](Self::times) requests if that is set.
    pub fn chance(self, chance: f64) -> Self {
        self.with(|rule| rule.chance(chance))
    }

    /// Answers with this header. Only [`Fault::Status`] and [`Fault::QueryTimeout`] are answers; the other faults ignore it.
    ///
    /// ```
    /// use users_mock::{Fault, FaultyTransport, Tenant};
    ///
    /// let tenant = Tenant::new();
    /// let faulty = FaultyTransport::new(tenant.clone(), tenant.clock());
    /// faulty.inject(Fault::Status(http::StatusCode::SERVICE_UNAVAILABLE)).header("retry-after", "2").times(3);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not a valid header.
    #[track_caller]
    #[allow(clippy::panic)]
    pub fn header(self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.with(|rule| {
                rule.reply.headers.append(name, value);
            }),
            _ => panic!("{name}: {value} is not a valid header"),
        }
    }

    /// Answers with this body instead of an error of Auth0's form. Only [`Fault::Status`] and [`Fault::QueryTimeout`] are answers; the
    /// other faults ignore it.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.with(|rule| rule.reply.body = Some(body))
    }

    fn with(self, change: impl FnOnce(&mut Rule)) -> Self {
        let mut state = self.transport.state();
        if let Some((_, rule)) = state.rules.iter_mut().find(|(number, _)| *number == self.number) {
            change(rule);
        }
        drop(state);
        self
    }
}

impl fmt::Debug for Injected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injected").field("number", &self.number).finish_non_exhaustive()
    }
}
