//! What can go wrong on the way, at a test's word.

use crate::captured::Captured;
use crate::expectation::Matcher;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::StatusCode;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use users_core::{Body, Clock, HttpTransport, Sent, TransportError, TransportErrorKind};

/// In how many pieces a slow body comes.
const PIECES: u32 = 10;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no connection: the request is not sent.
    ConnectRefused,
    /// The connection breaks while the request is on its way; it is not carried out, which the client cannot know.
    ResetBefore,
    /// The request is carried out, and the connection breaks before the answer.
    ResetAfter,
    /// The request is carried out, and no answer ever comes.
    Hang,
    /// The request is carried out, and the answer's body breaks off in the middle.
    Truncated,
    /// The request is carried out, and the answer is a page of HTML.
    Garbage,
    /// The request is carried out, and the answer's body comes bit by bit over this time.
    SlowBody(Duration),
    /// The request is not carried out, but answered with this status.
    Status(StatusCode),
}

/// A transport on which things go wrong at a test's word, before or after another one has done its work.
///
/// Clones are the same transport, so that a test can keep one.
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
///     .clock(tenant.clock())
///     .token(tenant.management_token())
///     .build()?;
/// let ada = NewUser::new("Username-Password-Authentication").email("ada@example.com").password("Correct horse 1");
/// let error = tenant.clock().block_on(client.users().create(ada).send()).unwrap_err();
/// assert!(error.may_have_been_applied());
/// assert_eq!(tenant.user_count(), 1); // it was
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
    rules: Vec<Rule>,
    latency: Option<RangeInclusive<Duration>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    fault: Fault,
    pub(crate) matcher: Option<Matcher>,
    /// How many requests go well first.
    pub(crate) spared: u32,
    pub(crate) times: Times,
    /// Of 2⁶⁴ requests, how many go wrong, if that is left to chance.
    chance: Option<u64>,
}

/// How many requests are left to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// One; or where there is a probability, as many as it says.
    Unsaid,
    Left(u32),
    Always,
}

impl Rule {
    /// The next request, whichever it is.
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, matcher: None, spared: 0, times: Times::Unsaid, chance: None }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(crate) fn chance(&mut self, chance: f64) {
        // A cast of a float stays within the integer's range.
        self.chance = Some((chance * u64::MAX as f64) as u64);
    }
}

impl FaultyTransport {
    /// Nothing goes wrong on it yet.
    pub fn new(inner: impl HttpTransport, clock: impl Clock) -> Self {
        Self { inner: Arc::new(inner), clock: Arc::new(clock), state: Arc::default() }
    }

    /// Lets each request and each answer take a random time of this range.
    #[must_use]
    pub fn latency(self, each_way: RangeInclusive<Duration>) -> Self {
        self.state().latency = Some(each_way);
        self
    }

