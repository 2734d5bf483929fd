//! The paging options of a request.

use crate::descriptor::Paging;
use crate::error::{Error, ErrorKind};
use crate::request::RequestBuilder;
use serde::{Deserialize, Serialize};
use users_model::Page;

/// The properties of a list.
#[derive(Clone, Copy, Debug)]
// Each is independent of the others.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct List {
    /// Whether the endpoint reports the number of items on the page as the total.
    pub(crate) total_counts_page: bool,
    /// Whether a stream is paged by checkpoint where both styles are possible.
    pub(crate) streams_by_checkpoint: bool,
    /// Whether only `from` selects pages by checkpoint, where both styles are possible; `take` alone selects them in other lists.
    pub(crate) checkpoint_needs_from: bool,
    /// Whether the endpoint may ignore the page parameters and return the whole list.
    pub(crate) may_ignore_pages: bool,
    /// How to read beyond the window, for the error at its end.
    pub(crate) beyond_window: &'static str,
}

impl List {
    /// A list with the default properties.
    pub(crate) const PLAIN: Self = Self {
        total_counts_page: false,
        streams_by_checkpoint: false,
        checkpoint_needs_from: false,
        may_ignore_pages: false,
        beyond_window: "narrow the list, if the endpoint has a filter",
    };
}

/// The largest page, which a stream requests unless another size is set.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// The options of a list that is paged by offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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

    /// The options of the first page of a stream, for [`Paged::first_page`](crate::Paged::first_page).
    #[must_use]
    pub fn first_page(&self) -> Self {
        self.first_page_of(&List::PLAIN)
    }

    /// The options of the page after this one, for [`Paged::next_page`](crate::Paged::next_page); `None` if it was the last.
    ///
    /// # Errors
    ///
    /// See [`Paged::next_page`](crate::Paged::next_page).
    pub fn next_page<T>(&self, page: &Page<T>) -> Result<Option<Self>, Error> {
        self.next_page_of(page, &List::PLAIN)
    }

    pub(crate) fn list_page(&self, _: &List) -> ListPage {
        ListPage::Offset(self.clone())
    }

    /// These options for a stored page; `None` if it is of another style.
    pub(crate) fn at_list_page(page: ListPage) -> Option<Self> {
        match page {
            ListPage::Offset(paging) => Some(paging),
            ListPage::Checkpoint(_) => None,
        }
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
        // More items than requested are the whole list, which another request would return again.
        if list.may_ignore_pages && page.len() as u64 > u64::from(self.per_page.unwrap_or(LARGEST_PAGE)) {
            return Ok(None);
        }
        let total = page.total.filter(|_| !list.total_counts_page);
        let here = (page.len(), page.start, page.limit);
        let next = next_offset(self.page, self.per_page, here, total, list.beyond_window)?;
        Ok(next.map(|next| Self { page: Some(next), ..self.clone() }))
    }
}

/// The options of a list that is paged by checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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

    /// The options of the first page of a stream, for [`Paged::first_page`](crate::Paged::first_page).
    #[must_use]
    pub fn first_page(&self) -> Self {
        self.first_page_of(&List::PLAIN)
    }

    /// The options of the page after this one, for [`Paged::next_page`](crate::Paged::next_page); `None` if it was the last.
    ///
    /// # Errors
    ///
    /// See [`Paged::next_page`](crate::Paged::next_page).
    pub fn next_page<T>(&self, page: &Page<T>) -> Result<Option<Self>, Error> {
        self.next_page_of(page, &List::PLAIN)
    }

    pub(crate) fn list_page(&self, _: &List) -> ListPage {
        ListPage::Checkpoint(self.clone())
    }

    /// These options for a stored page; `None` if it is of another style.
    pub(crate) fn at_list_page(page: ListPage) -> Option<Self> {
        match page {
            ListPage::Checkpoint(paging) => Some(paging),
            ListPage::Offset(_) => None,
        }
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

/// The page that an operation requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListPage {
    /// A page by offset.
    Offset(OffsetPaging),
    /// A page by checkpoint.
    Checkpoint(CheckpointPaging),
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

    fn is_by_checkpoint(&self, list: &List) -> bool {
        self.checkpoint.from.is_some() || (self.checkpoint.take.is_some() && !list.checkpoint_needs_from)
    }

    pub(crate) fn add_to<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a> {
        self.checkpoint.add_to(self.offset.add_to(request))
    }

    pub(crate) fn list_page(&self, list: &List) -> ListPage {
        if self.is_by_checkpoint(list) {
            ListPage::Checkpoint(self.checkpoint.clone())
        } else {
            ListPage::Offset(self.offset.clone())
        }
    }

    /// These options for a stored page of either style.
    // The other styles refuse a page.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn at_list_page(page: ListPage) -> Option<Self> {
        Some(match page {
            ListPage::Offset(offset) => Self { offset, ..Self::default() },
            ListPage::Checkpoint(checkpoint) => Self { checkpoint, ..Self::default() },
        })
    }

    pub(crate) fn first_page_of(&self, list: &List) -> Self {
        let mut first = self.clone();
        if self.is_by_checkpoint(list) || (list.streams_by_checkpoint && self.offset.page.is_none()) {
            let take = self.checkpoint.take.or(self.offset.per_page);
            first.checkpoint =
                CheckpointPaging { take, from: self.checkpoint.from.clone() }.first_page_of(list);
            first.offset = OffsetPaging::default();
        } else {
            first.offset.per_page = self.offset.per_page.or(self.checkpoint.take);
            first.offset = first.offset.first_page_of(list);
            first.checkpoint = CheckpointPaging::default();
        }
        first
    }

    pub(crate) fn next_page_of<T>(&self, page: &Page<T>, list: &List) -> Result<Option<Self>, Error> {
        if self.is_by_checkpoint(list) {
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
fn next_offset(
    number: Option<u32>,
    per_page: Option<u32>,
    (here, start, limit): (usize, Option<u64>, Option<u64>),
    total: Option<u64>,
    beyond_window: &str,
) -> Result<Option<u32>, Error> {
    let per_page = u64::from(per_page.unwrap_or(LARGEST_PAGE));
    let number = number.unwrap_or(0);
    let here = here as u64;
    // A server may return fewer items than requested; then its own page size distinguishes a short page from a full one. A limit
    // that counts the items of the page is not a page size: the start of a later page shows that.
    let starts_as_requested = number > 0 && start == Some(u64::from(number) * per_page);
    let limit = limit.filter(|limit| *limit > 0 && *limit >= here && !starts_as_requested);
    let size = limit.map_or(per_page, |limit| limit.min(per_page));
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
