//! How a process obtains the token that processes share: from Redis, or from its own source, which it then shares.

use crate::script::Script;
use crate::store::{Evaluate as _, RedisStore, Unavailable};
use crate::token::key::TokenKey;
use crate::token::outage::Outage;
use crate::token::wire::{Failure, Grant, Reply, Request};
use crate::when::WhenUnavailable;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::{JoinError, JoinHandle};
use users_core::model::Secret;
use users_core::{AccessToken, Clock as _, Error, ErrorKind, Instant, SystemClock, TokenSource};

const SCRIPT: &str = include_str!("token.lua");
/// How long a process waits for another one before it asks again, at least, and the random time that is added.
const POLL: Duration = Duration::from_millis(50);
const POLL_JITTER_MS: u64 = 200;
/// How long a process waits for others before it fetches a token itself, and the random time that is added. Together with a fetch
/// it has 10 s.
const PATIENCE: Duration = Duration::from_secs(6);
const PATIENCE_JITTER_MS: u64 = 2000;
/// The failures of other processes after which a process that waits fails. One alone may be due to that process.
const MOST_FAILURES: u32 = 2;
/// The number of characters of a failure that are stored.
const LONGEST_FAILURE: usize = 300;

type Exchanged = Result<Reply, Unavailable>;

/// The shared token, as one process sees it.
#[derive(Debug)]
pub(super) struct Sharing {
    store: RedisStore,
    script: Script,
    entry: String,
    key: TokenKey,
    /// The random id of this process, which the lock names.
    me: String,
    pub(super) source: Arc<dyn TokenSource>,
    clock: SystemClock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outage: Outage,
    /// The token that this process uses, with its version; 0 if it is not a shared one.
    used: Option<(AccessToken, u64)>,
    /// The version that a 401 has rejected; 0 if none.
    rejected: u64,
    fetched: Option<Fetched>,
    /// The source returned a token without a lifetime, which cannot be shared.
    has_no_lifetime: bool,
}

/// The latest token of the source. Sources have caches: one that returns this token again has not fetched another one.
#[derive(Clone, Debug)]
struct Fetched {
    token: AccessToken,
    expires_at: Instant,
    /// The version that it is shared as; 0 if it is not.
    version: u64,
}

impl Sharing {
    pub(super) fn new(store: &RedisStore, name: &str, source: Arc<dyn TokenSource>, key: &TokenKey) -> Self {
        let clock = SystemClock::new();
        Self {
            store: store.clone(),
            script: Script::new(SCRIPT),
            // Processes with another key have an entry of their own, so that none drops what it cannot open.
            entry: store.key(name, &format!("token:{}", key.fingerprint())),
            key: key.clone(),
            me: format!("{:016x}", clock.random()),
            source,
            clock,
            state: Mutex::default(),
        }
    }

    pub(super) fn entry(&self) -> &str {
        &self.entry
    }

    /// Why Redis is not used at present.
    pub(super) fn unavailable(&self) -> Option<Unavailable> {
        self.state().outage.cause(self.clock.now()).cloned()
    }

    /// Records that a 401 rejected a token. The next exchange drops it for all processes, unless they have another one by then.
    pub(super) fn rejected(&self, token: &AccessToken) {
        let mut state = self.state();
        let version = match &state.used {
            Some((used, version)) if used.secret() == token.secret() => *version,
            _ => return,
        };
        state.rejected = version;
    }

    /// Returns the shared token, and fetches it if no other process does.
    pub(super) async fn token(self: Arc<Self>, policy: WhenUnavailable) -> Result<AccessToken, Error> {
        if self.state().has_no_lifetime {
            return self.alone().await;
        }
        match self.shared().await {
            Ok(outcome) => outcome,
            Err(cause) if policy == WhenUnavailable::Fail => {
                let message = "the store of the shared token cannot be used";
                Err(Error::new(ErrorKind::Token, message).with_source(cause))
            }
            Err(_) => self.alone().await,
        }
    }

