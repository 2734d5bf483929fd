//! Running an operation over many inputs.

use super::journal::{BulkJournal, Earlier, End};
use super::outcome::{Applied, BulkOutcome, BulkStatus};
use super::progress::{BulkProgress, Counter};
use super::resolve::Resolution;
use super::runner::{Event, Runner};
use crate::client::Client;
use crate::error::Error;
use crate::operation::Operation;
use futures_core::Stream;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
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
/// Each input gives exactly one outcome. An error ends the stream: the journal cannot be read or written. The inputs that were begun then
/// have no outcome; a continued run gives it. Dropping the stream cancels the calls in flight; [`stop`](Self::stop) lets them end.
#[must_use = "a stream does nothing until it is polled"]
pub struct BulkRun<I, T> {
    client: Client,
    work: Work<I, T>,
    runner: Runner<I, Ended<I, T>>,
    journal: Option<BulkJournal>,
    /// Whether the journal was checked.
    is_begun: bool,
    next: u64,
    failed: Option<Error>,
    counter: Counter,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn FnMut(&BulkProgress) + Send;

type Prepare<I, T> = dyn Fn(&Client, &I) -> Result<Prepared<T>, Error> + Send + Sync;

type Resolve<I, T> =
    dyn Fn(Client, &I, Option<i64>) -> BoxFuture<'static, Result<Resolution<T>, Error>> + Send + Sync;

/// What is done with an input.
pub(super) struct Work<I, T> {
    /// The name of the operation.
    pub(super) name: String,
    pub(super) prepare: Box<Prepare<I, T>>,
    /// How to tell whether the operation of an interrupted run was carried out.
    pub(super) resolve: Arc<Resolve<I, T>>,
}

/// A request that is ready to be sent.
pub(super) struct Prepared<T> {
    /// What the journal identifies the input by.
    request: Vec<u8>,
    call: BoxFuture<'static, Result<T, Error>>,
}

impl<T> Prepared<T> {
    pub(super) fn new<O: Operation<Output = T>>(client: &Client, operation: O) -> Result<Self, Error> {
        let descriptor = operation.descriptor().clone();
        let request = operation.request(&client.shared.base);
        let request = request.map_err(|error| error.with_operation(&descriptor))?;
        let mut bytes = format!("{} {}\n", request.method(), request.uri()).into_bytes();
        bytes.extend_from_slice(request.body());
        Ok(Self { request: bytes, call: client.call(Ok(operation)).send().boxed() })
    }
}

/// An input with its outcome.
struct Ended<I, T> {
    outcome: BulkOutcome<I, T>,
    /// The hash in the journal and the time of the first request; `None` if nothing is to be recorded.
    recorded: Option<(u64, i64)>,
}

/// The results of a run, without the inputs that were carried out.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkReport<I> {
    /// The counts.
    pub progress: BulkProgress,
    /// The inputs that were not carried out, with their positions. The error is missing if the journal has them from an earlier run.
    pub failed: Vec<(u64, I, Option<Error>)>,
    /// The inputs that may have been carried out, with their positions.
    pub uncertain: Vec<(u64, I, Option<Error>)>,
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
        Self {
            client,
            work,
            runner: Runner::new(inputs, options.concurrency),
            journal: options.journal,
            is_begun: false,
            next: 0,
            failed: None,
            counter: Counter::new(total),
            on_progress: options.on_progress,
        }
    }

    /// Sets how to tell whether the operation of an input was carried out when a run was interrupted. The closure gets the input.
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
        self.journal.as_ref().map_or(&[], BulkJournal::damage)
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
    /// That of the stream. Take the outcomes one by one to know those before it.
    pub async fn finish(mut self) -> Result<BulkReport<I>, Error> {
        let (mut failed, mut uncertain) = (Vec::new(), Vec::new());
        while let Some(BulkOutcome { index, input, status }) = self.try_next().await? {
            match status {
                BulkStatus::Applied(_) | BulkStatus::AppliedBefore => {}
                BulkStatus::NotApplied(error) => failed.push((index, input, Some(error))),
                BulkStatus::NotAppliedBefore => failed.push((index, input, None)),
                BulkStatus::MayHaveBeenApplied(error) => uncertain.push((index, input, error)),
            }
        }
        Ok(BulkReport { progress: self.progress(), failed, uncertain })
    }

    fn now(&self) -> i64 {
        Timestamp::from(self.client.shared.clock.unix_now()).unix_millis()
    }

    /// Begins an input: sends its request, or takes its outcome from the journal.
    fn begin(&mut self, input: I) -> Result<(), Error> {
        let index = self.next;
        self.next += 1;
        let end =
            move |input, status, recorded| Ended { outcome: BulkOutcome { index, input, status }, recorded };
        let Prepared { request, call } = match (self.work.prepare)(&self.client, &input) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.runner.push(ready(end(input, BulkStatus::NotApplied(error), None)).boxed());
                return Ok(());
            }
        };
        let now = self.now();
        let Some(journal) = &mut self.journal else {
            self.runner.push(call.map(move |result| end(input, status_of(result), None)).boxed());
            return Ok(());
        };
        let hash = journal.hash(&request);
        let known = match journal.earlier(index, hash) {
            Earlier::Applied => BulkStatus::AppliedBefore,
            Earlier::NotApplied => BulkStatus::NotAppliedBefore,
            Earlier::Changed => BulkStatus::NotApplied(Error::invalid(format!(
                "input {index} is not the one that the journal has at its position, so nothing was sent; a run is continued with the \
                 same inputs in the same order"
            ))),
            Earlier::Nothing => {
                journal.started(index, hash, now)?;
                self.runner
                    .push(call.map(move |result| end(input, status_of(result), Some((hash, now)))).boxed());
                return Ok(());
            }
            Earlier::Unknown(sent) => {
                // The first request may have been carried out, so its time is kept: the beginning of time if it is not known.
                let first = sent.unwrap_or_default();
                journal.started(index, hash, first)?;
                let resolution = (self.work.resolve)(self.client.clone(), &input, sent);
                self.runner.push(
                    async move {
                        let status = match resolution.await {
                            Ok(Resolution::Applied(value)) => BulkStatus::Applied(value),
                            Ok(Resolution::NotApplied) => status_of(call.await),
                            Ok(Resolution::Unknown) => BulkStatus::MayHaveBeenApplied(None),
                            Err(error) => BulkStatus::MayHaveBeenApplied(Some(error)),
                        };
                        end(input, status, Some((hash, first)))
                    }
                    .boxed(),
                );
                return Ok(());
            }
        };
        self.runner.push(ready(end(input, known, None)).boxed());
        Ok(())
    }

    /// Records and counts an outcome.
    fn end(&mut self, ended: Ended<I, T>) -> Result<BulkOutcome<I, T>, Error> {
        let Ended { outcome, recorded } = ended;
        if let (Some(journal), Some((hash, first))) = (&mut self.journal, recorded) {
            let end = match &outcome.status {
                BulkStatus::NotApplied(error) if error.is_retryable() => End::NotYet,
                status => match status.applied() {
                    Applied::Yes => End::Applied,
                    Applied::No => End::NotApplied,
                    Applied::Maybe => End::Unknown,
                },
            };
            journal.ended(outcome.index, hash, first, end)?;
        }
        let is_own = !matches!(outcome.status, BulkStatus::AppliedBefore | BulkStatus::NotAppliedBefore);
        let clock = &*self.client.shared.clock;
        self.counter.count(outcome.status.applied(), is_own, self.runner.running(), clock);
        if let Some(report) = &mut self.on_progress {
            report(&self.counter.progress());
        }
        Ok(outcome)
    }

    /// Checks the journal before the first input.
    fn check_journal(&mut self) -> Result<(), Error> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.counter.begin(&*self.client.shared.clock);
            if let Some(journal) = &mut self.journal {
                journal.begin(&self.work.name)?;
            }
        }
        Ok(())
    }

    /// Takes no further input after a failure of the journal. The stream ends with it once the calls that were begun have ended.
    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
        self.runner.stop();
    }
}

fn status_of<T>(result: Result<T, Error>) -> BulkStatus<T> {
    match result {
        Ok(value) => BulkStatus::Applied(value),
        Err(error) if error.may_have_been_applied() => BulkStatus::MayHaveBeenApplied(Some(error)),
        Err(error) => BulkStatus::NotApplied(error),
    }
}

/// The options of a run.
pub(super) struct Options {
    pub(super) concurrency: usize,
    pub(super) journal: Option<BulkJournal>,
    pub(super) on_progress: Option<Box<OnProgress>>,
}

impl<I: Send + 'static, T: Send + 'static> Stream for BulkRun<I, T> {
    type Item = Result<BulkOutcome<I, T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Err(error) = this.check_journal() {
            this.fail(error);
        }
        loop {
            match task::ready!(this.runner.poll_next(context)) {
                Some(Event::Input(input)) => {
                    if let Err(error) = this.begin(input) {
                        this.fail(error);
                    }
                }
                Some(Event::Ended(ended)) => {
                    let outcome = this.end(ended);
                    if outcome.is_err() {
                        this.runner.stop();
                    }
                    return Poll::Ready(Some(outcome));
                }
                None => return Poll::Ready(this.failed.take().map(Err)),
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