    /// Lets the next request go wrong, whichever it is, unless the answer says otherwise. Of several faults that fit a request,
    /// the one that was injected first comes first.
    pub fn inject(&self, fault: Fault) -> Injected<'_> {
        let mut state = self.state();
        state.rules.push(Rule::new(fault));
        let index = state.rules.len() - 1;
        drop(state);
        Injected { transport: self, index }
    }

    pub(crate) fn add(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// Lets everything go well from now on.
    pub fn mend(&self) {
        self.state().rules.iter_mut().for_each(|rule| rule.times = Times::Left(0));
    }

    /// What goes wrong with this request.
    fn fault(&self, request: &Captured) -> Option<Fault> {
        let mut state = self.state();
        for rule in &mut state.rules {
            if rule.times == Times::Left(0)
                || rule.matcher.as_ref().is_some_and(|matcher| !matcher.fits(request))
            {
                continue;
            }
            if rule.spared > 0 {
                rule.spared -= 1;
            } else if rule.chance.is_none_or(|chance| chance == u64::MAX || self.clock.random() < chance) {
                rule.times = match rule.times {
                    Times::Left(left) => Times::Left(left.saturating_sub(1)),
                    Times::Unsaid if rule.chance.is_none() => Times::Left(0),
                    unlimited => unlimited,
                };
                return Some(rule.fault);
            }
        }
        None
    }

    async fn travel(&self) {
        let Some(latency) = self.state().latency.clone() else { return };
        let width = latency.end().saturating_sub(*latency.start());
        let width = u64::try_from(width.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        self.clock.sleep(*latency.start() + Duration::from_nanos(self.clock.random() % width)).await;
    }

    /// The body in pieces, spread over this time.
    async fn slowly(&self, body: Body, time: Duration) -> Result<Body, TransportError> {
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
        let fault = self.fault(&Captured::new(request.clone()));
        match fault {
            Some(Fault::ConnectRefused) => {
                return Err(TransportError::new(TransportErrorKind::Connect, Sent::No, "connection refused"));
            }
            Some(Fault::ResetBefore) => {
                self.travel().await;
                return Err(TransportError::io("connection reset"));
            }
            Some(Fault::Status(status)) => {
                self.travel().await;
                self.travel().await;
                return Ok(refusal(status));
            }
            _ => {}
        }
        self.travel().await;
        let answer = self.inner.send(request, timeout).await?;
        match fault {
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::ResetAfter) => return Err(TransportError::io("connection reset")),
            _ => self.travel().await,
        }
        Ok(match fault {
            Some(Fault::Truncated) => {
                // What came before the break gets through.
                let pause = self.clock.sleep(Duration::from_millis(10));
                let broken = async {
                    pause.await;
                    Err(TransportError::new(TransportErrorKind::Io, Sent::Yes, "the body broke off"))
                };
                let begun = stream::iter([Ok(Bytes::from_static(br#"{"user_id":""#))]);
                answer.map(|_| Body::from_stream(begun.chain(stream::once(broken))))
            }
            Some(Fault::SlowBody(time)) => {
                let (parts, body) = answer.into_parts();
                http::Response::from_parts(parts, self.slowly(body, time).await?)
            }
            Some(Fault::Garbage) => http::Response::new(Body::from("<html><body>It works!</body></html>")),
            _ => answer,
        })
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        self.inner.clock()
    }
}

fn refusal(status: StatusCode) -> http::Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!(r#"{{"statusCode":{},"error":"{reason}","message":"{reason}"}}"#, status.as_u16());
    let mut answer = http::Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer
}

/// A fault that was injected, to be narrowed down.
pub struct Injected<'a> {
    transport: &'a FaultyTransport,
    index: usize,
}

impl Injected<'_> {
    /// Only requests of this operation, or of this method and path template.
    pub fn on(self, matcher: impl Into<Matcher>) -> Self {
        let matcher = matcher.into();
        self.with(|rule| rule.matcher = Some(matcher))
    }

    /// So many requests go well first.
    pub fn after(self, requests: u32) -> Self {
        self.with(|rule| rule.spared = requests)
    }

    /// So many requests go wrong, not one.
    pub fn times(self, times: u32) -> Self {
        self.with(|rule| rule.times = Times::Left(times))
    }

    /// Every request goes wrong.
    pub fn always(self) -> Self {
        self.with(|rule| rule.times = Times::Always)
    }

    /// Each request goes wrong with this probability, from 0 to 1, by the clock's randomness; no more of them than
    /// [`times`](Self::times) says, if it does.
    pub fn chance(self, chance: f64) -> Self {
        self.with(|rule| rule.chance(chance))
    }

    fn with(self, change: impl FnOnce(&mut Rule)) -> Self {
        if let Some(rule) = self.transport.state().rules.get_mut(self.index) {
            change(rule);
        }
        self
    }
}

impl fmt::Debug for Injected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injected").field("index", &self.index).finish_non_exhaustive()
    }
}
