//! Listing and searching users.

use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::operation_macro::operations;
use crate::paging::{LARGEST_PAGE, List};
use crate::request::RequestBuilder;
use crate::response::decode_model;
use crate::search::Query;
use bytes::Bytes;
use users_model::{Page, User};

operations! {
    /// `GET /users`. See [`UsersManager::get_all`](crate::management::UsersManager::get_all).
    operation GetAllUsers {
        Descriptor::get("users.get_all", "/users").scopes(&[&["read:users"]]).node("users.getAll");
        page { OffsetPaging of User, LIST }
        query {
            /// Sets the order: a field, and `1` for ascending or `-1` for descending: `created_at:1`. Auth0 does not sort by
            /// metadata.
            sort: String,
            /// Returns users of this connection only. Search engine v1 only; with v3, search for `identities.connection`.
            connection: String,
            /// Sets the query: one that is built of the fields in [`search`](crate::search), or a text in Lucene's syntax, such as
            /// `email:"ada@example.com" AND logins_count:[1 TO *]`, which is sent as it is. A query that is refused fails the call.
            ///
            /// <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>
            q: Query,
            /// Sets the version of the search engine; v3 unless set.
            search_engine: SearchEngine,
            /// Sets whether the same query always returns the same order, which is the default and slower.
            primary_order: bool,
        }
        fields { fields }
        request { request }
        decode { decode_model: Page<User> }
    }
}

const LIST: List = List {
    beyond_window: "stream all users with everyone(), narrow it with `q`, or export all users with jobs().export(…)",
    ..List::PLAIN
};

fn request(list: &GetAllUsers, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    if let Some(per_page) = list.paging.per_page.filter(|per_page| *per_page > LARGEST_PAGE) {
        return Err(Error::invalid(format!("per_page is {per_page}; the maximum is {LARGEST_PAGE}")));
    }
    let q = list.q.as_ref().map(Query::to_text).transpose()?;
    let request = list
        .paging
        .add_to(request)
        .query("sort", list.sort.as_deref())
        .query("connection", list.connection.as_deref());
    list.fields
        .add_to(request)
        .query("q", q)
        .query("search_engine", list.search_engine.map(SearchEngine::as_str))
        .query("primary_order", list.primary_order)
        .empty()
}

/// A version of Auth0's user search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchEngine {
    /// Version 1.
    V1,
    /// Version 2.
    V2,
    /// Version 3, the current one.
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

impl std::fmt::Display for SearchEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
