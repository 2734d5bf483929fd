//! Lists: the options of a page, and streams over the pages.

use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::descriptor::Paging;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::request::RequestBuilder;
use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};
use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use users_model::{Listed, Page};

/// An operation that returns one page of a list.
///
/// A call of it is one page when awaited, and a stream with [`items`](Call::items) or [`pages`](Call::pages).
///
/// A custom operation keeps its options in an [`OffsetPaging`] or a [`CheckpointPaging`] and implements the trait by it. Its items
/// implement [`Listed`]:
///
/// ```
/// # use bytes::Bytes;
/// use users_core::model::{Listed, Page};
/// use users_core::{
///     BaseUrl, Descriptor, Error, OffsetPaged, OffsetPaging, Operation, Paged, Paging, RequestBuilder, decode_json,
/// };
///
/// #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
/// struct Application {
///     name: String,
/// }
///
/// impl Listed for Application {
///     const KEYS: &'static [&'static str] = &["clients"];
/// }
///
/// /// `GET /clients`
/// #[derive(Clone, Debug, Default)]
/// struct ListApplications {
///     paging: OffsetPaging,
/// }
///
/// const LIST: &Descriptor = &Descriptor::get("clients.list", "/clients").paging(Paging::Offset);
///
/// impl Operation for ListApplications {
///     type Output = Page<Application>;
/// #   fn descriptor(&self) -> &Descriptor {
/// #       LIST
/// #   }
///
///     fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
///         self.paging.add_to(RequestBuilder::new(LIST, base)).empty()
///     }
///
///     fn decode(response: http::Response<Bytes>) -> Result<Page<Application>, Error> {
///         decode_json(LIST, response)
///     }
/// }
///
/// impl Paged for ListApplications {
///     type Item = Application;
///
///     fn first_page(self) -> Self {
///         Self { paging: self.paging.first_page() }
///     }
///
///     fn next_page(&self, page: &Page<Application>) -> Result<Option<Self>, Error> {
///         Ok(self.paging.next_page(page)?.map(|paging| Self { paging }))
///     }
/// }
///
/// impl OffsetPaged for ListApplications {
///     fn offset_paging(&mut self) -> &mut OffsetPaging {
///         &mut self.paging
///     }
/// }
///
/// # async fn example(client: users_core::ManagementClient) -> Result<(), Error> {
/// let all = client.call(ListApplications::default()).per_page(50).items().try_collect().await?;
/// # let _: Vec<Application> = all;
/// # Ok(())
/// # }
/// ```
pub trait Paged: Operation<Output = Page<Self::Item>> {
    /// The type of the items.
    type Item: Listed + Send + 'static;

    /// The operation for the first page of a stream.
    #[must_use]
    fn first_page(self) -> Self;

    /// The operation for the page after this one; `None` if it was the last.
    ///
    /// # Errors
    ///
    /// An error of kind [`WindowExceeded`](ErrorKind::WindowExceeded) if the list has more items than the server returns by
    /// offset.
    fn next_page(&self, page: &Page<Self::Item>) -> Result<Option<Self>, Error>;
}

/// A list that is paged by offset: `page`, `per_page`, `include_totals`.
pub trait OffsetPaged: Paged {
    /// The options of the request.
    fn offset_paging(&mut self) -> &mut OffsetPaging;
}

/// A list that is paged by checkpoint: `from`, `take`.
pub trait CheckpointPaged: Paged {
    /// The options of the request.
    fn checkpoint_paging(&mut self) -> &mut CheckpointPaging;
}

impl<O: OffsetPaged> Call<O> {
    /// Sets the page to return, from 0. A stream begins there.
    pub fn page(self, page: u32) -> Self {
        self.with(|operation| operation.offset_paging().page = Some(page))
    }

    /// Sets the number of items in a page: 1 to 100. Auth0's default is 50; a stream requests 100.
    pub fn per_page(self, per_page: u32) -> Self {
        self.with(|operation| operation.offset_paging().per_page = Some(per_page))
    }

    /// Sets whether the page states the total of the list, which Auth0 caps at 1000.
    pub fn include_totals(self, include: bool) -> Self {
        self.with(|operation| operation.offset_paging().include_totals = Some(include))
    }
}

impl<O: CheckpointPaged> Call<O> {
    /// Sets the checkpoint: the `next` of the previous page. A stream begins there.
    pub fn from(self, from: impl Into<String>) -> Self {
        self.with(|operation| operation.checkpoint_paging().from = Some(from.into()))
    }

    /// Sets the number of items in a page: 1 to 100. Auth0's default is 50; a stream requests 100.
    pub fn take(self, take: u32) -> Self {
        self.with(|operation| operation.checkpoint_paging().take = Some(take))
    }
}

