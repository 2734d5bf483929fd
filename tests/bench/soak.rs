//! A client under load over real sockets against a faulty server: whether it panics, whether its memory grows, and whether it
//! reports the outcome of each call correctly.
//!
//! The server is a separate process, so that only the client's memory is measured.

use futures_util::future::{join, join_all};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::error::Error as StdError;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use users_core::model::{NewUser, UserUpdate};
use users_core::{Clock as _, Error, ErrorKind, ManagementClient, SystemClock};
use users_hyper::HyperTransport;
use users_mock::{FaultyTransport, Tenant};
use users_tenant::TenantServer;

type Outcome<T> = Result<T, Box<dyn StdError + Send + Sync>>;

/// The faults of the server, and their probabilities.
const FAULTS: [&str; 12] = [
    "connect-refused,chance=0.005",
    "reset-before,chance=0.01",
    "reset-after,chance=0.01",
    "truncated,chance=0.01",
    "garbage,chance=0.01",
    "slow-body:0.2,chance=0.01",
    "hang,chance=0.002",
    "401,chance=0.005",
    "500,chance=0.01",
    "502,chance=0.01",
    "503,chance=0.01",
    "429,chance=0.0005",
];
/// The attempt timeout: long enough for a busy machine, short enough for requests that hang.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long a caller waits after a call that had no token. After a failed token request, calls fail at once for a second, and a
/// caller that repeated them without a pause would only count its own loop.
const PAUSE: Duration = Duration::from_millis(100);
/// The shortest load, in seconds, of which memory is measured.
const LONG_ENOUGH: u64 = 15;

/// The results of the load over one protocol.
#[derive(Debug, Serialize)]
pub struct Row {
    pub protocol: &'static str,
    pub seconds: u64,
    pub callers: usize,
    pub calls: u64,
    pub succeeded: u64,
    /// The number of failed calls by error kind.
    pub failed: BTreeMap<String, u64>,
    pub panicked: u64,
    /// Reported outcomes that contradict the tenant.
    pub incorrect: Vec<String>,
    /// The client's resident set after a third of the time and at the end, in MiB; `None` for a load that is too short to warm up.
    pub resident_mib: Option<(f64, f64)>,
}

impl Row {
    /// The checks that failed.
    pub fn misses(&self) -> Vec<String> {
        let mut misses = self.incorrect.clone();
        if self.panicked > 0 {
            misses.push(format!("{} callers panicked", self.panicked));
        }
        let without_token = self.failed.get("Token").copied().unwrap_or_default();
        let with_token = self.calls - without_token;
        if self.succeeded < with_token / 5 * 4 || self.succeeded == 0 {
            misses.push(format!("only {} of {with_token} calls with a token succeeded", self.succeeded));
        }
        // Each caller makes at most this many calls in the time, if none has a token.
        let most = self.seconds * self.callers as u64 * 1000 / PAUSE.as_millis() as u64;
        if without_token > most / 2 {
            misses.push(format!("{without_token} calls had no token, for more than half of the time"));
        }
        if self.calls != self.succeeded + self.failed.values().sum::<u64>() {
            misses.push("some calls have no outcome".to_owned());
        }
        if let Some((before, after)) = self.resident_mib.filter(|(before, after)| *after > before * 1.1 + 4.0)
        {
            misses.push(format!("the resident set grew from {before:.1} to {after:.1} MiB"));
        }
        misses
    }
}

/// What a caller knows about a user that it created.
#[derive(Debug, Default)]
struct Made {
    email: String,
    /// `None` if it is unknown.
    exists: Option<bool>,
}

#[derive(Default)]
struct Book {
    calls: u64,
    succeeded: u64,
    failed: BTreeMap<String, u64>,
    made: Vec<Made>,
    incorrect: Vec<String>,
}

impl Book {
    /// Counts a call's outcome.
    fn count<T>(&mut self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.succeeded += 1,
            Err(error) => *self.failed.entry(format!("{:?}", error.kind())).or_default() += 1,
        }
    }
}

type SharedBook = Arc<Mutex<Book>>;

