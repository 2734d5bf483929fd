//! `TowerTransport`: services that are not ready, that fail, and that hang; and stacks of tower's layers.

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, join_all, pending};
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::error::Overloaded;
use tower::util::BoxCloneService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt as _, service_fn};
use users_core::model::NewUser;
use users_core::{
    Clock as _, ConnectTimeout, ErrorKind, HttpTransport, ManagementClient, Sent, TowerTransport,
    TransportError, TransportErrorKind, error_chain,
};
use users_mock::{Tenant, VirtualClock};

const SECOND: Duration = Duration::from_secs(1);

type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;
type Waiting = BoxFuture<'static, Result<(), BoxError>>;
type Answer = Result<http::Response<ResponseBody>, BoxError>;

/// A service that is ready after some time, or never, and answers by a function.
#[derive(Clone)]
struct Scripted {
    clock: VirtualClock,
    /// The readiness of each call, in order; after these it is ready at once.
    readiness: Arc<Mutex<Vec<Readiness>>>,
    waiting: Option<Arc<Mutex<Waiting>>>,
    answer: fn(VirtualClock) -> BoxFuture<'static, Answer>,
    received: Arc<Mutex<Vec<http::Request<Full<Bytes>>>>>,
}

#[derive(Clone)]
enum Readiness {
    After(Duration),
    Never,
    Fails(fn() -> BoxError),
}

impl Scripted {
    fn new(answer: fn(VirtualClock) -> BoxFuture<'static, Answer>) -> Self {
        Self {
            clock: VirtualClock::new(),
            readiness: Arc::default(),
            waiting: None,
            answer,
            received: Arc::default(),
        }
    }

    fn readiness(self, readiness: impl IntoIterator<Item = Readiness>) -> Self {
        self.readiness.lock().unwrap().extend(readiness);
        self
    }

    fn transport(&self) -> impl HttpTransport + use<> {
        TowerTransport::new(self.clone()).with_clock(self.clock.clone())
    }

    fn client(&self) -> ManagementClient {
        let builder = ManagementClient::builder(self.transport()).domain("tenant.example.com").token("token");
        builder.build().unwrap()
    }

    /// The error of one request, of its head or of its body.
    fn error(&self) -> TransportError {
        let transport = self.transport();
        self.clock.block_on(async {
            match transport.send(request(), Some(SECOND)).await {
                Ok(response) => response.into_body().collect(1 << 20).await.unwrap_err(),
                Err(error) => error,
            }
        })
    }

