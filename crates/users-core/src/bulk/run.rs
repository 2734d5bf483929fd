//! Running an operation over many inputs.

use super::calls::Calls;
use super::journal::{self, BulkJournal, Claims, Earlier, Hashes};
use super::outcome::{BulkOutcome, BulkStatus};
use super::progress::{BulkProgress, Counter};
use super::resolve::{Doubt, Resolution};
use super::run_report::{BulkError, BulkReport};
use super::runner::{Event, Runner};
use super::work::{Prepared, Work, end_of, resolve_or_repeat, status_of};
use crate::client::{CallOptions, Client};
use crate::descriptor::Descriptor;
use crate::error::Error;
use futures_core::Stream;
use futures_util::future::{FutureExt as _, ready};
use futures_util::stream::{BoxStream, StreamExt};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Context, Poll};
use users_model::Timestamp;

/// An operation that runs over many inputs: a stream of their outcomes, in the order in which they end. Created by the methods of
/// [`Bulk`](crate::Bulk).
///
/// Each input gives exactly one outcome. If the journal cannot be written, no further input is begun, those that were sent give their
/// outcomes, and the stream ends with the error. Dropping the stream cancels the calls in flight; [`stop`](Self::stop) lets them end.
#[must_use = "a stream does nothing until it is polled"]
pub struct BulkRun<I, T> {
    calls: Calls,
    work: Work<I, T>,
    runner: Runner<I, Ended<I, T>>,
    /// `None` without one, and after the end.
    journal: Option<BulkJournal>,
    damage: Vec<u64>,
    claims: Claims,
    /// Whether the journal was checked.
    is_begun: bool,
    next: u64,
    /// The error that ends the stream.
    failed: Option<Error>,
    /// The operation, once an input was prepared.
    descriptor: Option<Descriptor>,
    counter: Counter,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn FnMut(&BulkProgress) + Send;

/// An input with its outcome.
struct Ended<I, T> {
    outcome: BulkOutcome<I, T>,
    /// `None` if nothing is to be recorded.
    recorded: Option<Recorded>,
}

/// What the journal has of an input that was begun.
#[derive(Clone, Copy)]
struct Recorded {
    hashes: Hashes,
    /// When the request was sent first.
    first: Option<i64>,
    was_in_doubt: bool,
}

impl<I: Send + 'static, T: Send + 'static> BulkRun<I, T> {
    pub(super) fn new(
        client: Client,
        work: Work<I, T>,
        inputs: BoxStream<'static, I>,
        options: Options,
    ) -> Self {
        let (least, most) = inputs.size_hint();
        let total = most.filter(|most| *most == least).map(|total| total as u64);
        let Options { concurrency, journal, on_progress, calls, refused } = options;
        Self {
            calls: Calls { client, options: calls },
            work,
            runner: Runner::new(inputs, concurrency),
            damage: journal.as_ref().map_or_else(Vec::new, |journal| journal.damage().to_vec()),
            journal,
            claims: Claims::default(),
            is_begun: false,
            next: 0,
            failed: refused,
            descriptor: None,
            counter: Counter::new(total),
            on_progress,
        }
    }

    /// Sets how to tell whether the operation of an input was carried out when a run was interrupted. The closure gets the input. It is
    /// called again if the operation is repeated and refused with 409, because the first request may have arrived in between.
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient, users: Vec<String>) -> Result<(), users_core::Error> {
    /// use users_core::management::AssignUserRoles;
    /// use users_core::{BulkJournal, Resolution};
    ///
    /// let editor = "rol_0000000000000001";
    /// let all = client.users();
    /// let assign = move |id: &String| AssignUserRoles::new(id, [editor]);
    /// let mut run = client.users().bulk().journal(BulkJournal::open("roles.journal")?).run("roles.assign", users, assign);
    /// run = run.resolve(move |id| {
    ///     let roles = all.roles(id.as_str()).list();
    ///     async move {
    ///         let has_it = roles.await?.iter().any(|role| role.id.as_deref() == Some(editor));
    ///         Ok(if has_it { Resolution::Applied(()) } else { Resolution::NotApplied })
    ///     }
    /// });
    /// # let _ = run.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve<F>(mut self, resolve: impl Fn(&I) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Resolution<T>, Error>> + Send + 'static,
    {
        self.work.resolve = Arc::new(move |_, input, _| resolve(input).boxed());
        self
    }

    /// Begins no further input. Those that were begun end, and the stream ends after them.
    pub fn stop(&mut self) {
        self.runner.stop();
    }

    /// How far the run has come.
    pub fn progress(&self) -> BulkProgress {
        self.counter.progress()
    }

    /// The journal's damaged places, see [`BulkJournal::damage`].
    pub fn journal_damage(&self) -> &[u64] {
        &self.damage
    }

    /// The next outcome, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<BulkOutcome<I, T>, Error>> {
        StreamExt::next(self).await
    }

