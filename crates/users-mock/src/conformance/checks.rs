//! The checks, one for each promise of the contract.

use crate::conformance::check::{
    AMPLE, Check, Context, Outcome, SECRET, closed_address, ensure, read, request,
};
use crate::conformance::server::pattern;
use bytes::Bytes;
use futures_util::future::{Either, join_all, select};
use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;
use users_core::{Clock as _, Sent, SystemClock, TransportError, TransportErrorKind};

/// A time limit that passes before the server answers.
const SHORT: Duration = Duration::from_millis(300);

macro_rules! checks {
    ($(#[$meta:meta])* $list:ident; $($name:literal, $requires:literal, $run:ident;)*) => {
        $(#[$meta])*
        pub(crate) const $list: &[Check] = &[$(Check {
            name: $name,
            requires: $requires,
            run: |context| -> Outcome<'_> { Box::pin($run(context)) },
        }),*];
    };
}

checks! {
    /// The checks of a transport that sends requests over a network.
    NETWORK;
    "status", "a response of any status is returned, not turned into an error", status;
    "request", "method, path, query and headers are sent unchanged, each header once", sent_unchanged;
    "request bodies", "the body is sent exactly, of any size and with any bytes", request_bodies;
    "response headers", "all headers of the response are returned, repeated ones in order", response_headers;
    "response bodies", "the body is returned exactly, however it is framed", response_bodies;
    "streaming", "the body can be read while the server is still sending it", streaming;
    "size limit", "an endless body is not read beyond what is requested of it", size_limit;
    "gzip", "a body that was requested in gzip is decoded while it is read", gzip;
    "no redirects", "a redirect is returned like any other response", no_redirects;
    "no repeats", "a request is sent once, even if the connection breaks", no_repeats;
    "not sent", "an error before the request was sent is `Sent::No`, of kind `Connect`", not_sent;
    "tls", "a failed handshake is of kind `Tls` and `Sent::No`", tls;
    "reset", "a connection that breaks before the response is of kind `Io` and not `Sent::No`", reset;
    "not http", "a response that is not HTTP is an error and not `Sent::No`", not_http;
    "truncated body", "a body that breaks off is an error with `Sent::Yes`, after what was received", truncated_body;
    "timeout", "a transport that enforces timeouts ends a request in time, with kind `Timeout` and not `Sent::No`", timeout;
    "timeout of the body", "a transport that enforces timeouts ends the reading of a body in time, with kind `Timeout`", body_timeout;
    "causes", "an error keeps its cause, and repeats no text in its chain", causes;
    "secrets", "no error contains a header or body of the request", secrets;
    "cancellation", "a request whose future is dropped is abandoned, and the next one works", cancellation;
    "abandoned body", "a body that is dropped is not read on, and the next request works", abandoned_body;
    "concurrency", "requests at the same time each get their own response", concurrency;
    "clock", "the clock of the transport, if it has one, runs", clock;
}

checks! {
    /// The checks of a transport that answers requests itself.
    IN_PROCESS;
    "answers", "a request that it knows nothing about is answered with a status, or refused as not sent", answers;
    "size limit of an answer", "a body is not read beyond the limit", answer_size_limit;
    "dropped request", "a request whose future is dropped does not disturb the next one", dropped_request;
    "answers at the same time", "requests at the same time are all answered", answers_at_once;
    "secrets in debug output", "neither its debug output nor an error shows a header or body of a request", debug_output;
    "clock", "the clock of the transport, if it has one, runs", clock;
}

/// A request to a tenant that does not exist.
fn elsewhere(method: &str, body: &str) -> http::Request<Bytes> {
    request(method, "https://tenant.example.com/conformance/unknown", Bytes::from(body.to_owned()))
}

async fn answers(context: &Context) -> Result<(), String> {
    for method in ["GET", "POST", "DELETE"] {
        match context.transport.send(elsewhere(method, ""), Some(AMPLE)).await {
            Ok(response) => drop(read(response).await?),
            Err(error) => {
                ensure(error.sent() == Sent::No, || format!("{method} is Sent::{:?}", error.sent()))?;
            }
        }
    }
    Ok(())
}

async fn answer_size_limit(context: &Context) -> Result<(), String> {
    let Ok(response) = context.transport.send(elsewhere("GET", ""), Some(AMPLE)).await else { return Ok(()) };
    match response.into_body().collect(1).await {
        Ok(body) => ensure(body.len() <= 1, || format!("a limit of 1 byte lets {} pass", body.len())),
        Err(error) => expect(&error, &[TransportErrorKind::TooLarge], |sent| sent == Sent::Yes),
    }
}

async fn dropped_request(context: &Context) -> Result<(), String> {
    drop(context.transport.send(elsewhere("GET", ""), None));
    answers(context).await
}

async fn answers_at_once(context: &Context) -> Result<(), String> {
    join_all((0..16).map(|_| answers(context))).await.into_iter().collect()
}

async fn debug_output(context: &Context) -> Result<(), String> {
    let body = format!(r#"{{"password":"{SECRET}"}}"#);
    let result = context.transport.send(elsewhere("POST", &body), Some(AMPLE)).await;
    let error = result.map_or_else(|error| format!("{error} {error:?}"), |_| String::new());
    let text = format!("{:?} {error}", context.transport);
    ensure(!text.contains(SECRET), || "a secret of a request is shown".to_owned())
}

async fn status(context: &Context) -> Result<(), String> {
    for expected in [200_u16, 201, 204, 301, 304, 400, 401, 404, 409, 429, 500, 503] {
        let response = context.send(context.get(&format!("/status/{expected}"))).await?;
        let status = response.status().as_u16();
        ensure(status == expected, || format!("{status} in place of {expected}"))?;
        read(response).await?;
    }
    Ok(())
}

async fn sent_unchanged(context: &Context) -> Result<(), String> {
    for (method, target) in [
        ("GET", "/unknown/auth0%7C1?q=email%3A%22a%20b%22&empty=&x"),
        ("DELETE", "/unknown/a%2Fb%2E%2E/%C3%A9"),
        ("PATCH", "/unknown/patch?a=1&a=2"),
        ("PUT", "/unknown/put"),
        ("POST", "/unknown/post"),
    ] {
        let mut request = context.request(method, target, if method == "GET" { "" } else { "{}" });
        for value in ["a", "b"] {
            request.headers_mut().append("x-many", http::HeaderValue::from_static(value));
        }
        read(context.send(request).await?).await?;
        let path = target.split('?').next().unwrap_or_default();
        let received = context.server.received(path);
        let [received] = received.as_slice() else {
            return Err(format!("{method} {target}: the server received it {} times", received.len()));
        };
        ensure(received.method == method, || format!("{method} was sent as {}", received.method))?;
        ensure(received.target == target, || format!("{target} was sent as {}", received.target))?;
        ensure(received.header("x-many").join(", ").replace(' ', "") == "a,b", || {
            format!("x-many: a, b was sent as {:?}", received.header("x-many"))
        })?;
        let host = context.server.address().to_string();
        ensure(received.header("host") == [host.as_str()], || {
            format!("host is {:?}", received.header("host"))
        })?;
        ensure(received.header("authorization") == [format!("Bearer {SECRET}").as_str()], || {
            "authorization was changed".to_owned()
        })?;
    }
    Ok(())
}

async fn request_bodies(context: &Context) -> Result<(), String> {
    for (number, size) in [0, 1, 1000, 65_536, 300_000].into_iter().enumerate() {
        let path = format!("/unknown/body/{number}");
        read(context.send(context.request("POST", &path, pattern(size))).await?).await?;
        let received = context.server.received(&path);
        let body = received.first().map_or(&[] as &[u8], |request| request.body.as_slice());
        ensure(body == pattern(size), || format!("a body of {size} bytes was sent as {} bytes", body.len()))?;
        let lengths = received.first().map_or(0, |request| request.header("content-length").len());
        ensure(lengths <= 1, || format!("content-length was sent {lengths} times"))?;
    }
    Ok(())
}

async fn response_headers(context: &Context) -> Result<(), String> {
    let response = context.send(context.get("/headers")).await?;
    let values = |name: &str| -> Vec<&[u8]> {
        response.headers().get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
    };
    for (name, expected) in [
        ("x-one", vec![b"1".as_slice()]),
        ("x-many", vec![b"a".as_slice(), b"b".as_slice()]),
        ("x-empty", vec![b"".as_slice()]),
    ] {
        ensure(values(name) == expected, || format!("{name} is {:?}", values(name)))?;
    }
    Ok(())
}

async fn response_bodies(context: &Context) -> Result<(), String> {
    for framing in ["bytes", "chunked", "until-close"] {
        for size in [0, 1, 100_000, 1 << 20] {
            let body = read(context.send(context.get(&format!("/{framing}/{size}"))).await?).await?;
            ensure(body == pattern(size), || format!("{framing}: {size} bytes arrived as {}", body.len()))?;
        }
    }
    Ok(())
}

async fn streaming(context: &Context) -> Result<(), String> {
    let mut body = context.send(context.get("/halves")).await?.into_body();
    let mut first = Vec::new();
    while first.len() < 5 {
        match body.next_chunk().await {
            Some(Ok(chunk)) => first.extend_from_slice(&chunk),
            Some(Err(error)) => return Err(format!("the first half cannot be read: {error}")),
            None => return Err("the body ends in its first half".to_owned()),
        }
    }
    ensure(first == b"first", || "the first half arrives only after the second was sent".to_owned())?;
    context.server.release();
    let rest = body.collect(100).await.map_err(|error| error.to_string())?;
    ensure(&*rest == b"after", || format!("the second half is {rest:?}"))
}

async fn size_limit(context: &Context) -> Result<(), String> {
    let response = context.send(context.get("/endless")).await?;
    match response.into_body().collect(100_000).await {
        Ok(body) => return Err(format!("an endless body ended after {} bytes", body.len())),
        Err(error) => {
            ensure(error.kind() == TransportErrorKind::TooLarge, || {
                format!("the body fails otherwise: {error}")
            })?;
        }
    }
    ensure(context.server.wait_until_abandoned(), || {
        "the body is read on after its reader has stopped".to_owned()
    })
}

async fn gzip(context: &Context) -> Result<(), String> {
    let response = context.send(context.get("/gzip/200000")).await?;
    let body = read(response).await?;
    ensure(body == pattern(200_000), || {
        format!("200000 bytes arrived as {}, perhaps compressed", body.len())
    })?;
    // The limit is one of decoded bytes.
    let response = context.send(context.get("/gzip/4000000")).await?;
    match response.into_body().collect(100_000).await {
        Err(error) if error.kind() == TransportErrorKind::TooLarge => Ok(()),
        Err(error) => Err(format!("a large body fails otherwise: {error}")),
        Ok(body) => Err(format!("4000000 bytes pass a limit of 100000 as {}", body.len())),
    }
}

async fn no_redirects(context: &Context) -> Result<(), String> {
    let response = context.send(context.get("/redirect")).await?;
    ensure(response.status() == 302, || format!("the status is {}", response.status()))?;
    ensure(response.headers().contains_key("location"), || "the location is missing".to_owned())?;
    let followed = context.server.received("/status/200").len();
    ensure(followed == 0, || "the redirect was followed".to_owned())
}

async fn no_repeats(context: &Context) -> Result<(), String> {
    for (method, body) in [("GET", ""), ("POST", "{}"), ("DELETE", ""), ("PUT", "{}")] {
        let path = format!("/reset/{method}");
        context.fail(context.request(method, &path, body), AMPLE).await?;
        let times = context.server.received(&path).len();
        ensure(times == 1, || format!("{method} was sent {times} times"))?;
    }
    // A connection that was kept and is closed meanwhile may be replaced only before the request is sent on it.
    read(context.send(context.get("/until-close/10")).await?).await?;
    read(context.send(context.request("POST", "/unknown/kept", "{}")).await?).await?;
    let times = context.server.received("/unknown/kept").len();
    ensure(times == 1, || format!("POST was sent {times} times after its connection was closed"))
}

async fn not_sent(context: &Context) -> Result<(), String> {
    let error =
        context.fail(request("POST", &format!("http://{}/", closed_address()?), Bytes::new()), AMPLE).await?;
    expect(&error, &[TransportErrorKind::Connect], |sent| sent == Sent::No)
}

async fn tls(context: &Context) -> Result<(), String> {
    let url = format!("https://{}/garbage", context.server.address());
    let error = context.fail(request("GET", &url, Bytes::new()), AMPLE).await?;
    expect(&error, &[TransportErrorKind::Tls], |sent| sent == Sent::No)
}

async fn reset(context: &Context) -> Result<(), String> {
    let error = context.fail(context.request("POST", "/reset/head", "{}"), AMPLE).await?;
    expect(&error, &[TransportErrorKind::Io], |sent| sent != Sent::No)
}

async fn not_http(context: &Context) -> Result<(), String> {
    let error = context.fail(context.request("POST", "/garbage", "{}"), AMPLE).await?;
    expect(&error, &[TransportErrorKind::Io, TransportErrorKind::Invalid], |sent| sent != Sent::No)
}

async fn truncated_body(context: &Context) -> Result<(), String> {
    let mut body = context.send(context.get("/reset/body")).await?.into_body();
    let mut received = Vec::new();
    loop {
        match body.next_chunk().await {
            Some(Ok(chunk)) => received.extend_from_slice(&chunk),
            Some(Err(error)) => {
                ensure(received == b"first", || format!("{received:?} arrived before the error"))?;
                return expect(&error, &[TransportErrorKind::Io, TransportErrorKind::Invalid], |sent| {
                    sent == Sent::Yes
                });
            }
            None => return Err("a truncated body ends without an error".to_owned()),
        }
    }
}

async fn timeout(context: &Context) -> Result<(), String> {
    let request = context.request("POST", "/hang/head", "{}");
    if !context.transport.enforces_timeout() {
        return ends_when_dropped(context, request).await;
    }
    let error = context.fail(request, SHORT).await?;
    expect(&error, &[TransportErrorKind::Timeout], |sent| sent != Sent::No)
}

async fn body_timeout(context: &Context) -> Result<(), String> {
    if !context.transport.enforces_timeout() {
        return Ok(());
    }
    let sent = context.transport.send(context.get("/hang/body"), Some(SHORT)).await;
    let response = sent.map_err(|error| format!("the head was not returned: {error}"))?;
    match response.into_body().collect(100).await {
        Err(error) => expect(&error, &[TransportErrorKind::Timeout], |sent| sent == Sent::Yes),
        Ok(_) => Err("a body that hangs ends without an error".to_owned()),
    }
}

/// The client sets the timer of a transport that does not enforce timeouts, and drops the future.
async fn ends_when_dropped(context: &Context, request: http::Request<Bytes>) -> Result<(), String> {
    let timer = SystemClock::new().sleep(SHORT);
    match select(context.transport.send(request, Some(SHORT)), pin!(timer)).await {
        Either::Left((Ok(response), _)) => Err(format!("a response of status {}", response.status())),
        Either::Left((Err(error), _)) => {
            expect(&error, &[TransportErrorKind::Timeout], |sent| sent != Sent::No)
        }
        Either::Right(_) => Ok(()),
    }
}

async fn causes(context: &Context) -> Result<(), String> {
    let refused = request("GET", &format!("http://{}/", closed_address()?), Bytes::new());
    let tls = request("GET", &format!("https://{}/garbage", context.server.address()), Bytes::new());
    for (what, request) in [("a refused connection", refused), ("a failed handshake", tls)] {
        let error = context.fail(request, AMPLE).await?;
        ensure(error.cause().is_some(), || format!("the error of {what} has no cause: {error}"))?;
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(this) = source {
            let text = this.to_string();
            ensure(!chain.contains(&text), || format!("{what}: {text:?} stands twice in the chain"))?;
            chain.push(text);
            source = this.source();
        }
    }
    Ok(())
}

async fn secrets(context: &Context) -> Result<(), String> {
    let body = format!(r#"{{"password":"{SECRET}"}}"#);
    let refused =
        request("POST", &format!("http://{}/?token={SECRET}", closed_address()?), Bytes::from(body.clone()));
    let reset = context.request("POST", &format!("/reset/head?token={SECRET}"), body.clone());
    let garbage = context.request("POST", "/garbage", body);
    for request in [refused, reset, garbage] {
        let error = context.fail(request, AMPLE).await?;
        let text = format!("{error} {error:?} {:?}", error.cause());
        ensure(!text.contains(SECRET), || "an error shows a secret of its request".to_owned())?;
    }
    Ok(())
}

async fn cancellation(context: &Context) -> Result<(), String> {
    for _ in 0..3 {
        let timer = SystemClock::new().sleep(Duration::from_millis(50));
        let send = context.transport.send(context.get("/hang/head"), None);
        if let Either::Left((result, _)) = select(send, pin!(timer)).await {
            return Err(format!(
                "a request that hangs has the result {:?}",
                result.map(|response| response.status())
            ));
        }
    }
    status_is_200(context).await
}

async fn abandoned_body(context: &Context) -> Result<(), String> {
    let mut body = context.send(context.get("/endless")).await?.into_body();
    match body.next_chunk().await {
        Some(Ok(_)) => drop(body),
        _ => return Err("the body cannot be read".to_owned()),
    }
    ensure(context.server.wait_until_abandoned(), || "the body is read on after it was dropped".to_owned())?;
    status_is_200(context).await
}

async fn status_is_200(context: &Context) -> Result<(), String> {
    let response = context.send(context.get("/status/200")).await?;
    ensure(response.status() == 200, || format!("the next request gets {}", response.status()))
}

async fn concurrency(context: &Context) -> Result<(), String> {
    let calls = (0..16).map(|number| async move {
        let size = 1000 + number;
        let body = read(context.send(context.get(&format!("/bytes/{size}"))).await?).await?;
        ensure(body == pattern(size), || {
            format!("the response to another request: {} bytes for {size}", body.len())
        })
    });
    join_all(calls).await.into_iter().collect()
}

async fn clock(context: &Context) -> Result<(), String> {
    let Some(clock) = context.transport.clock() else { return Ok(()) };
    let start = clock.now();
    clock.sleep(Duration::from_millis(20)).await;
    let slept = clock.now().saturating_since(start);
    ensure(slept >= Duration::from_millis(20), || format!("a sleep of 20 ms takes {slept:?}"))?;
    ensure(clock.random() != clock.random() || clock.random() != clock.random(), || {
        "its random numbers are all equal".to_owned()
    })
}

fn expect(
    error: &TransportError,
    kinds: &[TransportErrorKind],
    sent: impl Fn(Sent) -> bool,
) -> Result<(), String> {
    ensure(kinds.contains(&error.kind()), || format!("the kind is {:?}: {error}", error.kind()))?;
    ensure(sent(error.sent()), || format!("it is Sent::{:?}: {error}", error.sent()))
}