/// The setters of a paged operation itself; a call has the same ones.
macro_rules! paging_setters {
    (OffsetPaging) => {
        /// Sets the page to return, from 0. A stream begins there.
        #[must_use]
        pub fn page(mut self, page: u32) -> Self {
            $crate::paging::OffsetPaged::offset_paging(&mut self).page = Some(page);
            self
        }

        /// Sets the number of items in a page: 1 to 100. Auth0's default is 50; a stream requests 100.
        #[must_use]
        pub fn per_page(mut self, per_page: u32) -> Self {
            $crate::paging::OffsetPaged::offset_paging(&mut self).per_page = Some(per_page);
            self
        }

        /// Sets whether the page states the total of the list, which Auth0 caps at 1000.
        #[must_use]
        pub fn include_totals(mut self, include: bool) -> Self {
            $crate::paging::OffsetPaged::offset_paging(&mut self).include_totals = Some(include);
            self
        }
    };
    (CheckpointPaging) => {
        /// Sets the checkpoint: the `next` of the previous page. A stream begins there.
        #[must_use]
        pub fn from(mut self, from: impl Into<String>) -> Self {
            $crate::paging::CheckpointPaged::checkpoint_paging(&mut self).from = Some(from.into());
            self
        }

        /// Sets the number of items in a page: 1 to 100. Auth0's default is 50; a stream requests 100.
        #[must_use]
        pub fn take(mut self, take: u32) -> Self {
            $crate::paging::CheckpointPaged::checkpoint_paging(&mut self).take = Some(take);
            self
        }
    };
    (AnyPaging) => {
        $crate::paging::paging_setters!(OffsetPaging);
        $crate::paging::paging_setters!(CheckpointPaging);
    };
}
pub(crate) use paging_setters;

/// Implements the traits of a paged operation.
macro_rules! paged {
    ($operation:ident, OffsetPaging, $item:ty, $list:expr) => {
        $crate::paging::paged!(@ $operation, $item, $list);

        impl $crate::paging::OffsetPaged for $operation {
            fn offset_paging(&mut self) -> &mut $crate::paging::OffsetPaging {
                &mut self.paging
            }
        }
    };
    ($operation:ident, CheckpointPaging, $item:ty, $list:expr) => {
        $crate::paging::paged!(@ $operation, $item, $list);

        impl $crate::paging::CheckpointPaged for $operation {
            fn checkpoint_paging(&mut self) -> &mut $crate::paging::CheckpointPaging {
                &mut self.paging
            }
        }
    };
    ($operation:ident, AnyPaging, $item:ty, $list:expr) => {
        $crate::paging::paged!(@ $operation, $item, $list);

        impl $crate::paging::OffsetPaged for $operation {
            fn offset_paging(&mut self) -> &mut $crate::paging::OffsetPaging {
                &mut self.paging.offset
            }
        }

        impl $crate::paging::CheckpointPaged for $operation {
            fn checkpoint_paging(&mut self) -> &mut $crate::paging::CheckpointPaging {
                &mut self.paging.checkpoint
            }
        }
    };
    (@ $operation:ident, $item:ty, $list:expr) => {
        impl $crate::paging::Paged for $operation {
            type Item = $item;

            fn first_page(mut self) -> Self {
                self.paging = self.paging.first_page_of(&$list);
                self
            }

            fn next_page(&self, page: &users_model::Page<$item>) -> Result<Option<Self>, $crate::error::Error> {
                let next = self.paging.next_page_of(page, &$list)?;
                Ok(next.map(|paging| Self { paging, ..self.clone() }))
            }
        }
    };
}
pub(crate) use paged;

/// The properties of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    /// Whether the endpoint reports the number of items on the page as the total.
    pub(crate) total_counts_page: bool,
    /// Whether a stream is paged by checkpoint where both styles are possible.
    pub(crate) streams_by_checkpoint: bool,
    /// How to read beyond the window, for the error at its end.
    pub(crate) beyond_window: &'static str,
}

impl List {
    /// A list with the default properties.
    pub(crate) const PLAIN: Self = Self {
        total_counts_page: false,
        streams_by_checkpoint: false,
        beyond_window: "narrow the list, if the endpoint has a filter",
    };
}

/// The largest page, which a stream requests unless another size is set.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// The options of a list that is paged by offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetPaging {
    /// The page to return, from 0.
    pub page: Option<u32>,
    /// The number of items in a page.
    pub per_page: Option<u32>,
    /// Whether the page states the total of the list.
    pub include_totals: Option<bool>,
}

impl OffsetPaging {
    pub(crate) const STYLE: Paging = Paging::Offset;

    /// Adds the options to the query of a request.
    pub fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        request
            .query("page", self.page)
            .query("per_page", self.per_page)
            .query("include_totals", self.include_totals)
    }

    /// The options of the first page of a stream, for [`Paged::first_page`].
    #[must_use]
    pub fn first_page(&self) -> Self {
        self.first_page_of(&List::PLAIN)
    }

    /// The options of the page after this one, for [`Paged::next_page`]; `None` if it was the last.
    ///
    /// # Errors
    ///
    /// See [`Paged::next_page`].
    pub fn next_page<T>(&self, page: &Page<T>) -> Result<Option<Self>, Error> {
        self.next_page_of(page, &List::PLAIN)
    }

    pub(crate) fn first_page_of(&self, _: &List) -> Self {
        Self {
            page: self.page,
            per_page: Some(self.per_page.unwrap_or(LARGEST_PAGE).max(1)),
            // The total identifies the last page, so that no empty one is requested after it.
            include_totals: Some(self.include_totals.unwrap_or(true)),
        }
    }

    pub(crate) fn next_page_of<T>(&self, page: &Page<T>, list: &List) -> Result<Option<Self>, Error> {
        let total = page.total.filter(|_| !list.total_counts_page);
        let next = next_offset(self.page, self.per_page, page, total, list.beyond_window)?;
        Ok(next.map(|next| Self { page: Some(next), ..self.clone() }))
    }
}

