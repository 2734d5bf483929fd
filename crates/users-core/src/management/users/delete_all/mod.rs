//! Deleting all users of a tenant.

mod collection;
mod remaining;
mod report;

pub use collection::DeleteUserCollection;
pub use report::{DeleteAllCount, DeleteAllError, DeleteAllReport, DeleteOutcome};

use super::delete::DeleteUser;
use crate::bulk::{Bulk, BulkOutcome, BulkProgress, BulkRun, BulkStatus};
use crate::call::{Call, CallFuture};
use crate::client::Client;
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind};
use futures_core::Stream;
use futures_util::future::FutureExt as _;
use futures_util::stream::{self, StreamExt};
use remaining::{Remaining, Walks, count, lock};
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use users_model::UserId;

/// The endpoints of this file.
pub(crate) const OPERATIONS: &[&Descriptor] = &[DeleteUserCollection::DESCRIPTOR];

/// Confirmation required to delete all users. It names the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm(String);

impl Confirm {
    /// Names the tenant by the authority of the client's base URL: `staging.eu.auth0.com`, `127.0.0.1:4000`.
    pub fn tenant(authority: impl Into<String>) -> Self {
        Self(authority.into())
    }
}

/// Deletes all users of a tenant. Awaited, it returns a [`DeleteAllReport`]; as a stream, the outcome of each user.
///
/// It walks all users, as [`everyone`](Call::everyone) does, deletes them one by one with up to 8 calls in flight, and walks again, until
/// three consecutive walks return no new user. Users who cannot be walked are listed by offset, since those who are deleted make room for
/// others. Each user is deleted once. A user who cannot be deleted is an outcome. A list that fails ends the stream with an error; awaited, it
/// is a [`DeleteAllError`] with the report up to the failure.
#[must_use = "nothing is deleted until it is awaited or polled"]
pub struct DeleteAll {
    client: Client,
    confirm: Confirm,
    bulk: Bulk,
    /// `None` until it is polled.
    run: Option<Run>,
}

/// The run that deletes.
struct Run {
    bulk: BulkRun<UserId, ()>,
    /// How the walks ended.
    walks: Arc<Mutex<Walks>>,
}

impl DeleteAll {
    // Inlined, like `into_future`, so that only programs which delete all users compile what follows.
    #[inline]
    pub(super) fn new(client: Client, confirm: Confirm) -> Self {
        Self { bulk: Bulk::new(client.clone()), client, confirm, run: None }
    }

    /// Sets the number of calls in flight: 1 to 1024; 8 unless set. The client's pacer limits their rate.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.bulk = self.bulk.concurrency(calls);
        self
    }

    /// Calls a closure after each user.
    pub fn on_progress(mut self, report: impl FnMut(&BulkProgress) + Send + 'static) -> Self {
        self.bulk = self.bulk.on_progress(report);
        self
    }

    /// Counts the users who would be deleted. Sends reads only.
    ///
    /// Users who cannot be walked are counted by offset, which reaches 1000. If there are more, the count is
    /// [not exact](DeleteAllCount::is_exact), and all of them are deleted.
    ///
    /// # Errors
    ///
    /// If the confirmation names another tenant, or the list fails.
    ///
    /// ```
    /// # async fn example(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::management::Confirm;
    ///
    /// let count = users.delete_all(Confirm::tenant("staging.eu.auth0.com")).dry_run().await?;
    /// println!("{count} users would be deleted"); // 1200, or: at least 1000
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dry_run(self) -> Result<DeleteAllCount, Error> {
        check(&self.client, &self.confirm)?;
        count(&self.client).await
    }

    /// The next outcome, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<DeleteOutcome, Error>> {
        StreamExt::next(self).await
    }

    /// Returns the single request `DELETE /users` instead, for servers that still implement it. Auth0 answers it with 404.
    pub fn collection_request(self) -> Call<DeleteUserCollection> {
        let operation = check(&self.client, &self.confirm).map(|()| DeleteUserCollection::new());
        Call::new(self.client, operation)
    }

    fn begin(&mut self) -> Run {
        let walks = Arc::new(Mutex::new(Walks::default()));
        let ids = match check(&self.client, &self.confirm) {
            Ok(()) => {
                let remaining = Remaining::new(self.client.clone(), Arc::clone(&walks));
                // Boxed, so that its code exists once, not in each layer of the stream.
                stream::unfold(remaining, |mut remaining| {
                    async move { remaining.next().await.map(|id| (id, remaining)) }.boxed()
                })
                .boxed()
            }
            Err(error) => {
                lock(&walks).error = Some(error);
                stream::empty().boxed()
            }
        };
        let bulk = std::mem::replace(&mut self.bulk, Bulk::new(self.client.clone()));
        Run { bulk: bulk.delete_stream(ids), walks }
    }
}

fn check(client: &Client, confirm: &Confirm) -> Result<(), Error> {
    let tenant = client.shared.base.authority();
    if confirm.0.trim().eq_ignore_ascii_case(tenant) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "all users of {tenant} would be deleted, but the confirmation names {:?}; nothing was sent",
        confirm.0
    )))
}

impl Stream for DeleteAll {
    type Item = Result<DeleteOutcome, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.run.is_none() {
            this.run = Some(this.begin());
        }
        let Some(run) = &mut this.run else { return Poll::Ready(None) };
        let outcome = match ready!(run.bulk.poll_next_unpin(context)) {
            Some(Ok(BulkOutcome { input, status, .. })) => {
                Some(Ok(DeleteOutcome { id: input, result: result(status) }))
            }
            Some(Err(error)) => Some(Err(error)),
            None => {
                let mut walks = lock(&run.walks);
                let nameless = std::mem::take(&mut walks.nameless);
                walks.error.take().or_else(|| (nameless > 0).then(|| unusable(nameless))).map(Err)
            }
        };
        Poll::Ready(outcome)
    }
}

fn unusable(count: usize) -> Error {
    let message = format!("{count} users are left that have no usable id");
    Error::new(ErrorKind::Decode, message).with_operation(DeleteUser::DESCRIPTOR)
}

fn result(status: BulkStatus<()>) -> Result<(), Error> {
    match status {
        BulkStatus::NotApplied(error) | BulkStatus::MayHaveBeenApplied(Some(error)) => Err(error),
        // There is no journal of an earlier run.
        _ => Ok(()),
    }
}

impl IntoFuture for DeleteAll {
    type Output = Result<DeleteAllReport, DeleteAllError>;
    type IntoFuture = CallFuture<DeleteAllReport, DeleteAllError>;

    #[inline]
    fn into_future(mut self) -> Self::IntoFuture {
        CallFuture::new(async move {
            let mut report = DeleteAllReport::default();
            let mut failed = None;
            while let Some(outcome) = self.next().await {
                match outcome {
                    Ok(DeleteOutcome { result: Ok(()), .. }) => report.deleted += 1,
                    Ok(DeleteOutcome { id, result: Err(error) }) => report.failed.push((id, error)),
                    Err(error) => failed = Some(error),
                }
            }
            match failed {
                Some(error) => Err(DeleteAllError::new(error, report)),
                None => Ok(report),
            }
        })
    }
}

impl fmt::Debug for DeleteAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteAll").field("confirm", &self.confirm).finish_non_exhaustive()
    }
}