    async fn shared(&self) -> Result<Result<AccessToken, Error>, Unavailable> {
        let began = self.clock.now();
        let patience = PATIENCE + Duration::from_millis(self.clock.random() % PATIENCE_JITTER_MS);
        let mut delay = Duration::ZERO;
        let mut failures = Failures::default();
        let mut own_failure = None;
        let mut unreadable = 0;
        loop {
            let rejected = if unreadable > 0 { unreadable } else { self.state().rejected };
            let reply = match self.exchange(delay, Request::Get { rejected }).await {
                Ok(reply) => reply,
                Err(cause) => return own_failure.map_or(Err(cause), |error| Ok(Err(error))),
            };
            self.dropped(rejected);
            match reply {
                Reply::Use { version, left, sealed } => {
                    if let Some(secret) = self.key.open(&sealed, &self.entry, version) {
                        return Ok(Ok(self.use_shared(secret, left, version)));
                    }
                    // It was changed by somebody without the key: it counts as absent.
                    if unreadable > 0 {
                        return Ok(self.alone().await);
                    }
                    (unreadable, delay) = (version, Duration::ZERO);
                }
                Reply::Fetch(grant) => {
                    let lock = Lock::new(self);
                    if let Some(error) = own_failure {
                        return Ok(Err(error));
                    }
                    match self.fetch(grant, lock).await {
                        Ok(token) => return Ok(Ok(token)),
                        // The old token may have some time left.
                        Err(error) if grant.live > 0 => own_failure = Some(error),
                        Err(error) => return Ok(Err(error)),
                    }
                    delay = Duration::ZERO;
                }
                Reply::Wait { time, failure } => {
                    failures.add(failure);
                    if let Some(error) = own_failure {
                        return Ok(Err(error));
                    }
                    let is_over = self.clock.now().saturating_since(began) >= patience;
                    match failures.error(is_over) {
                        Some(error) => return Ok(Err(error)),
                        None if is_over => return Ok(self.alone().await),
                        None => delay = time.min(POLL) + self.jitter(),
                    }
                }
                Reply::Done => return Ok(self.alone().await),
            }
        }
    }

    fn jitter(&self) -> Duration {
        Duration::from_millis(self.clock.random() % POLL_JITTER_MS)
    }

    fn dropped(&self, version: u64) {
        let mut state = self.state();
        if state.rejected == version {
            state.rejected = 0;
        }
    }

    fn use_shared(&self, secret: Secret, left: Duration, version: u64) -> AccessToken {
        let mut state = self.state();
        let token = match &state.used {
            // It is known whether the server has accepted this one.
            Some((used, _)) if *used.secret() == secret => used.clone(),
            _ => AccessToken::new(secret),
        };
        let token = token.expires_in(left);
        state.used = Some((token.clone(), version));
        token
    }

    /// Fetches a token with the permission of Redis, and stores it.
    async fn fetch(&self, grant: Grant, lock: Lock<'_>) -> Result<AccessToken, Error> {
        let began = self.clock.now();
        let (token, fetched) = match self.fetch_alone(began).await {
            Ok(fetched) => fetched,
            Err(error) => {
                lock.release(describe(&error)).await;
                return Err(error);
            }
        };
        let version = fetched.as_ref().map_or(0, |fetched| fetched.version);
        let lifetime = fetched.map(|fetched| fetched.expires_at.saturating_since(began));
        // One that was shared before is not shared again, unless Redis has lost it.
        let is_new = !grant.knows(version);
        let (Some(lifetime), true) = (lifetime, is_new && can_be_sent(token.secret())) else {
            // Another process may renew it, whose source has not cached the old one.
            lock.release(String::new()).await;
            self.state().used = Some((token.clone(), version));
            return Ok(token);
        };
        let Some(sealed) = self.key.seal(token.secret(), &self.entry, grant.version) else {
            lock.release(String::new()).await;
            return Ok(token);
        };
        {
            let mut state = self.state();
            state.used = Some((token.clone(), grant.version));
            if let Some(fetched) = &mut state.fetched {
                fetched.version = grant.version;
            }
        }
        let put = Request::Put { version: grant.version, from: grant.at, lifetime, sealed };
        // The token is valid whether or not it is stored. One that is newer is used from the next renewal on.
        let _ = self.exchange(Duration::ZERO, put).await;
        lock.done();
        Ok(token)
    }

