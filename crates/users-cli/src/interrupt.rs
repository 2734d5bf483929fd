//! Ctrl-C and the signal that ends a process.

use crate::exit::{Code, Failure};
use std::future::Future;
use tokio::sync::watch;

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
