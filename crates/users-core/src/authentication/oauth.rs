//! Tokens of users: the grants of `POST /oauth/token`, and revoking a refresh token.

use super::token::{RequestToken, grant};
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Access, Api, Descriptor, Safety};
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::{RequestBuilder, optional_property, property};
use crate::response::{decode_empty, decode_model};
use bytes::Bytes;
use users_model::{Secret, TokenResponse};

/// Tokens: the grants of `POST /oauth/token`, and revoking a refresh token.
///
/// Returned by [`AuthenticationClient::oauth`](crate::AuthenticationClient::oauth).
///
/// Each call names an application: the client's [`client_id`](crate::ClientBuilder::client_id), unless the call sets one. A
/// confidential application authenticates itself: by the client's [`client_secret`](crate::ClientBuilder::client_secret), or by what
/// the call sets, `.client_secret(…)` or `.client_assertion(…)`. A public application, such as one on a phone, has neither. Without
/// a client id, nothing is sent.
///
/// # Errors
///
/// A wrong secret is a 401 with the code `access_denied`, and a grant that is not enabled for the application a 403 with the code
/// `unauthorized_client`. What is wrong with the user's credentials is a 403 with the code `invalid_grant`. If the login requires a
/// second factor, the error is a 403 with the code `mfa_required`, and [`Error::mfa_token`] returns the token with which to continue.
#[derive(Clone, Debug)]
pub struct OAuthManager(pub(super) Client);