    fn received(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

impl Service<http::Request<Full<Bytes>>> for Scripted {
    type Response = http::Response<ResponseBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Answer>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.waiting.is_none() {
            let mut readiness = self.readiness.lock().unwrap();
            let clock = self.clock.clone();
            self.waiting =
                Some(Arc::new(Mutex::new(match (!readiness.is_empty()).then(|| readiness.remove(0)) {
                    None => async { Ok(()) }.boxed(),
                    Some(Readiness::After(time)) => async move {
                        clock.sleep(time).await;
                        Ok(())
                    }
                    .boxed(),
                    Some(Readiness::Never) => pending().boxed(),
                    Some(Readiness::Fails(error)) => async move { Err(error()) }.boxed(),
                })));
        }
        self.waiting.as_ref().unwrap().lock().unwrap().poll_unpin(context)
    }

    fn call(&mut self, request: http::Request<Full<Bytes>>) -> Self::Future {
        assert!(self.waiting.take().is_some(), "the service that is called is the one that was ready");
        self.received.lock().unwrap().push(request);
        (self.answer)(self.clock.clone())
    }
}

fn request() -> http::Request<Bytes> {
    let request = http::Request::post("https://tenant.example.com/api/v2/users?q=secret-query");
    request.header("authorization", "Bearer secret-token").body(Bytes::from("secret-body")).unwrap()
}

fn user() -> ResponseBody {
    Full::from(r#"{"user_id":"auth0|1"}"#).map_err(Into::into).boxed_unsync()
}

fn answers(_: VirtualClock) -> BoxFuture<'static, Answer> {
    async { Ok(http::Response::builder().status(201).header("x-of", "service").body(user()).unwrap()) }
        .boxed()
}

fn new_user() -> NewUser {
    NewUser::new("Username-Password-Authentication").email("ada@example.com")
}

#[track_caller]
fn assert_error(error: &TransportError, kind: TransportErrorKind, sent: Sent, says: &str) {
    assert_eq!((error.kind(), error.sent()), (kind, sent), "{error:?}");
    let chain: Vec<String> = error_chain(error).map(ToString::to_string).collect();
    assert!(chain.iter().any(|text| text.contains(says)), "{says:?} is not in {chain:#?}");
    assert!(!format!("{error:?} {chain:?}").contains("secret"), "{error:?} {chain:?}");
}

#[test]
fn a_request_reaches_the_service_unchanged_with_its_connect_timeout() {
    let service = Scripted::new(answers);
    let mut sent = request();
    sent.extensions_mut().insert(ConnectTimeout(SECOND));
    let response = service.clock.block_on(service.transport().send(sent, Some(SECOND))).unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-of"]), (201, &"service".parse().unwrap()));
    let body = service.clock.block_on(response.into_body().collect(100)).unwrap();
    assert_eq!(&body[..], br#"{"user_id":"auth0|1"}"#);

    let (parts, body) = service.received.lock().unwrap().remove(0).into_parts();
    let expected = request();
    assert_eq!((parts.method, parts.uri), (expected.method().clone(), expected.uri().clone()));
    assert_eq!(&parts.headers, expected.headers());
    assert_eq!(parts.extensions.get(), Some(&ConnectTimeout(SECOND)));
    assert_eq!(service.clock.block_on(body.collect()).unwrap().to_bytes(), "secret-body");
}

#[test]
fn a_service_that_is_not_ready_in_time_has_not_taken_the_request() {
    for readiness in [Readiness::Never, Readiness::After(SECOND + SECOND)] {
        let service = Scripted::new(answers).readiness([readiness]);
        assert!(service.transport().enforces_timeout());
        assert_error(&service.error(), TransportErrorKind::Timeout, Sent::No, "was not ready within 1s");
        assert_eq!((service.received(), service.clock.elapsed()), (0, SECOND));
    }
}

#[test]
fn a_service_that_is_ready_in_time_is_waited_for() {
    let service = Scripted::new(answers).readiness([Readiness::After(SECOND / 2)]);
    service.clock.block_on(service.transport().send(request(), Some(SECOND))).unwrap();
    assert_eq!((service.received(), service.clock.elapsed()), (1, SECOND / 2));
}

#[test]
fn readiness_that_fails_is_not_sent_whatever_its_cause_states() {
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset).into();
    let maybe = || TransportError::timeout("an earlier request timed out").into();
    for (fails, kind, says) in [
        (reset as fn() -> BoxError, TransportErrorKind::Io, "connection reset"),
        (maybe, TransportErrorKind::Timeout, "an earlier request timed out"),
    ] {
        let service = Scripted::new(answers).readiness([Readiness::Fails(fails)]);
        assert_error(&service.error(), kind, Sent::No, says);
        assert_eq!(service.received(), 0);
    }
}

#[test]
fn a_creation_that_the_service_did_not_take_is_repeated_and_applied_once() {
    let fails: fn() -> BoxError = || "the pool is closed".into();
    let service = Scripted::new(answers).readiness([Readiness::Never, Readiness::Fails(fails)]);
    let users = service.client().users();
    let user = service.clock.block_on(users.create(new_user()).attempt_timeout(SECOND).send()).unwrap();
    assert_eq!(user.user_id.unwrap().as_str(), "auth0|1");
    assert_eq!(service.received(), 1);
}

#[test]
fn a_creation_that_ends_with_an_unknown_error_is_not_repeated_and_may_have_been_applied() {
    let service = Scripted::new(|_| async { Err("something failed".into()) }.boxed());
    let error = service.clock.block_on(service.client().users().create(new_user()).send()).unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Transport, true), "{error:?}");
    assert_eq!(service.received(), 1);
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn an_error_of_the_service_is_classified_by_its_causes() {
    use TransportErrorKind::{Connect, Io, Timeout, Tls};
    type Fails = fn(VirtualClock) -> BoxFuture<'static, Answer>;

    let cases: [(Fails, _, _, &str); 7] = [
        (|_| async { Err("why".into()) }.boxed(), Io, Sent::Maybe, "why"),
        (
            |_| {
                async { Err(io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused)).into()) }
                    .boxed()
            },
            Connect,
            Sent::No,
            "refused",
        ),
        (
            |_| async { Err(io::Error::other(io::Error::from(io::ErrorKind::TimedOut)).into()) }.boxed(),
            Timeout,
            Sent::Maybe,
            "timed out",
        ),
        (
            |_| async { Err(io::Error::from(io::ErrorKind::ConnectionReset).into()) }.boxed(),
            Io,
            Sent::Maybe,
            "connection reset",
        ),
        (
            |_| async { Err(TransportError::new(Tls, Sent::No, "no certificate").into()) }.boxed(),
            Tls,
            Sent::No,
            "no certificate",
        ),
        (
            |_| {
                async { Err(io::Error::other(TransportError::new(Tls, Sent::No, "no certificate")).into()) }
                    .boxed()
            },
            Tls,
            Sent::No,
            "no certificate",
        ),
        (|_| pending().boxed(), Timeout, Sent::Maybe, "returned no response within 1s"),
    ];
    for (fails, kind, sent, says) in cases {
        let service = Scripted::new(fails);
        assert_error(&service.error(), kind, sent, says);
        assert_eq!(service.received(), 1);
    }
    let same =
        Scripted::new(|_| async { Err(TransportError::connect("no certificate").into()) }.boxed()).error();
    assert!(same.cause().is_none(), "an error that is a transport error already is not wrapped: {same:?}");
}

