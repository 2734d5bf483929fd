//! The options of a bulk run, and the operations that it runs.

use super::journal::BulkJournal;
use super::progress::BulkProgress;
use super::resolve::{self, Resolution};
use super::run::{BulkRun, Options};
use super::work::{Prepared, Work};
use crate::client::{CallOptions, Client};
use crate::descriptor::Safety;
use crate::error::Error;
use crate::management::user_id::IntoUserId;
use crate::management::users::{CreateUser, DeleteUser, GetUser, UpdateUser};
use crate::operation::Operation;
use crate::request;
use crate::retry::Retry;
use futures_core::Stream;
use futures_util::future::{FutureExt as _, ready};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderName, HeaderValue};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use users_model::{NewUser, User, UserUpdate};

/// The number of calls in flight, unless it is set.
const CONCURRENCY: usize = 8;

/// The largest number of calls in flight.
const MOST: usize = 1024;

/// Runs an operation over many inputs, with a bounded number of calls in flight, at the tenant's pace. Created by
/// [`UsersManager::bulk`](crate::management::UsersManager::bulk).
#[must_use = "nothing is sent until a run is polled"]
pub struct Bulk {
    client: Client,
    options: Options,
}

impl Bulk {
    pub(crate) fn new(client: Client) -> Self {
        let options = Options {
            concurrency: CONCURRENCY,
            journal: None,
            on_progress: None,
            calls: CallOptions::default(),
            refused: None,
        };
        Self { client, options }
    }

