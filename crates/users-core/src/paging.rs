//! Streams over the pages of a list.

use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};
use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use users_model::{Listed, Page};

/// An operation that gives one page of a list and knows the one after it.
pub trait Paged: Operation<Output = Page<Self::Item>> {
    /// What the list holds.
    type Item: Listed + Send + 'static;

    /// The operation for the first page of a walk over all of them.
    #[must_use]
    fn first(self) -> Self;

    /// The operation for the page after this one, `None` if it was the last; an error if the server shows no further.
    fn after(&self, page: &Page<Self::Item>) -> Result<Option<Self>, Error>;
}

/// How far offsets reach, whatever the page size.
const WINDOW: u64 = 1000;

/// The largest page, which a stream asks for unless told otherwise.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// The number of the page after this one, for lists that are paged by offset; `None` if it was the last. `total` is that of the
/// whole list, `None` where the server's is of something else. `way_out` is how to read beyond the window.
pub(crate) fn next_page<T>(
    number: Option<u32>,
    per_page: Option<u32>,
    page: &Page<T>,
    total: Option<u64>,
    way_out: &str,
) -> Result<Option<u32>, Error> {
    let per_page = u64::from(per_page.unwrap_or(LARGEST_PAGE));
    let number = number.unwrap_or(0);
    let here = page.len() as u64;
    // A server may give fewer than it was asked for; then its own page size tells a short page.
    let size =
        page.limit.filter(|limit| *limit > 0 && *limit >= here).map_or(per_page, |limit| limit.min(per_page));
    let seen = u64::from(number) * size + here;
    // Auth0 counts users no further than the window, so a total at its edge says nothing; nor does one that is less than was seen.
    if here < size || total.is_some_and(|total| total < WINDOW && seen == total) {
        return Ok(None);
    }
    if (u64::from(number) + 1) * size >= WINDOW {
        let message = format!(
            "the list has {seen} entries or more, and the server lists the first {WINDOW} only (its total ends there too, so a \
             list of exactly {WINDOW} looks the same); {way_out}"
        );
        return Err(Error::new(ErrorKind::WindowExceeded, message));
    }
    Ok(Some(number + 1))
}

/// How many consecutive empty pages a checkpoint list may have.
const MOST_EMPTY_PAGES: u32 = 100;
/// How many of the latest checkpoints are compared with a new one.
const LATEST: usize = 100;

/// Ends a list whose server never ends it: one of empty pages, or one that comes back to where it was.
#[derive(Default)]
struct Checkpoints {
    empty_pages: u32,
    /// Hashes of the latest checkpoints.
    latest: VecDeque<u64>,
    /// A longer circle meets a checkpoint that is kept for twice as long each time (Brent's algorithm).
    kept: u64,
    since_kept: u64,
    kept_for: u64,
}

