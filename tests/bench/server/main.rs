//! A server with fixed responses for the comparison of clients: `cargo xtask bench calls`.
//!
//! It listens on two ports of 127.0.0.1, one for HTTP/1.1 and one for HTTP/1.1 over TLS, prints one line of JSON with both addresses
//! and its certificate authority, and runs until its standard input ends. All bodies are made before the first connection, so that the
//! server's share of a call is small and constant. `GET /bench/counts` returns what was requested since `POST /bench/reset`: a driver
//! that reports more calls than it made is found.

mod tls;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, server::conn::http1};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;
use users_bench_server::{ERROR, USER, page};

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PER_PAGE: usize = 100;
/// The headers of Auth0's responses, but for `date`, which hyper adds.
const HEADERS: [(&str, &str); 11] = [
    ("content-type", "application/json; charset=utf-8"),
    ("cache-control", "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0"),
    ("vary", "origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-ratelimit-limit", "1000"),
    ("x-ratelimit-remaining", "999"),
    ("x-ratelimit-reset", "1767225600"),
    ("x-auth0-l", "0.014"),
    ("x-auth0-requestid", "6d0c2f7e91b34a58c1d2"),
    ("cf-cache-status", "DYNAMIC"),
];

/// The number of requests of each kind.
#[derive(Debug, Default)]
struct Counts {
    connections: u64,
    token: u64,
    get: u64,
    create: u64,
    listed: u64,
    refused: u64,
}

struct State {
    headers: HeaderMap,
    token: Bytes,
    user: Bytes,
    error: Bytes,
    /// Each page and its number of users.
    pages: Vec<(Bytes, usize)>,
    counts: RefCell<Counts>,
}

fn main() -> Outcome<()> {
    let total = match std::env::args().nth(1) {
        Some(total) => total.parse()?,
        None => 2000,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(total))
}

async fn serve(total: usize) -> Outcome<()> {
    let state = Rc::new(State::new(total));
    let (acceptor, authority) = tls::acceptor()?;
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let line = serde_json::json!({
        "http": url("http", plain.local_addr()?),
        "https": url("https", secure.local_addr()?),
        "authority": authority,
        "user_bytes": state.user.len(),
        "page_bytes": state.pages.first().map_or(0, |(page, _)| page.len()),
        "users": total,
    });
    spawn_local(accept(Rc::clone(&state), plain, None));
    spawn_local(accept(state, secure, Some(acceptor)));
    println!("{line}");
    // The runner holds the other end, so the server stops with it, however that ends.
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://{address}")
}

async fn accept(state: Rc<State>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (state, acceptor) = (Rc::clone(&state), acceptor.clone());
        spawn_local(async move {
            match acceptor {
                None => connection(state, stream).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(state, stream).await;
                    }
                }
            }
        });
    }
}

async fn connection(state: Rc<State>, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
    let is_counted = Rc::new(RefCell::new(false));
    let service = service_fn(move |request: Request<Incoming>| {
        let state = Rc::clone(&state);
        let is_own = request.uri().path().starts_with("/bench/");
        if !is_own && !is_counted.replace(true) {
            state.counts.borrow_mut().connections += 1;
        }
        async move { Ok::<_, Infallible>(state.respond(request).await) }
    });
    // A client may close its connection at any time.
    let _ = http1::Builder::new().pipeline_flush(true).serve_connection(TokioIo::new(stream), service).await;
}

impl State {
    fn new(total: usize) -> Self {
        let headers =
            HEADERS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        // One empty page follows the last.
        let pages = (0..=total.div_ceil(PER_PAGE)).map(|number| {
            let (body, users) = page(number, PER_PAGE, total);
            (Bytes::from(body), users)
        });
        let token = serde_json::json!({
            // As long as a JSON Web Token of Auth0 with ten scopes.
            "access_token": format!("{}.{}.{}", "e".repeat(96), "p".repeat(420), "s".repeat(342)),
            "scope": "read:users update:users delete:users create:users",
            "expires_in": 86400,
            "token_type": "Bearer",
        });
        Self {
            headers: HeaderMap::from_iter(headers),
            token: Bytes::from(token.to_string()),
            user: Bytes::from_static(USER.as_bytes()),
            error: Bytes::from_static(ERROR.as_bytes()),
            pages: pages.collect(),
            counts: RefCell::default(),
        }
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return self.refuse() };
        let body = body.to_bytes();
        let path = head.uri.path();
        let is_authorized =
            head.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
        if path.starts_with("/api/v2/") && !is_authorized {
            return self.refuse();
        }
        match (&head.method, path) {
            (&Method::GET, "/bench/counts") => self.counts(),
            (&Method::POST, "/bench/reset") => {
                self.counts.take();
                self.counts()
            }
            (&Method::POST, "/oauth/token") if !body.is_empty() => {
                self.counts.borrow_mut().token += 1;
                self.response(StatusCode::OK, &self.token)
            }
            (&Method::GET, "/api/v2/users") => self.list(head.uri.query().unwrap_or_default()),
            (&Method::POST, "/api/v2/users") if body.starts_with(b"{") => {
                self.counts.borrow_mut().create += 1;
                self.response(StatusCode::CREATED, &self.user)
            }
            (&Method::GET, path) if path.starts_with("/api/v2/users/") => {
                self.counts.borrow_mut().get += 1;
                self.response(StatusCode::OK, &self.user)
            }
            _ => self.refuse(),
        }
    }

    fn list(&self, query: &str) -> Response<Full<Bytes>> {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let number = value("page").and_then(|page| page.parse::<usize>().ok());
        let page = number.and_then(|number| self.pages.get(number));
        let is_as_expected = value("per_page") == Some("100") && value("include_totals") == Some("true");
        match page.filter(|_| is_as_expected) {
            Some((page, users)) => {
                self.counts.borrow_mut().listed += *users as u64;
                self.response(StatusCode::OK, page)
            }
            None => self.refuse(),
        }
    }

    fn refuse(&self) -> Response<Full<Bytes>> {
        self.counts.borrow_mut().refused += 1;
        self.response(StatusCode::NOT_FOUND, &self.error)
    }

    fn counts(&self) -> Response<Full<Bytes>> {
        let Counts { connections, token, get, create, listed, refused } = &*self.counts.borrow();
        let counts = serde_json::json!({
            "connections": connections, "token": token, "get": get,
            "create": create, "listed": listed, "refused": refused,
        });
        self.response(StatusCode::OK, &Bytes::from(counts.to_string()))
    }

    fn response(&self, status: StatusCode, body: &Bytes) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(body.clone()));
        *response.status_mut() = status;
        response.headers_mut().clone_from(&self.headers);
        response
    }
}
