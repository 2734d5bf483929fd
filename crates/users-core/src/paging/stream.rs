//! Streams over the items and the pages of a list.

use super::Paged;
use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::error::{Error, ErrorKind};
use futures_core::Stream;
use futures_util::future::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use users_model::Page;

/// How many consecutive empty pages a checkpoint list may have.
const MOST_EMPTY_PAGES: u32 = 100;
/// How many of the latest checkpoints are compared with a new one.
const LATEST: usize = 100;

/// Detects a list that does not end: one of empty pages, or one that returns to an earlier checkpoint.
#[derive(Default)]
struct Checkpoints {
    empty_pages: u32,
    /// Hashes of the latest checkpoints.
    latest: VecDeque<u64>,
    /// A longer cycle meets a checkpoint that is kept for twice as long each time (Brent's algorithm).
    kept: u64,
    since_kept: u64,
    kept_for: u64,
}

impl Checkpoints {
    /// Checks the page that was read, unless it is the last.
    fn check<T>(&mut self, page: &Page<T>) -> Result<(), Error> {
        let Some(next) = &page.next else {
            return match page.unknown.raw("next") {
                None | Some("null") => Ok(()),
                Some(_) => Err(Error::new(
                    ErrorKind::Decode,
                    "the page's `next` is not text, so the list cannot be continued",
                )),
            };
        };
        self.empty_pages = if page.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages >= MOST_EMPTY_PAGES {
            let message = format!(
                "the list does not end: {MOST_EMPTY_PAGES} consecutive empty pages, each with another `next`"
            );
            return Err(Error::new(ErrorKind::EndlessList, message));
        }
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        let hash = hasher.finish();
        if self.latest.contains(&hash) || (self.kept_for > 0 && self.kept == hash) {
            let message =
                "the list does not end: a page has the `next` of an earlier one, so pages would repeat";
            return Err(Error::new(ErrorKind::EndlessList, message));
        }
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back(hash);
        self.since_kept += 1;
        if self.since_kept >= self.kept_for {
            (self.kept, self.since_kept, self.kept_for) = (hash, 0, (self.kept_for * 2).max(1));
        }
        Ok(())
    }
}

impl<O: Paged> Call<O> {
    /// Streams the items of all pages. Each page is fetched when its first item is polled; the stream ends after an error.
    pub fn items(self) -> Items<O::Item> {
        let pages = self.pages();
        let state = (pages, VecDeque::new());
        Items(Box::pin(
            stream::unfold(state, |(mut pages, mut ready)| async move {
                loop {
                    if let Some(item) = ready.pop_front() {
                        return Some((Ok(item), (pages, ready)));
                    }
                    // An empty page is not the end: only a page without a successor is.
                    match pages.next().await? {
                        Ok(page) => ready.extend(page),
                        Err(error) => return Some((Err(error), (pages, ready))),
                    }
                }
            })
            .fuse(),
        ))
    }

    /// Streams the pages, each fetched when it is polled. The stream ends after an error.
    pub fn pages(self) -> Pages<O::Item> {
        let (client, operation, options) = self.into_parts();
        let state = match operation {
            Ok(operation) => State::Next(operation.first_page(), Checkpoints::default()),
            Err(error) => State::Failed(error),
        };
        Pages(Box::pin(
            // Boxed, so that the code of a step exists once, not in each layer of the stream.
            stream::unfold(state, move |state| step(client.clone(), options.clone(), state).boxed()).fuse(),
        ))
    }
}

enum State<O> {
    Next(O, Checkpoints),
    Failed(Error),
    Done,
}

async fn step<O: Paged>(
    client: Client,
    options: CallOptions,
    state: State<O>,
) -> Option<(Result<Page<O::Item>, Error>, State<O>)> {
    let (operation, mut checkpoints) = match state {
        State::Next(operation, checkpoints) => (operation, checkpoints),
        State::Failed(error) => return Some((Err(error), State::Done)),
        State::Done => return None,
    };
    match Call::from_parts(client, operation.clone(), options).send().await {
        Err(error) => Some((Err(error), State::Done)),
        Ok(page) => {
            let next = match checkpoints.check(&page).and_then(|()| operation.next_page(&page)) {
                Ok(Some(next)) => State::Next(next, checkpoints),
                Ok(None) => State::Done,
                Err(error) => State::Failed(error.with_operation(operation.descriptor())),
            };
            Some((Ok(page), next))
        }
    }
}

/// A stream of items. It also has methods of its own, so that no other crate is required to use it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T>(Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>);

/// A stream of pages. It also has methods of its own, so that no other crate is required to use it.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T>(Pin<Box<dyn Stream<Item = Result<Page<T>, Error>> + Send>>);

impl<T> Items<T> {
    /// The next item, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        self.0.next().await
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
    /// The next page, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        self.0.next().await
    }

    /// The next page, or `None` at the end; transposed for `?`.
    pub async fn try_next(&mut self) -> Result<Option<Page<T>>, Error> {
        self.next().await.transpose()
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
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