fn body_of<S>(chunks: S) -> Answer
where
    S: stream::Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
{
    let frames = futures_util::StreamExt::map(chunks, |chunk| chunk.map(http_body::Frame::data));
    Ok(http::Response::new(StreamBody::new(frames).boxed_unsync()))
}

#[test]
fn an_error_of_the_body_is_one_of_a_request_that_was_sent() {
    let interrupted = Scripted::new(|_| {
        let chunks = [Ok(Bytes::from("[")), Err(io::Error::from(io::ErrorKind::ConnectionReset).into())];
        async { body_of(stream::iter(chunks)) }.boxed()
    });
    assert_error(&interrupted.error(), TransportErrorKind::Io, Sent::Yes, "connection reset");

    let stated = Scripted::new(|_| {
        async { body_of(stream::iter([Err(TransportError::timeout("no more chunks").into())])) }.boxed()
    });
    assert_error(&stated.error(), TransportErrorKind::Timeout, Sent::Yes, "no more chunks");
}

#[test]
fn a_body_that_hangs_ends_at_the_timeout_of_the_attempt() {
    let hangs = Scripted::new(|clock| {
        async move {
            clock.sleep(SECOND / 2).await;
            body_of(futures_util::StreamExt::chain(stream::iter([Ok(Bytes::from("["))]), stream::pending()))
        }
        .boxed()
    });
    assert_error(&hangs.error(), TransportErrorKind::Timeout, Sent::Yes, "not complete within 1s");
    assert_eq!(hangs.clock.elapsed(), SECOND, "the head and the body share one timeout");

    // On the system's clock, which passes while the body is read.
    let endless = service_fn(|_: http::Request<Full<Bytes>>| async {
        body_of(stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 64]))))
    });
    let transport = TowerTransport::new(endless);
    let error = futures_executor::block_on(async {
        let response = transport.send(request(), Some(Duration::from_millis(50))).await.unwrap();
        let mut body = response.into_body();
        for _ in 0..5_000_000 {
            match body.next_chunk().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return (error, body.next_chunk().await.is_none()),
                None => panic!("an endless body ended"),
            }
        }
        panic!("the body is read past the timeout");
    });
    assert_error(&error.0, TransportErrorKind::Timeout, Sent::Yes, "not complete within 50ms");
    assert!(error.1, "a body that timed out has ended");
}