    /// Sets the number of calls in flight: 1 to 1024; 8 unless set. The client's pacer limits their rate.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.options.concurrency = calls.clamp(1, MOST);
        self
    }

    /// Records the run in a journal, and continues the run that the journal records.
    pub fn journal(mut self, journal: BulkJournal) -> Self {
        self.options.journal = Some(journal);
        self
    }

    /// Calls a closure after each outcome.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager, ids: Vec<String>) -> Result<(), users_core::Error> {
    /// let run = users.bulk().on_progress(|progress| eprintln!("{} done, {} failed", progress.done, progress.failed)).delete(ids);
    /// # let _ = run.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'static) -> Self {
        self.options.on_progress = Some(Box::new(report));
        self
    }

    /// Sets the time limit of each call, as [`Call::timeout`](crate::Call::timeout) does. A call that waits for the rate limit past it fails,
    /// and nothing is sent.
    pub fn timeout(mut self, overall: Duration) -> Self {
        self.options.calls.set().overall = Some(overall);
        self
    }

    /// Sets the retry policy of each call, in place of the client's.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.calls.set().retry = Some(retry);
        self
    }

    /// Overrides whether each request is treated as idempotent, as [`Call::idempotent`](crate::Call::idempotent) does: with `true`, an update
    /// whose outcome is unknown is sent again within its call.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.calls.set().idempotent = Some(idempotent);
        self
    }

    /// Adds a header to each call, or replaces the client's header of that name, as [`Call::header`](crate::Call::header) does.
    ///
    /// These options also apply to the calls that look up what an interrupted run has done.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager, ids: Vec<String>) -> Result<(), users_core::Error> {
    /// use std::time::Duration;
    ///
    /// let run = users.bulk().timeout(Duration::from_secs(60)).header("x-correlation-id", "cleanup-7").delete(ids);
    /// # let _ = run.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        match request::header(name, value) {
            Ok((name, value)) => {
                self.options.calls.set().headers.insert(name, value);
            }
            Err(error) => {
                self.options.refused.get_or_insert(error);
            }
        }
        self
    }

    /// Creates users. `POST /users`, scope `create:users`; also `read:users` to continue an interrupted run.
    ///
    /// A user whose creation may have been carried out in an interrupted run is looked up by the e-mail address, as it is and in lower
    /// case, within the connection, or by the id if there is no address. A user who was created since the request was sent first, and has
    /// what the input supplies, is that of the input. Whether it was created is not known, and it is not created again, if the user who is
    /// found differs, if another input has the same address, if the journal is damaged, or if there is neither address nor id.
    pub fn create<I>(self, users: I) -> BulkRun<NewUser, User>
    where
        I: IntoIterator<Item = NewUser>,
        I::IntoIter: Send + 'static,
    {
        self.create_stream(stream::iter(users))
    }

    /// Creates users from a stream, like [`create`](Self::create).
    pub fn create_stream(
        self,
        users: impl Stream<Item = NewUser> + Send + 'static,
    ) -> BulkRun<NewUser, User> {
        let work = Work {
            name: CreateUser::DESCRIPTOR.name.to_owned(),
            prepare: Box::new(|calls, user: &NewUser| {
                let prepared = Prepared::new(calls, CreateUser::new(user.clone()))?;
                Ok(prepared.with_subject(resolve::subject(user)))
            }),
            resolve: Arc::new(|calls, user: &NewUser, doubt| {
                let user = user.clone();
                async move { resolve::created(&calls, &user, &doubt).await }.boxed()
            }),
        };
        BulkRun::new(self.client, work, users.boxed(), self.options)
    }

    /// Updates users. `PATCH /users/{id}`, scope `update:users`; also `read:users` to continue an interrupted run.
    ///
    /// A user whose update may have been carried out in an interrupted run is read and compared. An update with a password cannot be
    /// compared, and is not repeated.
    ///
    /// Give each user once. The updates of a run are sent at the same time, so two of one user are applied in any order, and a run that is
    /// continued may write the earlier one again, over the later one.
    pub fn update<K, I>(self, updates: I) -> BulkRun<(K, UserUpdate), User>
    where
        K: IntoUserId + Clone + Send + 'static,
        I: IntoIterator<Item = (K, UserUpdate)>,
        I::IntoIter: Send + 'static,
    {
        self.update_stream(stream::iter(updates))
    }

    /// Updates users from a stream, like [`update`](Self::update).
    pub fn update_stream<K: IntoUserId + Clone + Send + 'static>(
        self,
        updates: impl Stream<Item = (K, UserUpdate)> + Send + 'static,
    ) -> BulkRun<(K, UserUpdate), User> {
        let work = Work {
            name: UpdateUser::DESCRIPTOR.name.to_owned(),
            prepare: Box::new(|calls, (id, update): &(K, UserUpdate)| {
                Prepared::new(calls, UpdateUser::new(id.clone(), update.clone())?)
            }),
            resolve: Arc::new(|calls, (id, update): &(K, UserUpdate), _| {
                let (id, update) = (id.clone().into_user_id(), update.clone());
                async move { resolve::updated(&calls, id?, &update).await }.boxed()
            }),
        };
        BulkRun::new(self.client, work, updates.boxed(), self.options)
    }

    /// Deletes users. `DELETE /users/{id}`, scope `delete:users`. A deletion that may have been carried out in an interrupted run is
    /// repeated, which changes nothing.
    pub fn delete<K, I>(self, ids: I) -> BulkRun<K, ()>
    where
        K: IntoUserId + Clone + Send + 'static,
        I: IntoIterator<Item = K>,
        I::IntoIter: Send + 'static,
    {
        self.delete_stream(stream::iter(ids))
    }

    /// Deletes users from a stream, like [`delete`](Self::delete).
    pub fn delete_stream<K: IntoUserId + Clone + Send + 'static>(
        self,
        ids: impl Stream<Item = K> + Send + 'static,
    ) -> BulkRun<K, ()> {
        self.run_stream(DeleteUser::DESCRIPTOR.name, ids, |id: &K| DeleteUser::new(id.clone()))
    }

    /// Reads users. `GET /users/{id}`, scope `read:users`.
    pub fn get<K, I>(self, ids: I) -> BulkRun<K, User>
    where
        K: IntoUserId + Clone + Send + 'static,
        I: IntoIterator<Item = K>,
        I::IntoIter: Send + 'static,
    {
        self.run(GetUser::DESCRIPTOR.name, ids, |id: &K| GetUser::new(id.clone()))
    }

    /// Executes an operation for each input. The name identifies the run in its journal: 1 to 100 characters, in which a `-` stands for white
    /// space. Another one is refused before anything is written or sent.
    ///
    /// An operation that may have been carried out in an interrupted run is repeated if that has no further effect (`GET`, `PUT`,
    /// `DELETE`), and is given to the closure of [`resolve`](BulkRun::resolve) otherwise; without one, it is not repeated. A closure
    /// that fails makes the input [`NotApplied`](crate::BulkStatus::NotApplied).
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager, ids: Vec<String>) -> Result<(), users_core::Error> {
    /// use users_core::management::InvalidateRememberBrowser;
    ///
    /// let forget = |id: &String| InvalidateRememberBrowser::new(id);
    /// let report = users.bulk().run("forget browsers", ids, forget).finish().await?;
    /// # let _ = report;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<I, O, Inputs>(
        self,
        name: impl Into<String>,
        inputs: Inputs,
        operation: impl Fn(&I) -> Result<O, Error> + Send + Sync + 'static,
    ) -> BulkRun<I, O::Output>
    where
        I: Send + 'static,
        O: Operation,
        Inputs: IntoIterator<Item = I>,
        Inputs::IntoIter: Send + 'static,
    {
        self.run_stream(name, stream::iter(inputs), operation)
    }

    /// Executes an operation for each input of a stream, like [`run`](Self::run).
    pub fn run_stream<I, O>(
        self,
        name: impl Into<String>,
        inputs: impl Stream<Item = I> + Send + 'static,
        operation: impl Fn(&I) -> Result<O, Error> + Send + Sync + 'static,
    ) -> BulkRun<I, O::Output>
    where
        I: Send + 'static,
        O: Operation,
    {
        let operation = Arc::new(operation);
        let make = Arc::clone(&operation);
        let work = Work {
            name: name.into(),
            prepare: Box::new(move |calls, input: &I| Prepared::new(calls, make(input)?)),
            resolve: Arc::new(move |_, input: &I, _| {
                let may_repeat =
                    operation(input).is_ok_and(|operation| operation.descriptor().safety != Safety::Unsafe);
                ready(Ok(if may_repeat { Resolution::NotApplied } else { Resolution::Unknown })).boxed()
            }),
        };
        BulkRun::new(self.client, work, inputs.boxed(), self.options)
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulk").field("concurrency", &self.options.concurrency).finish_non_exhaustive()
    }
}
