//! Ctrl-C and the signal that ends a process.

use crate::exit::{Code, Failure};
use std::future::Future;
use tokio::sync::watch;

/// The interrupt that ends the process at once. The first ends a command or lets a run end its requests, the second ends a run.
const LAST: u32 = 3;

/// Counts the interrupts of the process.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<u32>);

impl Interrupt {
    /// Listens from now on, in place of the default that ends the process at once.
    pub(crate) fn listen() -> Self {
        let (count, receiver) = watch::channel(0);
        let mut signals = Signals::new();
        tokio::spawn(async move {
            while signals.next().await {
                count.send_modify(|count| *count += 1);
                if *count.borrow() == LAST {
                    // A command that calculates without a pause sees no interrupt, as with a filter that never ends.
                    std::process::exit(i32::from(Code::Interrupted as u8));
                }
            }
        });
        Self(receiver)
    }

    /// Waits for the next interrupt.
    pub(crate) async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            // Signals are not available, so there is none.
            std::future::pending::<()>().await;
        }
    }

    /// Executes something that an interrupt may end at any time.
    pub(crate) async fn or<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            () = self.wait() => Err(Failure::new(Code::Interrupted, "interrupted")),
        }
    }
}

/// Executes something that blocks, such as reading standard input, on a thread of its own: an interrupt is seen meanwhile.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new(Code::Failed, error.to_string())))
}

/// The signals that interrupt: Ctrl-C, and SIGTERM on Unix.
#[cfg(unix)]
struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    async fn next(&mut self) -> bool {
        let Some((interrupt, terminate)) = &mut self.0 else { return false };
        tokio::select! {
            signal = interrupt.recv() => signal.is_some(),
            signal = terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