/// A service on the embedded tenant.
fn tenant_service(
    tenant: &Tenant,
) -> BoxCloneService<http::Request<Full<Bytes>>, http::Response<Full<Bytes>>, BoxError> {
    let tenant = tenant.clone();
    service_fn(move |request: http::Request<Full<Bytes>>| {
        let tenant = tenant.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let response = tenant.send(http::Request::from_parts(parts, body), None).await?;
            let (parts, body) = response.into_parts();
            Ok::<_, BoxError>(http::Response::from_parts(parts, Full::new(body.collect(usize::MAX).await?)))
        }
    })
    .boxed_clone()
}

fn client_of(tenant: &Tenant, transport: impl HttpTransport) -> ManagementClient {
    let (id, secret) = tenant.client();
    let builder = ManagementClient::builder(transport).domain(tenant.domain());
    builder.client_credentials(id, secret).build().unwrap()
}

#[test]
fn a_client_works_on_a_stack_of_layers_that_is_not_sync() {
    let tenant = Tenant::builder().users(3).build();
    let most = Arc::new(AtomicUsize::new(0));
    let (now, seen, clock) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most), tenant.clock());
    let service = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(2))
        .map_future(move |future| {
            let (now, seen, clock) = (Arc::clone(&now), Arc::clone(&seen), clock.clone());
            async move {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                clock.sleep(SECOND).await;
                let response = future.await;
                now.fetch_sub(1, Ordering::SeqCst);
                response
            }
        })
        .service(tenant_service(&tenant))
        .boxed_clone();
    let transport = TowerTransport::new(service).with_clock(tenant.clock());
    assert!(format!("{transport:?} {:?}", transport.clone()).starts_with("TowerTransport"));
    let client = client_of(&tenant, transport);
    let users = client.users();
    tenant.clock().block_on(async {
        let ids = tenant.user_ids();
        let found = join_all(ids.iter().cycle().take(12).map(|id| users.get(id).into_future())).await;
        assert!(found.iter().all(Result::is_ok), "{found:?}");
    });
    assert_eq!(most.load(Ordering::SeqCst), 2, "the clones of the service share its limit");
}

#[test]
fn a_load_shedding_layer_is_described_by_map_err_so_that_creations_are_repeated() {
    let tenant = Tenant::builder().users(0).build();
    let clock = tenant.clock();
    let service = ServiceBuilder::new()
        .map_err(|error: BoxError| match error.downcast::<Overloaded>() {
            Ok(error) => TransportError::new(TransportErrorKind::Other, Sent::No, "overloaded")
                .with_source(error)
                .into(),
            Err(error) => error,
        })
        .load_shed()
        .concurrency_limit(1)
        .map_future(move |future| {
            let clock = clock.clone();
            async move {
                clock.sleep(SECOND / 10).await;
                future.await
            }
        })
        .service(tenant_service(&tenant));
    let client = client_of(&tenant, TowerTransport::new(service).with_clock(tenant.clock()));
    let users = client.users();
    tenant.clock().block_on(async {
        let outcomes = join_all((0..3).map(|number| {
            let user =
                NewUser::new("Username-Password-Authentication").email(format!("{number}@example.com"));
            users.create(user.password("Analytical Engine 1843")).into_future()
        }))
        .await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    });
    assert_eq!(tenant.user_ids().len(), 3);
}
