//! For code without async: calls that wait for their answer.
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
//! Everything runs on one tokio runtime of this crate's own, with one thread, which is started by the first call and
//! lives as long as the program. Inside another runtime waiting would stop that runtime's thread, so there, and on
//! a thread of `spawn_blocking`, it is an error; use `Handle::block_on` where that is meant.

use std::future::IntoFuture;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};
use users_core::{Error, ErrorKind, Items};

/// Waits for a call, or for work of several calls.
pub trait Wait<T, E = Error> {
    /// Makes the call and waits for its answer.
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

/// Waits for the items of a stream.
pub trait WaitForItems<T> {
    /// An iterator that waits for each item.
    fn wait_for_each(self) -> BlockingItems<T>;
}

impl<T> WaitForItems<T> for Items<T> {
    fn wait_for_each(self) -> BlockingItems<T> {
        BlockingItems { items: self, ended: false }
    }
}

/// An iterator over the items of a stream. It ends after an error.
#[derive(Debug)]
pub struct BlockingItems<T> {
    items: Items<T>,
    ended: bool,
}

impl<T> Iterator for BlockingItems<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match runtime() {
            Ok(runtime) => runtime.block_on(self.items.next()),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The runtime that every waiting call runs on: connections stay usable between calls.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

    if Handle::try_current().is_ok() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "wait() was called inside an async runtime, whose thread it would stop; await the call instead",
        ));
    }
    let start = || {
        let builder = &mut Builder::new_multi_thread();
        let built = builder.worker_threads(1).thread_name("users-blocking").enable_all().build();
        built.map_err(|error| error.to_string())
    };
    RUNTIME.get_or_init(start).as_ref().map_err(|error| {
        Error::new(ErrorKind::Configuration, format!("the runtime for waiting calls cannot start: {error}"))
    })
}
