//! Listing and searching users.

use crate::base_url::BaseUrl;
use crate::call::Call;
use crate::decode::decode_json;
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::management::fields::Fields;
use crate::operation::Operation;
use crate::paging::{LARGEST_PAGE, paged_by_offset};
use bytes::Bytes;
use users_model::{Page, User};

/// `GET /users`
#[derive(Clone, Debug, Default)]
pub struct GetAllUsers {
    page: Option<u32>,
    per_page: Option<u32>,
    include_totals: Option<bool>,
    sort: Option<String>,
    connection: Option<String>,
    fields: Fields,
    q: Option<String>,
    search_engine: Option<SearchEngine>,
    primary_order: Option<bool>,
}

impl GetAllUsers {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::get("users.get_all", Api::Management, "/users", &["read:users", "read:user_idp_tokens"])
            .with_query(&[
                "page",
                "per_page",
                "include_totals",
                "sort",
                "connection",
                "fields",
                "include_fields",
                "q",
                "search_engine",
                "primary_order",
            ]);
}

impl Operation for GetAllUsers {
    type Output = Page<User>;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        if let Some(per_page) = self.per_page.filter(|per_page| *per_page > LARGEST_PAGE) {
            return Err(Error::invalid(format!(
                "per_page is {per_page}; a page holds {LARGEST_PAGE} at most"
            )));
        }
        let request = RequestBuilder::new(Self::DESCRIPTOR, base)
            .query("page", self.page)
            .query("per_page", self.per_page)
            .query("include_totals", self.include_totals)
            .query("sort", self.sort.as_deref())
            .query("connection", self.connection.as_deref());
        self.fields
            .add_to(request)
            .query("q", self.q.as_deref())
            .query("search_engine", self.search_engine.map(SearchEngine::as_str))
            .query("primary_order", self.primary_order)
            .empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<Page<User>, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

paged_by_offset!(
    GetAllUsers of User,
    "narrow it with `q`, by created_at for example, or export all users with jobs().export_to(…)"
);

impl Call<GetAllUsers> {
    /// Which page, from 0. A stream begins here.
    pub fn page(self, page: u32) -> Self {
        self.with(|operation| operation.page = Some(page))
    }

    /// How many users a page holds: 0 to 100. Auth0 gives 50 unless asked; a stream asks for 100.
    pub fn per_page(self, per_page: u32) -> Self {
        self.with(|operation| operation.per_page = Some(per_page))
    }

    /// Whether the page says how many users there are in all (at most 1000).
    pub fn include_totals(self, include: bool) -> Self {
        self.with(|operation| operation.include_totals = Some(include))
    }

    /// The order: a field, and `1` for ascending or `-1`: `created_at:1`. Not by metadata.
    pub fn sort(self, sort: impl Into<String>) -> Self {
        self.with(|operation| operation.sort = Some(sort.into()))
    }

    /// Only users of this connection. Works with search engine v1 only; with v3, search for `identities.connection`.
    pub fn connection(self, connection: impl Into<String>) -> Self {
        self.with(|operation| operation.connection = Some(connection.into()))
    }

    /// Only these fields, and nothing else, not even the id unless it is named.
    pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::only(fields))
    }

    /// All fields but these.
    pub fn exclude_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::all_but(fields))
    }

    /// A search in Lucene's syntax: `email:"ada@example.com" AND logins_count:[1 TO *]`.
    ///
    /// <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>
    pub fn q(self, query: impl Into<String>) -> Self {
        self.with(|operation| operation.q = Some(query.into()))
    }

    /// Which search engine; v3 unless asked.
    pub fn search_engine(self, engine: SearchEngine) -> Self {
        self.with(|operation| operation.search_engine = Some(engine))
    }

    /// Whether equal queries give equal orders (the default), or faster ones.
    pub fn primary_order(self, primary: bool) -> Self {
        self.with(|operation| operation.primary_order = Some(primary))
    }
}

/// A version of Auth0's user search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchEngine {
    /// The first one.
    V1,
    /// The second one.
    V2,
    /// Today's.
    V3,
}

impl SearchEngine {
    fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}