impl Checkpoints {
    /// Looks at the page that was read, unless it is the last.
    fn pass<T>(&mut self, page: &Page<T>) -> Result<(), Error> {
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

/// Makes an operation with `page`, `per_page` and `include_totals` a list to walk over.
macro_rules! paged_by_offset {
    ($operation:ident of $item:ty) => {
        $crate::paging::paged_by_offset!($operation of $item, "narrow the list, if the endpoint has a filter");
    };
    ($operation:ident of $item:ty, $way_out:literal) => {
        $crate::paging::paged_by_offset!(@ $operation of $item, |page: &users_model::Page<$item>| page.total, $way_out);
    };
    // The server's total is that of the page.
    ($operation:ident of $item:ty, total of page) => {
        $crate::paging::paged_by_offset!(
            @ $operation of $item, |_: &users_model::Page<$item>| None, "narrow the list, if the endpoint has a filter"
        );
    };
    (@ $operation:ident of $item:ty, $total:expr, $way_out:literal) => {
        impl $crate::Paged for $operation {
            type Item = $item;

            fn first(mut self) -> Self {
                self.per_page = Some(self.per_page.unwrap_or($crate::paging::LARGEST_PAGE).max(1));
                // With the total, the last page is known as such, and no empty one is fetched after it.
                self.include_totals = Some(self.include_totals.unwrap_or(true));
                self
            }

            fn after(&self, page: &users_model::Page<$item>) -> Result<Option<Self>, $crate::Error> {
                let next = $crate::paging::next_page(self.page, self.per_page, page, $total(page), $way_out)?;
                Ok(next.map(|next| Self { page: Some(next), ..self.clone() }))
            }
        }
    };
}
pub(crate) use paged_by_offset;

/// Makes an operation with `from` and `take` a list to walk over.
macro_rules! paged_by_checkpoint {
    ($operation:ident of $item:ty) => {
        impl $crate::Paged for $operation {
            type Item = $item;

            fn first(mut self) -> Self {
                self.take = Some(self.take.unwrap_or($crate::paging::LARGEST_PAGE).max(1));
                self
            }

            fn after(&self, page: &users_model::Page<$item>) -> Result<Option<Self>, $crate::Error> {
                let next = page.next.clone().filter(|next| !next.is_empty());
                Ok(next.map(|next| Self { from: Some(next), ..self.clone() }))
            }
        }
    };
}
pub(crate) use paged_by_checkpoint;

impl<O: Paged> Call<O> {
    /// A stream over the items of all pages, each page fetched when its first item is asked for.
    ///
    /// The stream ends after an error.
    pub fn items(self) -> Items<O::Item> {
        let pages = self.pages();
        let state = (pages, VecDeque::new());
        Items(Box::pin(
            stream::unfold(state, |(mut pages, mut ready)| async move {
                loop {
                    if let Some(item) = ready.pop_front() {
                        return Some((Ok(item), (pages, ready)));
                    }
                    // An empty page is not the end: the pages say when that is.
                    match pages.next().await? {
                        Ok(page) => ready.extend(page),
                        Err(error) => return Some((Err(error), (pages, ready))),
                    }
                }
            })
            .fuse(),
        ))
    }

    /// A stream over the pages, each fetched when it is asked for. The stream ends after an error.
    pub fn pages(self) -> Pages<O::Item> {
        let (client, operation, options) = self.into_parts();
        let state = match operation {
            Ok(operation) => Walk::Next(operation.first(), Checkpoints::default()),
            Err(error) => Walk::Failed(error),
        };
        Pages(Box::pin(
            stream::unfold(state, move |state| step(client.clone(), options.clone(), state)).fuse(),
        ))
    }
}

enum Walk<O> {
    Next(O, Checkpoints),
    Failed(Error),
    Done,
}

async fn step<O: Paged>(
    client: Client,
    options: CallOptions,
    walk: Walk<O>,
) -> Option<(Result<Page<O::Item>, Error>, Walk<O>)> {
    let (operation, mut checkpoints) = match walk {
        Walk::Next(operation, checkpoints) => (operation, checkpoints),
        Walk::Failed(error) => return Some((Err(error), Walk::Done)),
        Walk::Done => return None,
    };
    match Call::from_parts(client, operation.clone(), options).send().await {
        Err(error) => Some((Err(error), Walk::Done)),
        Ok(page) => {
            let next = match checkpoints.pass(&page).and_then(|()| operation.after(&page)) {
                Ok(Some(next)) => Walk::Next(next, checkpoints),
                Ok(None) => Walk::Done,
                Err(error) => Walk::Failed(error.of(operation.descriptor())),
            };
            Some((Ok(page), next))
        }
    }
}

/// A stream of items. It has `next` of its own, so that no other crate is needed to use it.
#[must_use = "a stream does nothing until it is asked for its items"]
pub struct Items<T>(Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>);

/// A stream of pages. It has `next` of its own, so that no other crate is needed to use it.
#[must_use = "a stream does nothing until it is asked for its pages"]
pub struct Pages<T>(Pin<Box<dyn Stream<Item = Result<Page<T>, Error>> + Send>>);

impl<T> Items<T> {
    /// The next item, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        self.0.next().await
    }

    /// The next item, or `None` at the end, in the order that `?` likes.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.next().await.transpose()
    }

    /// All items, or the first error.
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

    /// The next page, or `None` at the end, in the order that `?` likes.
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
