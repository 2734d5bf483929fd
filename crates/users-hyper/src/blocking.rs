//! Blocking calls, for code without async.
//!
//! ```no_run
//! use users_hyper::blocking::{Wait as _, WaitForItems as _};
//!
//! let users = users_hyper::management("tenant.eu.auth0.com").token("token").build()?.users();
//! let user = users.get("auth0|507f1f77bcf86cd799439020").wait()?;
//! for user in users.get_all().items().wait_for_each() {
//!     println!("{:?}", user?.email);
//! }
//! # let _ = user;
//! # Ok::<(), users_hyper::Error>(())
//! ```
//!
//! [`Wait`] blocks on a call, and [`WaitForItems`] makes an iterator of a stream: pages, all users, bulk runs.
//!
//! Blocking calls run on a tokio runtime of this crate with one worker thread. The first call starts it, and it runs until the
//! program ends. Inside another runtime, blocking would stop that runtime's thread, so it is an error there, and also on a thread
//! of `spawn_blocking`; use `Handle::block_on` on such a thread.

use futures_util::StreamExt as _;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};
use users_core::{Error, ErrorKind, Stream};

/// Blocks the thread until a call, or an operation of several calls, completes.
pub trait Wait<T, E = Error> {
    /// Sends the call and blocks until it completes.
    ///
    /// # Errors
    ///
    /// The error of the call; or one of kind [`InvalidArgument`](ErrorKind::InvalidArgument) inside a tokio runtime, and of kind
    /// [`Configuration`](ErrorKind::Configuration) if the runtime cannot be started.
    fn wait(self) -> Result<T, E>;
}

impl<T, E, F> Wait<T, E> for F
where
    E: From<Error>,
    F: IntoFuture<Output = Result<T, E>>,
{
    fn wait(self) -> Result<T, E> {
        runtime()?.block_on(self.into_future())
    }
}

/// Blocks the thread for the items of a stream: [`Items`](users_core::Items) and [`Pages`](users_core::Pages) of a list, the users of
/// [`everyone`](users_core::Call::everyone), and the outcomes of [`delete_all`](users_core::management::UsersManager::delete_all) and
/// [bulk runs](users_core::Bulk).
pub trait WaitForItems<T>: Stream<Item = Result<T, Error>> + Sized {
    /// Returns an iterator that blocks until each item is available.
    fn wait_for_each(self) -> BlockingItems<Self>;
}

impl<T, S: Stream<Item = Result<T, Error>>> WaitForItems<T> for S {
    fn wait_for_each(self) -> BlockingItems<S> {
        BlockingItems { stream: Box::pin(self), ended: false }
    }
}

/// An iterator over the items of a stream. It ends after an error, which is one of kind
/// [`InvalidArgument`](ErrorKind::InvalidArgument) inside a tokio runtime.
#[derive(Debug)]
pub struct BlockingItems<S> {
    stream: Pin<Box<S>>,
    ended: bool,
}

impl<S> BlockingItems<S> {
    /// The stream, for example for the progress of a bulk run.
    pub fn stream(&self) -> &S {
        &self.stream
    }
}

impl<T, S: Stream<Item = Result<T, Error>>> Iterator for BlockingItems<S> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match runtime() {
            Ok(runtime) => runtime.block_on(self.stream.next()),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The runtime of all blocking calls. A single one, so that connections are reused between calls.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

    if Handle::try_current().is_ok() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "blocking on a call inside an async runtime would stop its thread; await the call instead",
        ));
    }
    let start = || {
        let builder = &mut Builder::new_multi_thread();
        let built = builder.worker_threads(1).thread_name("users-blocking").enable_all().build();
        built.map_err(|error| error.to_string())
    };
    RUNTIME.get_or_init(start).as_ref().map_err(|error| {
        Error::new(
            ErrorKind::Configuration,
            format!("the runtime for blocking calls cannot be started: {error}"),
        )
    })
}
