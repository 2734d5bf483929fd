//! The server with fixed responses, as a process.

use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use users_bench::Outcome;

/// What the server prints when it starts.
#[derive(Debug, Deserialize)]
struct Start {
    http: String,
    https: String,
    authority: String,
    user_bytes: usize,
    page_bytes: usize,
    users: usize,
}

/// The number of requests that the server received.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Counts {
    pub connections: u64,
    pub token: u64,
    pub get: u64,
    pub create: u64,
    pub listed: u64,
    pub refused: u64,
}

/// The sizes of what the server sends, for the report.
#[derive(Clone, Debug, Serialize)]
pub struct Sizes {
    pub user_bytes: usize,
    pub page_bytes: usize,
    pub users: usize,
    /// The number of certificates that a client reads before its first connection over TLS.
    pub trust_roots: usize,
}

/// The running server, which is killed on drop.
#[derive(Debug)]
pub struct Server {
    process: Child,
    start: Start,
    trust_roots: usize,
    /// The file of the platform's trust roots and the server's authority.
    pub bundle: PathBuf,
}

impl Server {
    /// Starts the server with this number of users.
    pub fn start(program: &Path, users: usize, folder: &Path) -> Outcome<Self> {
        // It stops when its standard input ends, which `process` holds.
        let mut process = Command::new(program)
            .arg(users.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("the server has no output")?).read_line(&mut line)?;
        let start: Start = serde_json::from_str(&line)?;
        let bundle = folder.join("roots.pem");
        let roots = platform_roots() + &start.authority;
        std::fs::write(&bundle, &roots)?;
        Ok(Self { process, start, trust_roots: roots.matches("BEGIN CERTIFICATE").count(), bundle })
    }

    /// The base URL, without a path.
    pub fn url(&self, tls: bool) -> &str {
        if tls { &self.start.https } else { &self.start.http }
    }

    /// The number of users of the tenant.
    pub fn users(&self) -> usize {
        self.start.users
    }

    pub fn sizes(&self) -> Sizes {
        let Start { user_bytes, page_bytes, users, .. } = self.start;
        Sizes { user_bytes, page_bytes, users, trust_roots: self.trust_roots }
    }

    /// Sets all counts to zero.
    pub fn reset(&self) -> Outcome<()> {
        self.ask("POST", "/bench/reset").map(drop)
    }

    /// What was requested since the last reset.
    pub fn counts(&self) -> Outcome<Counts> {
        self.ask("GET", "/bench/counts")
    }

    fn ask(&self, method: &str, path: &str) -> Outcome<Counts> {
        let address = self.start.http.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (_, body) = response.split_once("\r\n\r\n").ok_or("the server sent no body")?;
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server has no state to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The trust roots of the platform: a client in production reads all of them.
fn platform_roots() -> String {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let files = named.into_iter().chain(usual.map(PathBuf::from));
    let mut roots = files.filter_map(|file| std::fs::read_to_string(file).ok()).next().unwrap_or_default();
    roots.push('\n');
    roots
}