fn with<T>(book: &SharedBook, change: impl FnOnce(&mut Book) -> T) -> T {
    change(&mut book.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Loads the client for this number of seconds over each protocol.
pub async fn run(seconds: u64, callers: usize) -> Outcome<Vec<Row>> {
    if seconds < LONG_ENOUGH {
        // No memory is measured, so both run at once; most of a short run is spent waiting for the last requests that hang.
        let (http1, http2) = join(load("HTTP/1.1", seconds, callers), load("HTTP/2", seconds, callers)).await;
        return Ok(vec![http1?, http2?]);
    }
    let mut rows = Vec::new();
    for protocol in ["HTTP/1.1", "HTTP/2"] {
        rows.push(load(protocol, seconds, callers).await?);
    }
    Ok(rows)
}

async fn load(protocol: &'static str, seconds: u64, callers: usize) -> Outcome<Row> {
    let mut server = Server::start()?;
    let transport = HyperTransport::builder().add_root_certificate_pem(&server.start.ca);
    let transport =
        if protocol == "HTTP/2" { transport.http2_only() } else { transport.http1_only() }.build()?;
    let client = ManagementClient::builder(transport)
        .domain(&server.start.url)
        .client_credentials(&server.start.client_id, server.start.client_secret.as_str())
        .attempt_timeout(ATTEMPT)
        .build()?;
    let book = SharedBook::default();
    let clock = SystemClock::new();
    let end = clock.now() + Duration::from_secs(seconds);
    let tasks = (0..callers).map(|caller| {
        let (client, book) = (client.clone(), Arc::clone(&book));
        tokio::spawn(async move {
            let mut number = 0;
            while clock.now() < end {
                user_lifecycle(&client, &book, format!("{caller}-{number}@example.com")).await;
                number += 1;
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    clock.sleep(Duration::from_secs(seconds) / 3).await;
    let before = resident_mib();
    let ended = join_all(tasks).await;
    let after = resident_mib();
    let there = server.report()?;
    let book = std::mem::take(&mut *book.lock().unwrap_or_else(PoisonError::into_inner));
    let incorrect = book
        .made
        .iter()
        .filter(|made| made.exists.is_some_and(|exists| exists != there.contains(&made.email)));
    Ok(Row {
        protocol,
        seconds,
        callers,
        calls: book.calls,
        succeeded: book.succeeded,
        panicked: ended.iter().filter(|ended| ended.is_err()).count() as u64,
        incorrect: incorrect
            .map(|made| format!("{}: reported to exist: {:?}", made.email, made.exists))
            .chain(book.incorrect)
            .collect(),
        failed: book.failed,
        resident_mib: before.zip(after).filter(|_| seconds >= LONG_ENOUGH),
    })
}

/// Creates, reads, updates and deletes a user, and stops if it cannot be created.
async fn user_lifecycle(client: &ManagementClient, book: &SharedBook, email: String) {
    let users = client.users();
    let new = NewUser::new("Username-Password-Authentication").email(&email).password("Correct horse 1");
    with(book, |book| book.calls += 1);
    let created = users.create(new).await;
    let exists = match &created {
        Ok(_) => Some(true),
        Err(error) if error.may_have_been_applied() => None,
        Err(_) => Some(false),
    };
    with(book, |book| book.count(&created));
    let is_without_token = created.as_ref().is_err_and(|error| error.kind() == ErrorKind::Token);
    let id = created.ok().and_then(|user| user.user_id);
    let Some(id) = id else {
        with(book, |book| book.made.push(Made { email, exists }));
        if is_without_token {
            SystemClock::new().sleep(PAUSE).await;
        }
        return;
    };
    with(book, |book| book.calls += 1);
    let read = users.get(&id).await;
    with(book, |book| {
        book.count(&read);
        let found = read.as_ref().map(|user| user.user_id.as_ref() == Some(&id));
        if found.is_ok_and(|is_same| !is_same) || read.as_ref().is_err_and(Error::is_not_found) {
            book.incorrect.push(format!("{email}: was created, but cannot be read: {read:?}"));
        }
    });
    with(book, |book| book.calls += 1);
    let changed = users.update(&id, UserUpdate::new().nickname("Ada")).await;
    with(book, |book| {
        book.count(&changed);
        if changed.as_ref().is_ok_and(|user| user.nickname.as_deref() != Some("Ada")) {
            book.incorrect.push(format!("{email}: was reported as updated, but is not: {changed:?}"));
        }
    });
    with(book, |book| book.calls += 1);
    let deleted = users.delete(&id).await;
    let exists = match &deleted {
        Ok(()) => Some(false),
        Err(error) if error.may_have_been_applied() => None,
        Err(_) => Some(true),
    };
    with(book, |book| {
        book.count(&deleted);
        book.made.push(Made { email, exists });
    });
}

/// The resident memory of this process in MiB, if the system reports it.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// What the server reports when it starts.
#[derive(Debug, Serialize, Deserialize)]
struct Start {
    url: String,
    ca: String,
    client_id: String,
    client_secret: String,
}

/// The server process, which is killed on drop.
struct Server {
    process: Child,
    start: Start,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(ask), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the pipes of the server are missing".into());
        };
        let mut answers = BufReader::new(answers);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(Self { start: serde_json::from_str(&line)?, process, ask, answers })
    }

    /// The e-mail addresses of the users that exist.
    fn report(&mut self) -> Outcome<HashSet<String>> {
        self.ask.write_all(b"report\n")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server has no state to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the server: prints its address, and for each line of its input the users that exist, until the input ends.
pub async fn serve() -> Outcome<()> {
    let tenant = Tenant::builder().system_clock().build();
    let faulty = FaultyTransport::new(tenant.clone(), SystemClock::new())
        .latency(Duration::ZERO..=Duration::from_millis(5));
    for fault in FAULTS {
        faulty.inject_spec(&fault.parse()?);
    }
    let server = TenantServer::bind_tls(faulty, ([127, 0, 0, 1], 0).into()).await?;
    let (client_id, client_secret) = tenant.client();
    let start = Start {
        url: server.url(),
        ca: server.ca_pem().unwrap_or_default().to_owned(),
        client_id,
        client_secret: client_secret.expose().to_owned(),
    };
    println!("{}", serde_json::to_string(&start)?);
    let lines = std::io::stdin().lines();
    for line in lines {
        line?;
        let users = tenant.user_ids().into_iter().filter_map(|id| tenant.user(&id)?.email);
        println!("{}", serde_json::to_string(&users.collect::<Vec<String>>())?);
    }
    Ok(())
}
