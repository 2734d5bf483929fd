//! A process that sends requests at its pace.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a process may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `paced-process`. Dropping it ends it with SIGKILL.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

/// What a process counted, with latencies in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) calls: usize,
    pub(super) failed: usize,
    pub(super) p50: u64,
    pub(super) p99: u64,
    pub(super) max: u64,
    pub(super) first_error: String,
}

/// What a process needs to know.
#[derive(Clone, Debug)]
pub(super) struct Arguments {
    pub(super) tenant: String,
    pub(super) token: String,
    /// The address of Redis; `-` for none.
    pub(super) redis: String,
    pub(super) callers: usize,
}

impl Process {
    /// Starts a process, which waits for [`begin`](Self::begin).
    pub(super) fn start(arguments: &Arguments, number: usize, life: Option<Duration>) -> Self {
        let Arguments { tenant, token, redis, callers } = arguments;
        let mut command = Command::new(env!("CARGO_BIN_EXE_paced-process"));
        command.args([tenant, token, redis, &format!("p{number}"), &callers.to_string()]);
        command.args(life.map(|life| life.as_secs_f64().to_string()));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The receiver is gone if the process was killed.
                let _ = sender.send(line);
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    pub(super) fn wait_until_ready(&self) {
        assert_eq!(self.lines.recv_timeout(PATIENCE).as_deref(), Ok("ready"));
    }

    /// Lets it send requests.
    pub(super) fn begin(&mut self) {
        self.input.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Asks it to end.
    pub(super) fn end(&mut self) {
        self.input = None;
    }

    /// Waits until it has ended by itself.
    pub(super) fn counts(&mut self) -> Counts {
        let line = self.lines.recv_timeout(PATIENCE).expect("a process reports in time");
        let mut words = line.splitn(6, ' ');
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        let [calls, failed] = [number(), number()].map(|count| usize::try_from(count).unwrap());
        let [p50, p99, max] = [number(), number(), number()];
        let first_error = words.next().unwrap_or_default().to_owned();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        Counts { calls, failed, p50, p99, max, first_error }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
