//! Reads a list page by page.

use super::checkpoints::Checkpoints;
use super::{ListPosition, Paged};
use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::error::Error;
use futures_util::future::{BoxFuture, FutureExt as _};
use std::task::{Context, Poll};
use users_model::Page;

/// The pages of a list, for any operation.
pub(super) trait Source<T>: Send {
    /// Polls the next page, or `None` at the end.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<T>, Error>>>;

    /// Lets the request of the next page make progress, if it is to be made ahead.
    fn poll_ahead(&mut self, context: &mut Context<'_>);

    /// Counts items of the present page that were returned to the caller.
    fn returned(&mut self, items: usize);

    /// Requests pages ahead.
    fn prefetch(&mut self);

    /// The position behind the items that were returned.
    fn position(&self) -> Option<ListPosition>;

    /// Continues at a position.
    fn resume(&mut self, position: ListPosition);
}

/// What comes after the present page.
enum Next<O> {
    /// A page.
    Page(O),
    /// An error; `None` once it was returned.
    Failed(Option<Error>),
    /// Nothing.
    End,
}

/// The present page.
struct Present<O> {
    operation: O,
    /// The number of its items.
    items: usize,
    /// The number of those that were returned, in an earlier stream also.
    returned: usize,
}

/// Reads the pages of a list.
pub(super) struct Lister<O: Paged> {
    client: Client,
    options: CallOptions,
    is_ahead: bool,
    checkpoints: Checkpoints,
    /// The first page, which identifies the list; `None` if an argument was refused.
    list: Option<O>,
    present: Option<Present<O>>,
    next: Next<O>,
    /// The number of items of the next page that were returned in an earlier stream.
    skip: usize,
    /// The request of the next page, if it was begun.
    request: Option<BoxFuture<'static, Result<Page<O::Item>, Error>>>,
    /// The response, if it was received ahead.
    received: Option<Result<Page<O::Item>, Error>>,
    has_failed: bool,
}

impl<O: Paged> Lister<O> {
    pub(super) fn new(call: Call<O>) -> Self {
        let (client, operation, options) = call.into_parts();
        let (list, next) = match operation.map(O::first_page) {
            Ok(first) => (Some(first.clone()), Next::Page(first)),
            Err(error) => (None, Next::Failed(Some(error))),
        };
        Self {
            client,
            options,
            is_ahead: false,
            checkpoints: Checkpoints::default(),
            list,
            present: None,
            next,
            skip: 0,
            request: None,
            received: None,
            has_failed: false,
        }
    }

    /// Polls the response to the request of this page.
    fn poll_request(
        &mut self,
        operation: &O,
        context: &mut Context<'_>,
    ) -> Poll<Result<Page<O::Item>, Error>> {
        let request = self.request.get_or_insert_with(|| {
            Call::from_parts(self.client.clone(), operation.clone(), self.options.clone()).send().boxed()
        });
        let response = request.as_mut().poll(context);
        if response.is_ready() {
            self.request = None;
        }
        response
    }

    /// Makes the page that was received the present one.
    fn advance(&mut self, operation: O, page: &mut Page<O::Item>) {
        self.next = match self.checkpoints.check(page).and_then(|()| operation.next_page(page)) {
            Ok(Some(next)) => Next::Page(next),
            Ok(None) => Next::End,
            Err(error) => Next::Failed(Some(error.with_operation(operation.descriptor()))),
        };
        let returned = std::mem::take(&mut self.skip).min(page.len());
        self.present = Some(Present { operation, items: page.len(), returned });
        page.items.drain(..returned);
    }

    /// The operation of the page to continue with, and how many of its items were returned; `None` at the end.
    fn place(&self) -> Option<(&O, usize)> {
        let present = self.present.as_ref().map(|present| (&present.operation, present.returned));
        let is_finished = self.present.as_ref().is_none_or(|present| present.returned >= present.items);
        match &self.next {
            Next::Page(operation) if is_finished => Some((operation, self.skip)),
            Next::End if is_finished => None,
            _ => present,
        }
    }

    /// The operation for a stored position of this list; `None` at its end.
    fn operation_at(&self, list: &O, position: ListPosition) -> Result<Option<(O, usize)>, Error> {
        position.check(&self.client, list, &self.options)?;
        let Some(page) = position.page else { return Ok(None) };
        let at = list.clone().at_list_page(page).ok_or_else(|| {
            let error = Error::invalid("the position is of a list that is paged in another style");
            error.with_operation(list.descriptor())
        })?;
        Ok(Some((at, usize::try_from(position.skip).unwrap_or(usize::MAX))))
    }
}

impl<O: Paged> Source<O::Item> for Lister<O> {
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<O::Item>, Error>>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        let operation = match &mut self.next {
            Next::Page(operation) => operation.clone(),
            Next::Failed(error) => return Poll::Ready(error.take().map(Err)),
            Next::End => return Poll::Ready(None),
        };
        let received = match self.received.take() {
            Some(received) => received,
            None => std::task::ready!(self.poll_request(&operation, context)),
        };
        let result = match received {
            Ok(mut page) => {
                self.advance(operation, &mut page);
                Ok(page)
            }
            Err(error) => {
                self.has_failed = true;
                Err(error)
            }
        };
        Poll::Ready(Some(result))
    }

    fn poll_ahead(&mut self, context: &mut Context<'_>) {
        if !self.is_ahead || self.has_failed || self.received.is_some() {
            return;
        }
        if let Next::Page(operation) = &self.next {
            let operation = operation.clone();
            if let Poll::Ready(received) = self.poll_request(&operation, context) {
                self.received = Some(received);
            }
        }
    }

    fn returned(&mut self, items: usize) {
        if let Some(present) = &mut self.present {
            present.returned += items;
        }
    }

    fn prefetch(&mut self) {
        self.is_ahead = true;
    }

    fn position(&self) -> Option<ListPosition> {
        let list = self.list.as_ref()?;
        // A position that was refused leaves the stream nowhere.
        if matches!((&self.present, &self.next), (None, Next::Failed(_))) {
            return None;
        }
        // A list whose positions cannot be stored has none at its end either.
        list.list_page()?;
        let place = self.place();
        let page = place.and_then(|(operation, _)| operation.list_page());
        let skip = place.map_or(0, |(_, returned)| returned);
        Some(ListPosition::new(&self.client, list, &self.options, page, skip))
    }

    fn resume(&mut self, position: ListPosition) {
        // The error of a refused argument remains.
        let Some(list) = &self.list else { return };
        (self.next, self.skip) = match self.operation_at(list, position) {
            Ok(Some((operation, skip))) => (Next::Page(operation), skip),
            Ok(None) => (Next::End, 0),
            Err(error) => (Next::Failed(Some(error)), 0),
        };
        self.present = None;
        self.request = None;
        self.received = None;
        self.checkpoints = Checkpoints::default();
        self.has_failed = false;
    }
}