    /// Obtains a token for this process alone.
    async fn alone(&self) -> Result<AccessToken, Error> {
        let (token, _) = self.fetch_alone(self.clock.now()).await?;
        self.state().used = Some((token.clone(), 0));
        Ok(token)
    }

    /// Asks the source for a token. The lifetime of the result counts from `began`.
    async fn fetch_alone(&self, began: Instant) -> Result<(AccessToken, Option<Fetched>), Error> {
        let token = self.source.token().await?;
        let mut state = self.state();
        state.has_no_lifetime = token.lifetime().is_none();
        let Some(lifetime) = token.lifetime() else { return Ok((token, None)) };
        let fetched = match &state.fetched {
            // From a cache: this is its lifetime when it was fetched.
            Some(fetched) if fetched.token == token => fetched.clone(),
            _ => Fetched { token: token.clone(), expires_at: began + lifetime, version: 0 },
        };
        let token = token.expires_in(fetched.expires_at.saturating_since(began));
        state.fetched = Some(fetched.clone());
        Ok((token, Some(fetched)))
    }

    /// Carries out an exchange after a delay, unless Redis was unavailable just now.
    async fn exchange(&self, delay: Duration, request: Request) -> Exchanged {
        if let Some(cause) = self.unavailable() {
            return Err(cause);
        }
        let outcome = match self.start(delay, request) {
            Ok(exchange) => Aborting(exchange).await.unwrap_or_else(|error| Err(Unavailable::new(error))),
            Err(cause) => Err(cause),
        };
        let now = self.clock.now();
        let mut state = self.state();
        match &outcome {
            Ok(_) => state.outage.ended(),
            Err(cause) => state.outage.failed(cause.clone(), now, self.clock.random()),
        }
        outcome
    }

    /// Starts an exchange on the thread of the store.
    fn start(&self, delay: Duration, request: Request) -> Result<JoinHandle<Exchanged>, Unavailable> {
        let (store, script, keys) = (self.store.clone(), self.script.clone(), [self.entry.clone()]);
        let arguments = request.arguments(&self.me);
        let exchange = async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
            let reply = store.evaluate(&script, &keys, &arguments).await?;
            Reply::read(reply).map_err(Unavailable::new)
        };
        self.store.background().spawn(exchange).map_err(Unavailable::new)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Changes of the state do not panic halfway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a token can be in a header. One that cannot would fail every process.
fn can_be_sent(token: &Secret) -> bool {
    let text = token.expose();
    !text.trim().is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The failure of a source, as other processes report it. Errors have no secrets in their texts.
fn describe(error: &Error) -> String {
    let reason = error.token_error().unwrap_or(error);
    reason.to_string().chars().take(LONGEST_FAILURE).collect()
}

/// The failures of other processes that a process has seen while it waits.
#[derive(Default)]
struct Failures {
    seen: u32,
    last: Option<Failure>,
}

impl Failures {
    fn add(&mut self, failure: Option<Failure>) {
        let Some(failure) = failure else { return };
        if self.last.as_ref().is_none_or(|last| last.number != failure.number) {
            self.seen += 1;
            self.last = Some(failure);
        }
    }

    /// The error for a process that no longer waits.
    fn error(&self, is_over: bool) -> Option<Error> {
        let last = self.last.as_ref().filter(|_| is_over || self.seen >= MOST_FAILURES)?;
        let message = format!("another process could not fetch the token: {}", last.text);
        Some(Error::new(ErrorKind::Token, message))
    }
}

/// The permission to fetch. It is given back when it is dropped, by a call that was cancelled for example.
struct Lock<'a> {
    sharing: &'a Sharing,
    is_done: bool,
}

impl<'a> Lock<'a> {
    fn new(sharing: &'a Sharing) -> Self {
        Self { sharing, is_done: false }
    }

    async fn release(mut self, failure: String) {
        self.is_done = true;
        // It ends by itself where this cannot be sent.
        let _ = self.sharing.exchange(Duration::ZERO, Request::Release { failure }).await;
    }

    fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        // It ends by itself where this cannot be sent. The task goes on without its handle.
        let _ = self.sharing.start(Duration::ZERO, Request::Release { failure: String::new() });
    }
}

/// A task that ends with its handle.
struct Aborting<T>(JoinHandle<T>);

impl<T> Future for Aborting<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
