//! Streams over the items and the pages of a list.

use super::lister::{Lister, Source};
use super::{ListPosition, Paged};
use crate::call::Call;
use crate::error::Error;
use futures_core::Stream;
use futures_util::stream::StreamExt;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use users_model::Page;

impl<O: Paged> Call<O> {
    /// Streams the items of all pages, each once. Each page is fetched when its first item is polled, or
    /// [before](Items::prefetch); the stream ends after an error.
    pub fn items(self) -> Items<O::Item> {
        Items { source: Box::new(Lister::new(self)), ready: VecDeque::new() }
    }

    /// Streams the pages, each fetched when it is polled, or [before](Pages::prefetch). The stream ends after an error.
    pub fn pages(self) -> Pages<O::Item> {
        Pages(Box::new(Lister::new(self)))
    }
}

/// A stream of items. It also has methods of its own, so that no other crate is required to use it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T> {
    source: Box<dyn Source<T>>,
    /// The items of the present page that are left.
    ready: VecDeque<T>,
}

/// A stream of pages. It also has methods of its own, so that no other crate is required to use it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T>(Box<dyn Source<T>>);

impl<T> Items<T> {
    /// Requests the next page while the items of the present one are consumed; one page ahead, never more.
    ///
    /// The request is sent and its response read only while the stream is polled, since nothing is spawned. It has the time limits of
    /// any other, so a program that pauses for longer between items lets it time out.
    pub fn prefetch(mut self) -> Self {
        self.source.prefetch();
        self
    }

    /// Returns where the stream stands: behind the item that was returned last. `None` if an argument or a position was refused, or if the operation
    /// is one of another crate that does not implement [`Paged::list_page`].
    ///
    /// ```
    /// # async fn example(client: users_core::ManagementClient) -> Result<(), users_core::Error> {
    /// use users_core::ListPosition;
    ///
    /// let mut roles = client.roles().list().items();
    /// let _ = roles.try_next().await?;
    /// let stored = roles.position().map(|position| position.to_string()).unwrap_or_default();
    ///
    /// let position: ListPosition = stored.parse()?;
    /// let rest = client.roles().list().items().resume(position).try_collect().await?;
    /// # let _ = rest;
    /// # Ok(())
    /// # }
    /// ```
    pub fn position(&self) -> Option<ListPosition> {
        self.source.position()
    }

    /// Continues at a position of the same list. Items that were added or removed before it meanwhile move those of a list by offset.
    ///
    /// A position of another list is an error, which the stream returns.
    pub fn resume(mut self, position: ListPosition) -> Self {
        self.source.resume(position);
        self.ready.clear();
        self
    }

    /// The next item, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        StreamExt::next(self).await
    }

    /// The next item, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.next().await.transpose()
    }

    /// Collects all items, or returns the first error.
    pub async fn try_collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.try_next().await? {
            all.push(item);
        }
        Ok(all)
    }
}

impl<T> Pages<T> {
    /// Requests the next page while the present one is consumed; one page ahead, never more. See [`Items::prefetch`].
    pub fn prefetch(mut self) -> Self {
        self.0.prefetch();
        self
    }

    /// Returns where the stream stands: behind the page that was returned last. See [`Items::position`].
    pub fn position(&self) -> Option<ListPosition> {
        self.0.position()
    }

    /// Continues at a position of the same list. If it is inside a page, the first page has the rest of that page only. See
    /// [`Items::resume`].
    pub fn resume(mut self, position: ListPosition) -> Self {
        self.0.resume(position);
        self
    }

    /// The next page, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        StreamExt::next(self).await
    }

    /// The next page, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        self.next().await.transpose()
    }
}

// Nothing is pinned inside.
impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { source, ready } = &mut *self;
        loop {
            if let Some(item) = ready.pop_front() {
                source.returned(1);
                source.poll_ahead(context);
                return Poll::Ready(Some(Ok(item)));
            }
            // An empty page is not the end: only a page without a successor is.
            match ready!(source.poll_page(context)) {
                Some(Ok(page)) => ready.extend(page),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = ready!(self.0.poll_page(context));
        if let Some(Ok(page)) = &page {
            self.0.returned(page.len());
            self.0.poll_ahead(context);
        }
        Poll::Ready(page)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items(…)")
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages(…)")
    }
}
