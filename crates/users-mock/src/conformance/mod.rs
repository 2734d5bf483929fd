//! A suite that checks whether a transport keeps the contract of [`HttpTransport`].
//!
//! An implementer runs it in a test, with a function that runs a future to its end on the runtime that the transport requires:
//!
//! ```
//! # use users_core::{Body, HttpTransport, TransportError};
//! # use std::time::Duration;
//! # #[derive(Debug)] struct MyTransport;
//! # #[async_trait::async_trait] impl HttpTransport for MyTransport {
//! #     async fn send(&self, _: http::Request<bytes::Bytes>, _: Option<Duration>) -> Result<http::Response<Body>, TransportError> {
//! #         Err(TransportError::connect("an example")) } }
//! # fn example() {
//! use users_mock::conformance::Suite;
//!
//! # fn block_on(_: users_mock::conformance::Running) {}
//! let report = Suite::new(MyTransport).run(|check| block_on(check)); // such as `runtime.block_on(check)`
//! println!("{report}");
//! report.assert();
//! # }
//! ```
//!
//! [`Suite::new`] is for a transport that sends requests over a network, and [`Suite::in_process`] for one that answers them itself. A
//! [`Report`] lists the checks that the transport passes and fails, and those that were skipped.
//!
//! The suite starts servers on loopback, so the transport must allow plain HTTP to loopback, and no proxy may be in between.
//!
//! [`HttpTransport`]: users_core::HttpTransport

mod check;
mod checks;
mod server;

use check::{Check, Context};
use checks::{IN_PROCESS, NETWORK};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use users_core::HttpTransport;

/// Checks a transport; see the [module](self).
#[derive(Debug)]
pub struct Suite {
    transport: Arc<dyn HttpTransport>,
    checks: &'static [Check],
    skipped: Vec<(String, String)>,
}

/// A check, to be run to its end. It ends within 20 seconds unless the transport blocks the thread.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Suite {
    /// A suite for a transport that sends requests over a network.
    pub fn new(transport: impl HttpTransport) -> Self {
        Self { transport: Arc::new(transport), checks: NETWORK, skipped: Vec::new() }
    }

    /// A suite for a transport that answers requests itself, such as a test double.
    pub fn in_process(transport: impl HttpTransport) -> Self {
        Self { transport: Arc::new(transport), checks: IN_PROCESS, skipped: Vec::new() }
    }

    /// The names of the checks, and what each requires.
    pub fn checks(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.checks.iter().map(|check| (check.name, check.requires))
    }

    /// Leaves out a check that the transport cannot pass, for a reason that the report states.
    ///
    /// # Panics
    ///
    /// If there is no check of this name.
    #[must_use]
    #[track_caller]
    pub fn skip(mut self, name: &str, reason: &str) -> Self {
        let names: Vec<&str> = self.checks.iter().map(|check| check.name).collect();
        assert!(names.contains(&name), "there is no check {name:?}; there are {}", names.join(", "));
        self.skipped.push((name.to_owned(), reason.to_owned()));
        self
    }

    /// Runs the checks one after the other, each by `block_on`.
    ///
    /// # Panics
    ///
    /// If no server can be started on loopback.
    #[track_caller]
    pub fn run(self, mut block_on: impl FnMut(Running)) -> Report {
        let mut results = Vec::new();
        for check in self.checks {
            let skipped = self.skipped.iter().find(|(name, _)| name == check.name);
            let outcome = match skipped {
                Some((_, reason)) => Outcome::Skipped(reason.clone()),
                None => match self.run_one(check, &mut block_on) {
                    Ok(outcome) => outcome,
                    Err(error) => Outcome::Failed(format!("no server can be started: {error}")),
                },
            };
            results.push((check.name, check.requires, outcome));
        }
        Report { results }
    }

    fn run_one(&self, check: &Check, block_on: &mut impl FnMut(Running)) -> io::Result<Outcome> {
        let context = Context::new(Arc::clone(&self.transport))?;
        let outcome = Arc::new(Mutex::new(Outcome::Failed("the check did not end".to_owned())));
        let (run, slot) = (check.run, Arc::clone(&outcome));
        block_on(Box::pin(async move {
            let result = context.limited(run).await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = match result {
                Ok(()) => Outcome::Passed,
                Err(reason) => Outcome::Failed(reason),
            };
        }));
        let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(outcome.clone())
    }
}

#[derive(Clone, Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The results of a [`Suite`]. `Display` shows one line for each check.
#[derive(Clone, Debug)]
pub struct Report {
    results: Vec<(&'static str, &'static str, Outcome)>,
}

impl Report {
    /// The checks that failed, each with what the contract requires and what happened instead.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.results.iter().filter_map(|(name, _, outcome)| match outcome {
            Outcome::Failed(reason) => Some((*name, reason.as_str())),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
    }

    /// Checks that no check failed.
    ///
    /// # Panics
    ///
    /// At the line of the caller, with the report, if one did.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.failures().next().is_none(), "the transport does not keep its contract:\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, requires, outcome) in &self.results {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {name}")?,
                Outcome::Skipped(reason) => writeln!(f, "skipped  {name}: {reason}")?,
                Outcome::Failed(reason) => {
                    writeln!(f, "FAILED   {name}: {reason}\n         required: {requires}")?;
                }
            }
        }
        Ok(())
    }
}
