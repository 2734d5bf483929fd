//! Creating, reading, changing and deleting users.

use super::{
    Confirm, DeleteAll, DeleteMultifactorProvider, Identities, LinkIdentity, Multifactor, UnlinkIdentity,
};
use crate::builder::{ManagementProduct, Product, sealed::Sealed};
use crate::client::Client;
use crate::endpoint::{RequestBuilder, decode_empty, decode_json};
use crate::paging::Paged;
use crate::{
    Api, BaseUrl, Builder, Call, Descriptor, Error, ErrorKind, HttpTransport, Operation, RestClient,
};
use bytes::Bytes;
use users_model::{
    LinkTarget, MetadataUpdate, MultifactorProvider, NewUser, Page, Patch, Provider, Secret, User, UserId,
    UserUpdate,
};

/// The users of a tenant, as an administrator sees them.
///
/// Made by [`ManagementClient::users`](crate::ManagementClient::users), or by itself from a transport, a base URL and headers:
///
/// ```
/// use users_core::management::UsersManager;
/// # use users_core::{Body, HttpTransport, transport_fn};
/// # fn my_transport() -> impl HttpTransport { transport_fn(|_, _| async { Ok(http::Response::new(Body::default())) }) }
///
/// let users = UsersManager::builder(my_transport())
///     .base_url("https://tenant.eu.auth0.com/api/v2")
///     .header("Authorization", "Bearer …".replace('…', "token"))
///     .build()?;
/// # let _ = users;
/// # Ok::<(), users_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UsersManager {
    client: Client,
}

impl Sealed for UsersManager {
    fn of(client: Client) -> Self {
        Self { client }
    }
}

impl Product for UsersManager {
    const API: Api = Api::Management;
}

impl ManagementProduct for UsersManager {}

