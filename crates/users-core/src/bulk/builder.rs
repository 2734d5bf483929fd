//! The options of a bulk run, and the operations that it runs.

use super::journal::BulkJournal;
use super::progress::BulkProgress;
use super::resolve::{self, Resolution};
use super::run::{BulkRun, Options, Prepared, Work};
use crate::client::Client;
use crate::descriptor::Safety;
use crate::error::Error;
use crate::management::user_id::IntoUserId;
use crate::management::users::{CreateUser, DeleteUser, GetUser, UpdateUser};
use crate::operation::Operation;
use futures_core::Stream;
use futures_util::future::{FutureExt as _, ready};
use futures_util::stream::{self, StreamExt as _};
use std::fmt;
use std::sync::Arc;
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
        Self { client, options: Options { concurrency: CONCURRENCY, journal: None, on_progress: None } }
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

    /// Creates users. `POST /users`, scope `create:users`; also `read:users` to continue an interrupted run.
    ///
    /// A user whose creation may have been carried out in an interrupted run is looked up by the e-mail address, as it is and in lower
    /// case, within the connection, or by the id if there is no address. One with neither is not created again.
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
            prepare: Box::new(|client, user: &NewUser| Prepared::new(client, CreateUser::new(user.clone()))),
            resolve: Arc::new(|client, user: &NewUser, sent| {
                let user = user.clone();
                async move { resolve::created(&client, &user, sent).await }.boxed()
            }),
        };
        BulkRun::new(self.client, work, users.boxed(), self.options)
    }

    /// Updates users. `PATCH /users/{id}`, scope `update:users`; also `read:users` to continue an interrupted run.
    ///
    /// A user whose update may have been carried out in an interrupted run is read and compared. An update with a password cannot be
    /// compared, and is not repeated.
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
            prepare: Box::new(|client, (id, update): &(K, UserUpdate)| {
                Prepared::new(client, UpdateUser::new(id.clone(), update.clone())?)
            }),
            resolve: Arc::new(|client, (id, update): &(K, UserUpdate), _| {
                let (id, update) = (id.clone().into_user_id(), update.clone());
                async move { resolve::updated(&client, id?, &update).await }.boxed()
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

    /// Executes an operation for each input. The name identifies the run in its journal.
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
            // A name is one word of the journal.
            name: name.into().split_whitespace().collect::<Vec<_>>().join("-"),
            prepare: Box::new(move |client, input: &I| Prepared::new(client, make(input)?)),
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
