//! The user of an access token, and impersonation.

use crate::builder::{ApiClient, AuthenticationApi, ClientBuilder, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::management::user_id::IntoUserId;
use crate::operation_macro::operations;
use crate::request::RequestBuilder;
use crate::response::{decode_model, decode_text};
use crate::transport::HttpTransport;
use bytes::Bytes;
use users_model::{Impersonation, Secret, UserId, UserInfo};

/// Operations on users in the Authentication API.
///
/// Returned by [`AuthenticationClient::users`](crate::AuthenticationClient::users), or built from a transport, a base URL,
/// headers and a client id.
#[derive(Clone, Debug)]
pub struct UsersManager {
    client: Client,
}

impl Sealed for UsersManager {
    fn from_client(client: Client) -> Self {
        Self { client }
    }
}

impl ApiClient for UsersManager {
    const API: Api = Api::Authentication;
}

impl AuthenticationApi for UsersManager {}

impl UsersManager {
    /// Returns a builder of a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> ClientBuilder<Self> {
        ClientBuilder::new(transport)
    }

    /// Gets the claims of the user of an access token.
    ///
    /// `GET /userinfo`, scope `openid`. The scopes `profile` and `email` add claims. A token that is invalid or expired is a 401.
    /// Auth0 allows 5 calls per minute and user.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient, token: String) -> Result<(), users_core::Error> {
    /// let info = auth.users().get_info(token).await?;
    /// println!("{}", info.sub.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/user-profile/get-user-info>
    pub fn get_info(&self, access_token: impl Into<Secret>) -> Call<GetInfo> {
        self.client.call(Ok(GetInfo::new(access_token)))
    }

    /// Gets a link that logs in as a user, for support. It works once, and only for a short time.
    ///
    /// `POST /users/{user_id}/impersonate`. Deprecated by Auth0, available on old tenants only. The bearer token is one of the
    /// tenant's global client: the settings' `token`, or else the client's. The application is the settings' `client_id`, or else
    /// the client's.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// use users_core::model::{Impersonation, Protocol};
    ///
    /// let settings = Impersonation::new("auth0|support", Protocol::OAuth2).token("token of the global client");
    /// let link = auth.users().impersonate("auth0|507f1f77bcf86cd799439020", settings).await?;
    /// # let _ = link;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/legacy/impersonation>
    pub fn impersonate(&self, user_id: impl IntoUserId, settings: Impersonation) -> Call<Impersonate> {
        let mut settings = settings;
        settings.client_id = settings.client_id.or_else(|| self.client.shared.client_id.clone());
        self.client.call(Impersonate::new(user_id, settings))
    }
}

operations! {
    /// `GET /userinfo`. See [`UsersManager::get_info`](crate::authentication::UsersManager::get_info).
    operation GetInfo {
        Descriptor::get("authentication.get_info", "/userinfo")
            .api(Api::Authentication)
            .scopes(&[&["openid"]])
            .node("users.getInfo");
        arguments { access_token: Secret }
        request { info_request }
        decode { decode_model: UserInfo }
    }

    /// `POST /users/{user_id}/impersonate`. See [`UsersManager::impersonate`](crate::authentication::UsersManager::impersonate).
    operation Impersonate {
        Descriptor::post("authentication.impersonate", "/users/{user_id}/impersonate")
            .api(Api::Authentication)
            .node("users.impersonate");
        path { user_id: UserId }
        body { settings: Impersonation }
        request { impersonate_request }
        decode { decode_text: String }
    }
}

fn info_request(info: &GetInfo, request: RequestBuilder<'_>) -> Result<http::Request<Bytes>, Error> {
    request.bearer(&info.access_token).empty()
}

fn impersonate_request(
    operation: &Impersonate,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let settings = &operation.settings;
    let is_blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
    if is_blank(settings.impersonator_id.as_deref()) {
        return Err(Error::invalid("impersonator_id is missing: the user who impersonates"));
    }
    if is_blank(settings.protocol.as_ref().map(users_model::Protocol::as_str)) {
        return Err(Error::invalid("protocol is missing: the login that the link starts"));
    }
    let mut body = settings.clone();
    match body.token.take() {
        Some(token) => request.bearer(&token),
        None => request,
    }
    .body(&body)
}