impl UsersManager {
    /// Begins a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> Builder<Self> {
        Builder::new(transport)
    }

    /// Creates a user.
    ///
    /// `POST /users`, scope `create:users`. The answer's user has the name, nickname and picture that Auth0 made up where none
    /// were given. A user with the same address or name in the connection is a 409 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::NewUser;
    ///
    /// let user = users
    ///     .create(NewUser::new("Username-Password-Authentication").email("ada@example.com").password("correct horse"))
    ///     .await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/post-users>
    pub fn create(&self, user: NewUser) -> Call<CreateUser> {
        self.call(Ok(CreateUser { user }))
    }

    /// Lists or searches users: one page when awaited, a stream over the pages with [`items`](Call::items).
    ///
    /// `GET /users`, scope `read:users`. Auth0 shows the first 1000 of a search and no more; a stream that comes to that end says
    /// so with an error. The index lags: a user who was just created or changed may be missing; [`get`](Self::get) reads at once.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let page = users.get_all().q(r#"email.domain:"example.com""#).page(2).per_page(10).await?;
    ///
    /// let mut all = users.get_all().fields(["user_id", "email"]).items();
    /// while let Some(user) = all.try_next().await? {
    ///     println!("{user:?}");
    /// }
    /// # let _ = page;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-users>
    pub fn get_all(&self) -> Call<GetAllUsers> {
        self.call(Ok(GetAllUsers::default()))
    }

    /// Reads a user.
    ///
    /// `GET /users/{id}`, scope `read:users`. An unknown id is a 404 with the code `inexistent_user`;
    /// [`optional`](Call::optional) gives it as `None`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// let user = users.get("auth0|507f1f77bcf86cd799439020").await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/get-users-by-id>
    pub fn get(&self, id: impl TryInto<UserId, Error: Into<Error>>) -> Call<GetUser> {
        self.call(user_id(id).map(|id| GetUser { id, fields: Fields::default() }))
    }

    /// Changes a user: only what the update names.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. The first level of metadata is merged; see [`MetadataUpdate`]. Auth0 refuses
    /// some pairs in one request (a password with an address, a user name with a password), and attributes that belong to an
    /// identity provider. An address that is taken is a 400 with the code `auth0_idp_error`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::UserUpdate;
    ///
    /// let user = users.update("auth0|1", UserUpdate::new().nickname("Ada").clear_picture()).await?;
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/patch-users-by-id>
    pub fn update(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        update: UserUpdate,
    ) -> Call<UpdateUser> {
        self.call(user_id(id).map(|id| UpdateUser { id, update }))
    }

    /// Changes what the user may read and change: the first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users`. An update that changes nothing is refused rather than sent, since Auth0 would
    /// read an empty object as "take everything away"; that is [`MetadataUpdate::clear_all`].
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::model::MetadataUpdate;
    ///
    /// users.update_user_metadata("auth0|1", MetadataUpdate::new().set("theme", "dark").remove("beta")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_user_metadata(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        metadata: impl Into<MetadataUpdate>,
    ) -> Call<UpdateUser> {
        self.update(id, UserUpdate::new().user_metadata(metadata))
    }

    /// Changes what applications keep about the user: the first level is merged.
    ///
    /// `PATCH /users/{id}`, scope `update:users_app_metadata` or `update:users`. An update that changes nothing is refused, as
    /// with [`update_user_metadata`](Self::update_user_metadata).
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// users.update_app_metadata("auth0|1", serde_json::json!({"plan": "gold"})).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_app_metadata(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        metadata: impl Into<MetadataUpdate>,
    ) -> Call<UpdateUser> {
        self.update(id, UserUpdate::new().app_metadata(metadata))
    }

    /// Deletes a user, and the accounts that are linked to it.
    ///
    /// `DELETE /users/{id}`, scope `delete:users`. Deleting one that is gone already succeeds.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// users.delete("auth0|507f1f77bcf86cd799439020").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/management/v2/users/delete-users-by-id>
    pub fn delete(&self, id: impl TryInto<UserId, Error: Into<Error>>) -> Call<DeleteUser> {
        self.call(user_id(id).map(|id| DeleteUser { id }))
    }

    /// Deletes **every user of the tenant**, one by one.
    ///
    /// Auth0 took `DELETE /users` out of its API in 2016, so this searches and deletes until three searches in a row bring
    /// nothing new; see [`DeleteAll`]. The confirmation must name the tenant that the client talks to, or nothing is sent.
    ///
    /// Scopes `read:users` and `delete:users`.
    ///
    /// ```
    /// # async fn story(users: users_core::management::UsersManager) -> Result<(), users_core::Error> {
    /// use users_core::management::Confirm;
    ///
    /// let report = users.delete_all(Confirm::tenant("staging.eu.auth0.com")).await?;
    /// println!("{} deleted, {} failed", report.deleted, report.failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_all(&self, confirm: Confirm) -> DeleteAll {
        DeleteAll::new(self.client.clone(), confirm)
    }

    /// Takes a user's enrolment with a multi-factor provider away; the same as
    /// [`multifactor().delete(…)`](Multifactor::delete).
    ///
    /// `DELETE /users/{id}/multifactor/{provider}`, scope `update:users`. Succeeds where nothing was enrolled.
    pub fn delete_multifactor_provider(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<MultifactorProvider>,
    ) -> Call<DeleteMultifactorProvider> {
        self.multifactor().delete(id, provider)
    }

    /// Links an account to a user; the same as [`identities().link(…)`](Identities::link).
    ///
    /// `POST /users/{id}/identities`, scope `update:users`.
    pub fn link(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        target: impl Into<LinkTarget>,
    ) -> Call<LinkIdentity> {
        self.identities().link(id, target)
    }

    /// Takes a linked account away from a user; the same as [`identities().unlink(…)`](Identities::unlink).
    ///
    /// `DELETE /users/{id}/identities/{provider}/{user_id}`, scope `update:users`.
    pub fn unlink(
        &self,
        id: impl TryInto<UserId, Error: Into<Error>>,
        provider: impl Into<Provider>,
        user_id: impl Into<String>,
    ) -> Call<UnlinkIdentity> {
        self.identities().unlink(id, provider, user_id)
    }

    /// The accounts that belong to a user.
    pub fn identities(&self) -> Identities {
        Identities::new(self.client.clone())
    }

    /// The multi-factor enrolments of a user.
    pub fn multifactor(&self) -> Multifactor {
        Multifactor::new(self.client.clone())
    }

    /// The users' own paths, by hand: `/users/{id}`.
    pub fn rest(&self) -> RestClient {
        RestClient::new(self.client.clone(), Api::Management, "/users/{id}")
    }

    fn call<O: Operation>(&self, operation: Result<O, Error>) -> Call<O> {
        Call::new(self.client.clone(), operation)
    }
}

/// An id from whatever a caller has.
pub(super) fn user_id(id: impl TryInto<UserId, Error: Into<Error>>) -> Result<UserId, Error> {
    id.try_into().map_err(Into::into)
}

/// `POST /users`
#[derive(Clone, Debug)]
pub struct CreateUser {
    user: NewUser,
}

impl CreateUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::post("users.create", Api::Management, "/users", &["create:users"]).takes_custom_domain();
}

