//! Lists: the options of a page, and streams over the pages.

mod checkpoints;
mod lister;
mod options;
mod position;
mod stream;

pub(crate) use options::{AnyPaging, LARGEST_PAGE, List};
pub use options::{CheckpointPaging, ListPage, OffsetPaging};
pub use position::ListPosition;
pub use stream::{Items, Pages};

use crate::call::Call;
use crate::error::Error;
use crate::operation::Operation;
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
/// use users_core::model::{Listed, Model, Page};
/// use users_core::{
///     BaseUrl, Descriptor, Error, ListPage, OffsetPaged, OffsetPaging, Operation, Paged, Paging, RequestBuilder, decode_json,
/// };
///
/// #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
/// struct Application {
///     name: String,
/// }
///
/// impl Model for Application {}
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
///
///     // Both are optional: they allow to store the position of a stream.
///     fn list_page(&self) -> Option<ListPage> {
///         Some(ListPage::Offset(self.paging.clone()))
///     }
///
///     fn at_list_page(self, page: ListPage) -> Option<Self> {
///         if let ListPage::Offset(paging) = page { Some(Self { paging }) } else { None }
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
    /// An error of kind [`WindowExceeded`](crate::ErrorKind::WindowExceeded) if the list has more items than the server returns by
    /// offset.
    fn next_page(&self, page: &Page<Self::Item>) -> Result<Option<Self>, Error>;

    /// The page that the operation requests, for the [position](Items::position) of a stream; `None` if positions of this list cannot
    /// be stored, which is the default.
    fn list_page(&self) -> Option<ListPage> {
        None
    }

    /// The operation for a page of [`list_page`](Self::list_page), to resume there; `None` if the list has no such page.
    #[must_use]
    fn at_list_page(self, page: ListPage) -> Option<Self> {
        let _ = page;
        None
    }
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
    ($operation:ident, OffsetPaging, $item:ty, $list:expr $(; $sort:ident)?) => {
        $crate::paging::paged!(@ $operation, OffsetPaging, $item, $list $(; $sort)?);

        impl $crate::paging::OffsetPaged for $operation {
            fn offset_paging(&mut self) -> &mut $crate::paging::OffsetPaging {
                &mut self.paging
            }
        }
    };
    ($operation:ident, CheckpointPaging, $item:ty, $list:expr $(; $sort:ident)?) => {
        $crate::paging::paged!(@ $operation, CheckpointPaging, $item, $list $(; $sort)?);

        impl $crate::paging::CheckpointPaged for $operation {
            fn checkpoint_paging(&mut self) -> &mut $crate::paging::CheckpointPaging {
                &mut self.paging
            }
        }
    };
    ($operation:ident, AnyPaging, $item:ty, $list:expr $(; $sort:ident)?) => {
        $crate::paging::paged!(@ $operation, AnyPaging, $item, $list $(; $sort)?);

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
    (@ $operation:ident, $paging:ident, $item:ty, $list:expr $(; $sort:ident)?) => {
        impl $crate::paging::Paged for $operation {
            type Item = $item;

            #[inline]
            fn first_page(mut self) -> Self {
                let list = $list;
                // A list by checkpoint has an order of its own.
                $(let list = $crate::paging::List {
                    streams_by_checkpoint: list.streams_by_checkpoint && self.$sort.is_none(),
                    ..list
                };)?
                self.paging = self.paging.first_page_of(&list);
                self
            }

            #[inline]
            fn next_page(&self, page: &users_model::Page<$item>) -> Result<Option<Self>, $crate::error::Error> {
                let next = self.paging.next_page_of(page, &$list)?;
                Ok(next.map(|paging| Self { paging, ..self.clone() }))
            }

            #[inline]
            fn list_page(&self) -> Option<$crate::paging::ListPage> {
                Some(self.paging.list_page(&$list))
            }

            #[inline]
            fn at_list_page(self, page: $crate::paging::ListPage) -> Option<Self> {
                let paging = $crate::paging::$paging::at_list_page(page)?;
                Some(Self { paging, ..self })
            }
        }
    };
}
pub(crate) use paged;
