//! The server process.

use crate::identity::Identity;
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running `redis-server`. Dropping it ends the process and removes its files.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    tls_port: Option<u16>,
}

impl RedisServer {
    /// Starts a server without persistence. `None` if `redis-server` is not installed; with `CI=true` that is a failure.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a server with further options, as on its command line.
    pub fn with(options: &[&str]) -> Option<Self> {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), options, None)
    }

    /// Starts a server that takes connections with TLS as well, on another port.
    pub fn with_tls(identity: &Identity) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut options =
            vec!["--tls-port".to_owned(), port.to_string(), "--tls-auth-clients".to_owned(), "no".to_owned()];
        let files = [
            ("--tls-cert-file", "certificate.pem", &identity.certificate),
            ("--tls-key-file", "key.pem", &identity.key),
            ("--tls-ca-cert-file", "authority.pem", &identity.authority),
        ];
        for (option, name, text) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            options.extend([option.to_owned(), path.to_str().expect("a path").to_owned()]);
        }
        Self::in_folder(folder, options, Some(port))
    }

    fn in_folder(folder: TempDir, options: Vec<String>, tls_port: Option<u16>) -> Option<Self> {
        let is_there = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_there {
            let is_required = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!is_required, "redis-server is not installed (Debian: apt-get install redis-server)");
            eprintln!("skipped: redis-server is not installed");
            return None;
        }
        let port = free_port();
        let process = spawn(port, &folder, &options);
        let mut server = Self { process, port, folder, options, tls_port };
        // Another test may have taken the port meanwhile.
        for _ in 0..10 {
            if server.is_started() {
                return Some(server);
            }
            server.port = free_port();
            server.process = spawn(server.port, &server.folder, &server.options);
        }
        panic!("redis-server does not start")
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, as in `redis://127.0.0.1:6379`.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The address with TLS, of a server that was started [`with_tls`](Self::with_tls).
    pub fn tls_address(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.tls_port.expect("a server with TLS"))
    }

    pub(crate) fn options(&self) -> &[String] {
        &self.options
    }

    /// A blocking connection.
    pub fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.address()).expect("an address");
        client.get_connection().expect("a connection")
    }

    /// The number of scripts that were evaluated since the start.
    pub fn evaluated(&self) -> u64 {
        let info: String =
            redis::cmd("INFO").arg("commandstats").query(&mut self.connection()).expect("statistics");
        let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
    }

    /// Counts from zero again.
    pub fn reset_statistics(&self) {
        redis::cmd("CONFIG").arg("RESETSTAT").query::<()>(&mut self.connection()).expect("statistics");
    }

    /// Ends the process with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("a process");
        self.process.wait().expect("a process");
    }

    /// Starts the process again on the same port, after [`kill`](Self::kill), without its data.
    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.options);
        assert!(self.is_started(), "redis-server does not start on its port again");
    }

    /// Makes the server answer no command for this time.
    pub fn pause(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).expect("a short time");
        redis::cmd("CLIENT")
            .arg("PAUSE")
            .arg(millis)
            .query::<()>(&mut self.connection())
            .expect("CLIENT PAUSE");
    }

    /// Removes all data and scripts.
    pub fn flush(&self) {
        let mut connection = self.connection();
        redis::cmd("FLUSHALL").query::<()>(&mut connection).expect("FLUSHALL");
        redis::cmd("SCRIPT").arg("FLUSH").query::<()>(&mut connection).expect("SCRIPT FLUSH");
    }

    /// Stops the process with SIGSTOP: its connections stay open and receive no answer.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Continues the process after [`stop`](Self::stop).
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("a process");
    }

    /// Waits until the server answers. `false` if the process has ended.
    #[allow(clippy::disallowed_methods)] // it waits for a process
    fn is_started(&mut self) -> bool {
        let started = Instant::now();
        while !self.answers() {
            if self.process.try_wait().expect("a process").is_some() {
                return false;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Whether this process is the one that answers on the port.
    fn answers(&self) -> bool {
        let Ok(client) = redis::Client::open(self.address()) else { return false };
        let Ok(mut connection) = client.get_connection() else { return false };
        let info: redis::RedisResult<String> = redis::cmd("INFO").arg("server").query(&mut connection);
        info.is_ok_and(|info| info.lines().any(|line| line == format!("process_id:{}", self.process.id())))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, folder: &TempDir, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.args(["--enable-debug-command", "local", "--loglevel", "warning", "--dir"]).arg(folder.path());
    command.args(options).stdout(Stdio::null()).spawn().expect("redis-server")
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("an address").port()
}