impl Operation for CreateUser {
    type Output = User;

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        if self.user.connection.as_deref().is_none_or(str::is_empty) {
            return Err(Error::invalid("a new user needs a connection"));
        }
        RequestBuilder::new(Self::DESCRIPTOR, base).json(&self.user)
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.user.password.iter().collect()
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

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

/// How many users of a search Auth0 shows, whatever the page size.
const WINDOW: u64 = 1000;

/// The largest page, which a stream asks for unless told otherwise.
const LARGEST_PAGE: u32 = 100;

impl GetAllUsers {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::get("users.get_all", Api::Management, "/users", &["read:users", "read:user_idp_tokens"]);
}

impl Operation for GetAllUsers {
    type Output = Page<User>;

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        if let Some(per_page) = self.per_page.filter(|per_page| *per_page > LARGEST_PAGE) {
            return Err(Error::invalid(format!(
                "per_page is {per_page}; a page holds {LARGEST_PAGE} at most"
            )));
        }
        RequestBuilder::new(Self::DESCRIPTOR, base)
            .query("page", self.page)
            .query("per_page", self.per_page)
            .query("include_totals", self.include_totals)
            .query("sort", self.sort.as_deref())
            .query("connection", self.connection.as_deref())
            .query("fields", self.fields.names())
            .query("include_fields", self.fields.include)
            .query("q", self.q.as_deref())
            .query("search_engine", self.search_engine.map(SearchEngine::as_str))
            .query("primary_order", self.primary_order)
            .empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<Page<User>, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

impl Paged for GetAllUsers {
    type Item = User;

    fn first(mut self) -> Self {
        self.per_page = Some(self.per_page.unwrap_or(LARGEST_PAGE).max(1));
        // With the total, the last page is known as such, and no empty one is fetched after it.
        self.include_totals = Some(self.include_totals.unwrap_or(true));
        self
    }

    fn after(&self, page: &Page<User>) -> Result<Option<Self>, Error> {
        let per_page = u64::from(self.per_page.unwrap_or(LARGEST_PAGE));
        let number = self.page.unwrap_or(0);
        let seen = u64::from(number) * per_page + page.len() as u64;
        // Auth0 counts no further than the window, so a total at its edge says nothing.
        let is_last =
            (page.len() as u64) < per_page || page.total.is_some_and(|total| total < WINDOW && seen >= total);
        if is_last {
            return Ok(None);
        }
        if (u64::from(number) + 1) * per_page >= WINDOW {
            return Err(Error::new(
                ErrorKind::WindowExceeded,
                format!(
                    "the search has {seen} users or more, and the server shows the first {WINDOW} only; \
                     narrow it down with q, or split it by created_at"
                ),
            ));
        }
        Ok(Some(Self { page: Some(number + 1), ..self.clone() }))
    }
}

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

/// Which fields of a user come back.
#[derive(Clone, Debug, Default)]
struct Fields {
    names: Vec<String>,
    include: Option<bool>,
}

impl Fields {
    fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), include: Some(true) }
    }

    fn all_but(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { include: Some(false), ..Self::only(names) }
    }

    fn names(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(","))
    }
}

/// `GET /users/{id}`
#[derive(Clone, Debug)]
pub struct GetUser {
    id: UserId,
    fields: Fields,
}

impl GetUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::get(
        "users.get",
        Api::Management,
        "/users/{id}",
        &["read:users", "read:current_user", "read:user_idp_tokens"],
    );
}

impl Operation for GetUser {
    type Output = User;

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base)
            .segment("id", self.id.as_str())
            .query("fields", self.fields.names())
            .query("include_fields", self.fields.include)
            .empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

impl Call<GetUser> {
    /// Only these fields, and nothing else, not even the id unless it is named.
    pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::only(fields))
    }

    /// All fields but these.
    pub fn exclude_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(|operation| operation.fields = Fields::all_but(fields))
    }
}

/// `PATCH /users/{id}`
#[derive(Clone, Debug)]
pub struct UpdateUser {
    id: UserId,
    update: UserUpdate,
}

impl UpdateUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::patch(
        "users.update",
        Api::Management,
        "/users/{id}",
        &["update:users", "update:users_app_metadata", "update:current_user_metadata"],
    )
    .takes_custom_domain();
}

impl Operation for UpdateUser {
    type Output = User;

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        for (name, metadata) in
            [("user_metadata", &self.update.user_metadata), ("app_metadata", &self.update.app_metadata)]
        {
            if let Some(problem) = metadata.problem() {
                return Err(Error::invalid(format!("{name}: {problem}")));
            }
        }
        if self.update.is_empty() {
            return Err(Error::invalid(
                "the update changes nothing; to wipe metadata, say so with MetadataUpdate::clear_all()",
            ));
        }
        RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", self.id.as_str()).json(&self.update)
    }

    fn secrets(&self) -> Vec<&Secret> {
        match &self.update.password {
            Patch::Set(password) => vec![password],
            Patch::Keep | Patch::Clear => Vec::new(),
        }
    }

    fn decode(response: http::Response<Bytes>) -> Result<User, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

/// `DELETE /users/{id}`
#[derive(Clone, Debug)]
pub struct DeleteUser {
    id: UserId,
}

impl DeleteUser {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::delete(
        "users.delete",
        Api::Management,
        "/users/{id}",
        &["delete:users", "delete:current_user"],
    );

    pub(super) fn new(id: UserId) -> Self {
        Self { id }
    }
}

impl Operation for DeleteUser {
    type Output = ();

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).segment("id", self.id.as_str()).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<(), Error> {
        decode_empty(Some(Self::DESCRIPTOR), response)
    }
}
