//! The server of the checks: HTTP/1.1 on loopback, one thread for each connection.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest time that the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// The size of the longest request body that is kept.
const MAX_BODY: u64 = 4 * 1024 * 1024;

/// A request as the server received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    /// With names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A server, which stops when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// Whether the second half of bodies may be sent.
    is_released: bool,
    /// The number of answers that could not be sent because the client had gone.
    abandoned: usize,
    is_stopped: bool,
}

impl Server {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::Builder::new().name("conformance".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                if of_thread.state().is_stopped {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let of_connection = Arc::clone(&of_thread);
                // A thread that cannot be started leaves the connection closed.
                let _ = thread::Builder::new()
                    .name("conformance connection".to_owned())
                    .spawn(move || serve(stream, &of_connection));
            }
        })?;
        Ok(Self { address, shared })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests for a path so far.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let is_for_path = |request: &&Received| request.target.split('?').next() == Some(path);
        self.shared.state().received.iter().filter(is_for_path).cloned().collect()
    }

    /// Lets the second half of bodies be sent.
    pub(crate) fn release(&self) {
        self.shared.state().is_released = true;
        self.shared.changed.notify_all();
    }

    /// Waits until the client has gone from a connection on which an answer was being sent.
    pub(crate) fn wait_until_abandoned(&self) -> bool {
        self.shared.wait_until(|state| state.abandoned > 0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().is_stopped = true;
        self.release();
        // The thread waits for a connection.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a condition, within the server's patience.
    fn wait_until(&self, condition: impl Fn(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.state(), PATIENCE, |state| !condition(state));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        condition(&state)
    }

    fn abandoned(&self) {
        self.state().abandoned += 1;
        self.changed.notify_all();
    }
}

fn serve(stream: TcpStream, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let request = match receive(&mut reader) {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(_) => {
                // The beginning of a TLS handshake is not text.
                let _ = writer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                return;
            }
        };
        shared.state().received.push(request.clone());
        match answer(&request, &mut writer, shared) {
            Ok(Then::Next) => {}
            Ok(Then::Close) => return,
            Err(_) => return shared.abandoned(),
        }
    }
}

/// Reads a request; `None` at the end of the connection.
fn receive(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Received { method, target, headers, body: Vec::new() };
    let length: Option<u64> = request.header("content-length").first().and_then(|length| length.parse().ok());
    if request.header("transfer-encoding").contains(&"chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).unwrap_or(0);
            reader.take(size).read_to_end(&mut request.body)?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = length {
        reader.take(length.min(MAX_BODY)).read_to_end(&mut request.body)?;
    }
    Ok(Some(request))
}

enum Then {
    Next,
    Close,
}

/// Answers as the path says.
fn answer(request: &Received, writer: &mut TcpStream, shared: &Shared) -> io::Result<Then> {
    let path = request.target.split('?').next().unwrap_or_default();
    let (what, argument) =
        path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    match what {
        "status" => {
            let body: &[u8] = if matches!(argument, "204" | "304") { b"" } else { b"{}" };
            let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            write!(writer, "HTTP/1.1 {argument} Status\r\n{length}\r\n")?;
            writer.write_all(body)?;
        }
        "headers" => writer.write_all(
            b"HTTP/1.1 200 OK\r\nx-one: 1\r\nX-Many: a\r\nx-many: b\r\nx-empty:\r\nx-latin: caf\xe9\r\ncontent-length: 2\r\n\r\n{}",
        )?,
        "redirect" => writer.write_all(b"HTTP/1.1 302 Found\r\nlocation: /status/200\r\ncontent-length: 0\r\n\r\n")?,
        "bytes" => {
            let body = pattern(argument.parse().unwrap_or(0));
            write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len())?;
            writer.write_all(&body)?;
        }
        "chunked" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            for chunk in pattern(argument.parse().unwrap_or(0)).chunks(7919) {
                write!(writer, "{:x}\r\n", chunk.len())?;
                writer.write_all(chunk)?;
                writer.write_all(b"\r\n")?;
            }
            writer.write_all(b"0\r\n\r\n")?;
        }
        "until-close" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
            writer.write_all(&pattern(argument.parse().unwrap_or(0)))?;
            return Ok(Then::Close);
        }
        "gzip" => gzip(request, argument, writer)?,
        "halves" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")?;
            writer.flush()?;
            shared.wait_until(|state| state.is_released);
            writer.write_all(b"after")?;
        }
        "endless" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                write!(writer, "2000\r\n")?;
                writer.write_all(&pattern(0x2000))?;
                writer.write_all(b"\r\n")?;
                if shared.state().is_stopped {
                    return Ok(Then::Close);
                }
            }
        }
        "hang" => {
            if argument == "body" {
                writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")?;
                writer.flush()?;
            }
            shared.wait_until(|state| state.is_stopped);
            return Ok(Then::Close);
        }
        "reset" => {
            if argument == "body" {
                writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")?;
            }
            return Ok(Then::Close);
        }
        "garbage" => {
            writer.write_all(b"this is not HTTP\r\n\r\n")?;
            return Ok(Then::Close);
        }
        _ => writer.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?,
    }
    writer.flush()?;
    Ok(Then::Next)
}

/// Compresses the body if the client takes gzip.
fn gzip(request: &Received, size: &str, writer: &mut TcpStream) -> io::Result<()> {
    let mut body = pattern(size.parse().unwrap_or(0));
    let mut head = String::from("HTTP/1.1 200 OK\r\n");
    if request.header("accept-encoding").iter().any(|accepted| accepted.contains("gzip")) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&body)?;
        body = encoder.finish()?;
        head.push_str("content-encoding: gzip\r\n");
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    writer.write_all(head.as_bytes())?;
    writer.write_all(&body)
}

/// Bytes of every value, in an order that does not repeat soon.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|index| u8::try_from(index * 31 % 251).unwrap_or_default()).collect()
}
