//! The thread that drives a store's connection and its workers.

use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A thread with a runtime, started at first use and ended when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<Option<Started>>);

#[derive(Debug)]
struct Started {
    handle: Handle,
    /// Dropping it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Background {
    /// Runs a future on the thread. Fails if the thread cannot be started.
    pub(crate) fn spawn<F>(&self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = match &*started {
            Some(started) => &started.handle,
            None => &started.insert(Started::new()?).handle,
        };
        Ok(handle.spawn(future))
    }
}

impl Started {
    fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let run = move || {
            // An error means that the sender was dropped, which is the end.
            let _ = runtime.block_on(ended);
        };
        thread::Builder::new().name("users-redis".to_owned()).spawn(run)?;
        Ok(Self { handle, _end: end })
    }
}