    /// The next outcome, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<BulkOutcome<I, T>>, Error> {
        self.next().await.transpose()
    }

    /// Runs to the end. The inputs that were not carried out, and their errors, are collected.
    ///
    /// # Errors
    ///
    /// That of the stream, with the report up to the failure.
    pub async fn finish(mut self) -> Result<BulkReport<I>, BulkError<I>> {
        let (mut failed, mut uncertain) = (Vec::new(), Vec::new());
        let mut error = None;
        while let Some(outcome) = self.next().await {
            let BulkOutcome { index, input, status } = match outcome {
                Ok(outcome) => outcome,
                Err(ended) => {
                    error = Some(ended);
                    continue;
                }
            };
            match status {
                BulkStatus::Applied(_) | BulkStatus::AppliedBefore => {}
                BulkStatus::NotApplied(error) => failed.push((index, input, Some(error))),
                BulkStatus::NotAppliedBefore => failed.push((index, input, None)),
                BulkStatus::MayHaveBeenApplied(error) => uncertain.push((index, input, error)),
            }
        }
        let report = BulkReport { progress: self.progress(), failed, uncertain };
        match error {
            Some(error) => Err(BulkError::new(error, report, self.descriptor)),
            None => Ok(report),
        }
    }

    fn now(&self) -> i64 {
        Timestamp::from(self.calls.client.shared.clock.unix_now()).unix_millis()
    }

    /// Begins an input: sends its request, or takes its outcome from the journal.
    fn begin(&mut self, input: I) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        let end =
            move |input, status, recorded| Ended { outcome: BulkOutcome { index, input, status }, recorded };
        let Prepared { request, subject, descriptor, call } = match (self.work.prepare)(&self.calls, &input) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.runner.push(ready(end(input, BulkStatus::NotApplied(error), None)).boxed());
                return Ok(());
            }
        };
        self.descriptor.get_or_insert(descriptor);
        let now = self.now();
        let Some(journal) = &mut self.journal else {
            self.runner.push(call.map(move |result| end(input, status_of(result), None)).boxed());
            return Ok(());
        };
        let hashes = journal.hashes(&request, subject.as_deref());
        let known = match journal.earlier(index, hashes) {
            Earlier::Applied => BulkStatus::AppliedBefore,
            Earlier::NotApplied => BulkStatus::NotAppliedBefore,
            Earlier::Changed => BulkStatus::NotApplied(Error::invalid(format!(
                "input {index} is not the one that the journal has at its position, so nothing was sent; a run is continued with the \
                 same inputs in the same order"
            ))),
            Earlier::Nothing => {
                let recorded = Recorded { hashes, first: Some(now), was_in_doubt: false };
                journal.started(index, hashes, recorded.first)?;
                self.claim(index, hashes);
                self.runner
                    .push(call.map(move |result| end(input, status_of(result), Some(recorded))).boxed());
                return Ok(());
            }
            Earlier::Unknown(sent) => {
                // The first request may have been carried out, so its time is kept.
                let recorded = Recorded { hashes, first: sent, was_in_doubt: true };
                journal.started(index, hashes, sent)?;
                self.claim(index, hashes);
                let doubt = Doubt { sent, subject: hashes.subject, claims: self.claims.clone() };
                let (resolve, calls) = (Arc::clone(&self.work.resolve), self.calls.clone());
                let task = resolve_or_repeat(resolve, calls, input, doubt, call);
                self.runner.push(task.map(move |(input, status)| end(input, status, Some(recorded))).boxed());
                return Ok(());
            }
        };
        self.runner.push(ready(end(input, known, None)).boxed());
        Ok(())
    }

    /// From now on, the input may make what another one is looked up by.
    fn claim(&self, index: u64, hashes: Hashes) {
        if let Some(subject) = hashes.subject {
            self.claims.add(subject, index);
        }
    }

    /// Records and counts an outcome.
    fn end(&mut self, ended: Ended<I, T>) -> BulkOutcome<I, T> {
        let Ended { outcome, recorded } = ended;
        let recorded = recorded.filter(|_| self.failed.is_none());
        if let (Some(journal), Some(Recorded { hashes, first, was_in_doubt })) = (&mut self.journal, recorded)
        {
            let end = end_of(&outcome.status, was_in_doubt);
            if let Err(error) = journal.ended(outcome.index, hashes, first, end) {
                self.fail(error);
            }
        }
        let is_own = !matches!(outcome.status, BulkStatus::AppliedBefore | BulkStatus::NotAppliedBefore);
        let clock = &*self.calls.client.shared.clock;
        self.counter.count(outcome.status.applied(), is_own, self.runner.running(), clock);
        if let Some(report) = &mut self.on_progress {
            report(&self.counter.progress());
        }
        outcome
    }

    /// Checks the options and the journal before the first input.
    fn check(&mut self) -> Result<(), Error> {
        self.counter.begin(&*self.calls.client.shared.clock);
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let name = journal::name(&self.work.name)?;
        if let Some(journal) = &mut self.journal {
            self.claims = journal.begin(&name)?;
        }
        Ok(())
    }

    /// Takes no further input after a failure. The stream ends with it once the calls that were begun have ended.
    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
        self.runner.stop();
    }
}

/// The options of a run.
pub(super) struct Options {
    pub(super) concurrency: usize,
    pub(super) journal: Option<BulkJournal>,
    pub(super) on_progress: Option<Box<OnProgress>>,
    /// The options of each call.
    pub(super) calls: CallOptions,
    /// The error of the first option that was refused.
    pub(super) refused: Option<Error>,
}

impl<I: Send + 'static, T: Send + 'static> Stream for BulkRun<I, T> {
    type Item = Result<BulkOutcome<I, T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if !this.is_begun {
            this.is_begun = true;
            if let Err(error) = this.check() {
                this.fail(error);
            }
        }
        loop {
            match task::ready!(this.runner.poll_next(context)) {
                Some(Event::Input(input)) => {
                    if let Err(error) = this.begin(input) {
                        this.fail(error);
                    }
                }
                Some(Event::Ended(ended)) => return Poll::Ready(Some(Ok(this.end(ended)))),
                None => {
                    // Another run may use it now.
                    this.journal = None;
                    return Poll::Ready(this.failed.take().map(Err));
                }
            }
        }
    }
}

/// Nothing of it is pinned in place.
impl<I, T> Unpin for BulkRun<I, T> {}

impl<I, T> fmt::Debug for BulkRun<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkRun")
            .field("operation", &self.work.name)
            .field("progress", &self.counter.progress())
            .finish_non_exhaustive()
    }
}