/// The options of a list that is paged by checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointPaging {
    /// The checkpoint: the `next` of the previous page.
    pub from: Option<String>,
    /// The number of items in a page.
    pub take: Option<u32>,
}

impl CheckpointPaging {
    pub(crate) const STYLE: Paging = Paging::Checkpoint;

    /// Adds the options to the query of a request.
    pub fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        request.query("from", self.from.as_deref()).query("take", self.take)
    }

    /// The options of the first page of a stream, for [`Paged::first_page`].
    #[must_use]
    pub fn first_page(&self) -> Self {
        self.first_page_of(&List::PLAIN)
    }

    /// The options of the page after this one, for [`Paged::next_page`]; `None` if it was the last.
    ///
    /// # Errors
    ///
    /// See [`Paged::next_page`].
    pub fn next_page<T>(&self, page: &Page<T>) -> Result<Option<Self>, Error> {
        self.next_page_of(page, &List::PLAIN)
    }

    pub(crate) fn first_page_of(&self, _: &List) -> Self {
        Self { take: Some(self.take.unwrap_or(LARGEST_PAGE).max(1)), from: self.from.clone() }
    }

    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn next_page_of<T>(&self, page: &Page<T>, _: &List) -> Result<Option<Self>, Error> {
        let next = page.next.clone().filter(|next| !next.is_empty());
        Ok(next.map(|next| Self { from: Some(next), take: self.take }))
    }
}

/// The options of a list that can be paged by offset and by checkpoint. Auth0 pages by checkpoint as soon as `take` or `from` is
/// set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnyPaging {
    pub(crate) offset: OffsetPaging,
    pub(crate) checkpoint: CheckpointPaging,
}

impl AnyPaging {
    pub(crate) const STYLE: Paging = Paging::Any;

    fn is_by_checkpoint(&self) -> bool {
        self.checkpoint != CheckpointPaging::default()
    }

    pub(crate) fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        self.checkpoint.add_to(self.offset.add_to(request))
    }

    pub(crate) fn first_page_of(&self, list: &List) -> Self {
        let mut first = self.clone();
        if self.is_by_checkpoint() || (list.streams_by_checkpoint && self.offset.page.is_none()) {
            let take = self.checkpoint.take.or(self.offset.per_page);
            first.checkpoint =
                CheckpointPaging { take, from: self.checkpoint.from.clone() }.first_page_of(list);
            first.offset = OffsetPaging::default();
        } else {
            first.offset = self.offset.first_page_of(list);
        }
        first
    }

    pub(crate) fn next_page_of<T>(&self, page: &Page<T>, list: &List) -> Result<Option<Self>, Error> {
        if self.is_by_checkpoint() {
            let next = self.checkpoint.next_page_of(page, list)?;
            return Ok(next.map(|checkpoint| Self { checkpoint, ..self.clone() }));
        }
        let next = self.offset.next_page_of(page, list)?;
        Ok(next.map(|offset| Self { offset, ..self.clone() }))
    }
}

/// The number of items that can be listed by offset, for any page size.
const WINDOW: u64 = 1000;

/// The number of the page after this one, for lists that are paged by offset; `None` if it was the last.
fn next_offset<T>(
    number: Option<u32>,
    per_page: Option<u32>,
    page: &Page<T>,
    total: Option<u64>,
    beyond_window: &str,
) -> Result<Option<u32>, Error> {
    let per_page = u64::from(per_page.unwrap_or(LARGEST_PAGE));
    let number = number.unwrap_or(0);
    let here = page.len() as u64;
    // A server may return fewer items than requested; then its own page size distinguishes a short page from a full one.
    let size =
        page.limit.filter(|limit| *limit > 0 && *limit >= here).map_or(per_page, |limit| limit.min(per_page));
    let seen = u64::from(number) * size + here;
    // Auth0 caps the total at the window, so a total of that size is unreliable, as is one below the number of items read.
    if here < size || total.is_some_and(|total| total < WINDOW && seen == total) {
        return Ok(None);
    }
    if (u64::from(number) + 1) * size >= WINDOW {
        let message = format!(
            "the list has {seen} entries or more, and the server lists the first {WINDOW} only (its total ends there too, so a \
             list of exactly {WINDOW} looks the same); {beyond_window}"
        );
        return Err(Error::new(ErrorKind::WindowExceeded, message));
    }
    Ok(Some(number + 1))
}

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
            stream::unfold(state, move |state| step(client.clone(), options.clone(), state)).fuse(),
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