impl OAuthManager {
    /// Logs in with a user name or e-mail address and a password, for applications that are trusted with passwords.
    ///
    /// `POST /oauth/token`, grant `password`, or `http://auth0.com/oauth/grant-type/password-realm` if a realm is set. Without a
    /// realm, Auth0 searches the tenant's default directory. A wrong password and an unknown user are both a 403 with the code
    /// `invalid_grant`; a login that is blocked after too many wrong passwords is a 429 with the code `too_many_attempts`, which is not
    /// repeated; a password that was found in a data breach is a 401 with the code `password_leaked`. A server sends the user's
    /// address in the header `auth0-forwarded-for`, so that wrong passwords are counted for that address; Auth0 accepts it from an
    /// authenticated application for which it is enabled.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// let login = auth
    ///     .oauth()
    ///     .password_grant("ada@example.com", "Analytical Engine 1843")
    ///     .realm("Username-Password-Authentication")
    ///     .scope("openid offline_access")
    ///     .header("auth0-forwarded-for", "203.0.113.7");
    /// match login.await {
    ///     Ok(tokens) => println!("valid for {:?} s", tokens.expires_in),
    ///     Err(error) if error.code() == Some("mfa_required") => println!("{:?}", error.mfa_token()),
    ///     Err(error) if error.code() == Some("invalid_grant") => println!("{}", error.message()), // Wrong email or password.
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/resource-owner-password-flow/get-token>
    pub fn password_grant(
        &self,
        username: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Call<PasswordGrant> {
        self.0.call(Ok(PasswordGrant::new(username, password).for_client(&self.0)))
    }

    /// Exchanges an authorization code for tokens. The redirect URI is that of the request to `/authorize`. For PKCE, set the code
    /// verifier; a public application has to.
    ///
    /// `POST /oauth/token`, grant `authorization_code`. A code that is unknown, expired or already exchanged, and a wrong verifier, are
    /// a 403 with the code `invalid_grant`. A code works once, so the request is not repeated where it may have been carried out.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient, code: String, verifier: String) -> Result<(), users_core::Error> {
    /// let tokens = auth
    ///     .oauth()
    ///     .authorization_code_grant(code, "https://app.example.com/callback")
    ///     .code_verifier(verifier)
    ///     .await?;
    /// println!("{:?}", tokens.scope);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/authorization-code-flow/get-token>
    pub fn authorization_code_grant(
        &self,
        code: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Call<AuthorizationCodeGrant> {
        self.0.call(Ok(AuthorizationCodeGrant::new(code, redirect_uri).for_client(&self.0)))
    }

    /// Exchanges a refresh token for an access token. Where refresh tokens rotate, the response has a new one, which replaces this.
    ///
    /// `POST /oauth/token`, grant `refresh_token`. A token that is unknown, expired or revoked, and a blocked user, are a 403 with the
    /// code `invalid_grant`. Auth0 revokes all tokens of a login where a rotated one is used again, so the request is not repeated
    /// where it may have been carried out; if the application's tokens do not rotate, set [`idempotent(true)`](Call::idempotent).
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient, stored: users_core::model::Secret) -> Result<(), users_core::Error> {
    /// let tokens = auth.oauth().refresh_token_grant(&stored).await?;
    /// let stored = tokens.refresh_token.unwrap_or(stored);
    /// # let _ = stored;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/refresh-token/refresh-token>
    pub fn refresh_token_grant(&self, refresh_token: impl Into<Secret>) -> Call<RefreshTokenGrant> {
        self.0.call(Ok(RefreshTokenGrant::new(refresh_token).for_client(&self.0)))
    }

    /// Requests an access token of the application itself, for the API of this audience. A client of the Management API does that by
    /// itself: see [`client_credentials`](crate::ClientBuilder::client_credentials).
    ///
    /// `POST /oauth/token`, grant `client_credentials`. An API that the application has no grant for is a 403 with the code
    /// `access_denied`.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// let token = auth.oauth().client_credentials_grant("https://api.example.com/").await?;
    /// println!("valid for {:?} s", token.expires_in);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/client-credentials-flow/get-token>
    pub fn client_credentials_grant(&self, audience: impl Into<String>) -> Call<RequestToken> {
        self.0.call(Ok(RequestToken::new(audience).for_client(&self.0)))
    }

    /// Revokes a refresh token. Succeeds if it is unknown or already revoked. Access tokens stay valid until they expire.
    ///
    /// `POST /oauth/revoke`. If the tenant is set so, all refresh tokens of the user, the application and the audience are revoked. A
    /// wrong secret is a 401.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient, stored: users_core::model::Secret) -> Result<(), users_core::Error> {
    /// auth.oauth().revoke_refresh_token(stored).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/revoke-refresh-token/revoke-refresh-token>
    pub fn revoke_refresh_token(&self, token: impl Into<Secret>) -> Call<RevokeRefreshToken> {
        self.0.call(Ok(RevokeRefreshToken::new(token).for_client(&self.0)))
    }
}

/// The grant that a realm selects.
const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

operations! {
    /// `POST /oauth/token` with a password. A login twice has no further effect, so the request is repeated like a read. See
    /// [`OAuthManager::password_grant`](crate::authentication::OAuthManager::password_grant).
    operation PasswordGrant {
        grant("oauth.password_grant")
            .safety(Safety::Idempotent)
            .access(Access::Read)
            .distinguished_by(&[("grant_type", &["password", PASSWORD_REALM])])
            .node("oauth.passwordGrant");
        arguments { username: String, password: Secret }
        options {
            /// Sets the name of the connection that knows the user.
            realm: String,
            /// Sets the identifier of the API that the access token is for.
            audience: String,
            /// Sets the requested scopes, separated by spaces. Without them, Auth0 grants those that it allows.
            scope: String,
        }
        application { application }
        request { password_request }
        decode { decode_model: TokenResponse }
    }

    /// `POST /oauth/token` with an authorization code. See
    /// [`OAuthManager::authorization_code_grant`](crate::authentication::OAuthManager::authorization_code_grant).
    operation AuthorizationCodeGrant {
        grant("oauth.authorization_code_grant")
            .distinguished_by(&[("grant_type", &["authorization_code"])])
            .node("oauth.authorizationCodeGrant");
        arguments { code: Secret, redirect_uri: String }
        options {
            /// Sets the code verifier whose hash was sent to `/authorize` (PKCE): 43 to 128 characters.
            code_verifier: Secret,
        }
        application { application }
        request { code_request }
        decode { decode_model: TokenResponse }
    }

    /// `POST /oauth/token` with a refresh token. See
    /// [`OAuthManager::refresh_token_grant`](crate::authentication::OAuthManager::refresh_token_grant).
    operation RefreshTokenGrant {
        grant("oauth.refresh_token_grant")
            .distinguished_by(&[("grant_type", &["refresh_token"])])
            .node("oauth.refreshTokenGrant");
        arguments { refresh_token: Secret }
        options {
            /// Sets the requested scopes, separated by spaces: some of those that were granted. All of them unless set.
            scope: String,
        }
        application { application }
        request { refresh_request }
        decode { decode_model: TokenResponse }
    }

    /// `POST /oauth/revoke`. See
    /// [`OAuthManager::revoke_refresh_token`](crate::authentication::OAuthManager::revoke_refresh_token).
    operation RevokeRefreshToken {
        Descriptor::post("oauth.revoke_refresh_token", "/oauth/revoke")
            .api(Api::Authentication)
            .safety(Safety::Idempotent)
            .without_access_token()
            .node("oauth.revokeRefreshToken");
        arguments { token: Secret }
        application { application }
        request { revoke_request }
        decode { decode_empty: () }
    }
}

fn password_request(
    operation: &PasswordGrant,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let PasswordGrant { username, password, realm, audience, scope, application } = operation;
    let grant_type = if realm.is_some() { PASSWORD_REALM } else { "password" };
    let properties = [
        property("grant_type", &grant_type),
        property("username", username),
        property("password", password),
        optional_property("realm", realm.as_ref()),
        optional_property("audience", audience.as_ref()),
        optional_property("scope", scope.as_ref()),
    ];
    application.request(request.not_blank("username", username), &properties)
}

fn code_request(
    operation: &AuthorizationCodeGrant,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let AuthorizationCodeGrant { code, redirect_uri, code_verifier, application } = operation;
    let properties = [
        property("grant_type", &"authorization_code"),
        property("code", code),
        property("redirect_uri", redirect_uri),
        optional_property("code_verifier", code_verifier.as_ref()),
    ];
    let request = request.not_blank("code", code.expose()).not_blank("redirect_uri", redirect_uri);
    application.request(request, &properties)
}

fn refresh_request(
    operation: &RefreshTokenGrant,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let RefreshTokenGrant { refresh_token, scope, application } = operation;
    let properties = [
        property("grant_type", &"refresh_token"),
        property("refresh_token", refresh_token),
        optional_property("scope", scope.as_ref()),
    ];
    application.request(request.not_blank("refresh_token", refresh_token.expose()), &properties)
}

fn revoke_request(
    operation: &RevokeRefreshToken,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let RevokeRefreshToken { token, application } = operation;
    application.request(request.not_blank("token", token.expose()), &[property("token", token)])
}
