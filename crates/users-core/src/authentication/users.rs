//! Who a token belongs to, and logging in as somebody else.

use crate::base_url::BaseUrl;
use crate::builder::Builder;
use crate::builder::{AuthenticationProduct, Product, sealed::Sealed};
use crate::call::Call;
use crate::client::Client;
use crate::decode::{decode_json, decode_text};
use crate::descriptor::{Api, Descriptor};
use crate::endpoint::RequestBuilder;
use crate::error::Error;
use crate::operation::Operation;
use crate::transport::HttpTransport;
use bytes::Bytes;
use users_model::{Impersonation, Secret, UserId, UserInfo};

/// The users of a tenant, as they see themselves.
///
/// Made by [`AuthenticationClient::users`](crate::AuthenticationClient::users), or by itself from a transport, a base URL,
/// headers and a client id.
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
    const API: Api = Api::Authentication;
}

impl AuthenticationProduct for UsersManager {}

impl UsersManager {
    /// Begins a manager on this transport.
    pub fn builder(transport: impl HttpTransport) -> Builder<Self> {
        Builder::new(transport)
    }

    /// The claims of the user that an access token belongs to.
    ///
    /// `GET /userinfo`. The token needs the scope `openid`; `profile` and `email` bring more. A token that is wrong or expired is a
    /// 401. Auth0 allows 5 calls a minute for each user.
    ///
    /// ```
    /// # async fn story(auth: users_core::AuthenticationClient, token: String) -> Result<(), users_core::Error> {
    /// let info = auth.users().get_info(token).await?;
    /// println!("{}", info.sub.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/user-profile/get-user-info>
    pub fn get_info(&self, access_token: impl Into<Secret>) -> Call<GetInfo> {
        Call::new(self.client.clone(), Ok(GetInfo { access_token: access_token.into() }))
    }

    /// A link that logs in as a user, for support: it works once, and only for a short time.
    ///
    /// `POST /users/{user_id}/impersonate`. Auth0 has deprecated it; tenants from before still have it. The bearer token is one of
    /// the tenant's global client: the settings' `token`, or else the client's own. The application is the settings' `client_id`,
    /// or else the client's own.
    ///
    /// ```
    /// # async fn story(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
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
    pub fn impersonate(
        &self,
        user_id: impl TryInto<UserId, Error: Into<Error>>,
        settings: Impersonation,
    ) -> Call<Impersonate> {
        let mut settings = settings;
        settings.client_id = settings.client_id.or_else(|| self.client.shared.client_id.clone());
        let operation =
            user_id.try_into().map_err(Into::into).map(|user_id| Impersonate { user_id, settings });
        Call::new(self.client.clone(), operation)
    }
}

/// `GET /userinfo`
#[derive(Clone, Debug)]
pub struct GetInfo {
    access_token: Secret,
}

impl GetInfo {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor =
        &Descriptor::get("authentication.get_info", Api::Authentication, "/userinfo", &["openid"]);
}

impl Operation for GetInfo {
    type Output = UserInfo;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        RequestBuilder::new(Self::DESCRIPTOR, base).bearer(&self.access_token).empty()
    }

    fn decode(response: http::Response<Bytes>) -> Result<UserInfo, Error> {
        decode_json(Some(Self::DESCRIPTOR), response)
    }
}

/// `POST /users/{user_id}/impersonate`
#[derive(Clone, Debug)]
pub struct Impersonate {
    user_id: UserId,
    settings: Impersonation,
}

impl Impersonate {
    /// What is known of the endpoint.
    pub const DESCRIPTOR: &'static Descriptor = &Descriptor::post(
        "authentication.impersonate",
        Api::Authentication,
        "/users/{user_id}/impersonate",
        &[],
    );
}

impl Operation for Impersonate {
    type Output = String;

    const STATIC: Option<&'static Descriptor> = Some(Self::DESCRIPTOR);

    fn descriptor(&self) -> &Descriptor {
        Self::DESCRIPTOR
    }

    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
        let is_blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
        if is_blank(self.settings.impersonator_id.as_deref()) {
            return Err(Error::invalid("impersonator_id is missing: the user who impersonates"));
        }
        if is_blank(self.settings.protocol.as_ref().map(users_model::Protocol::as_str)) {
            return Err(Error::invalid("protocol is missing: the login that the link starts"));
        }
        let request = RequestBuilder::new(Self::DESCRIPTOR, base).segment("user_id", self.user_id.as_str());
        let mut body = self.settings.clone();
        match body.token.take() {
            Some(token) => request.bearer(&token),
            None => request,
        }
        .json(&body)
    }

    fn decode(response: http::Response<Bytes>) -> Result<String, Error> {
        decode_text(Some(Self::DESCRIPTOR), response)
    }
}
