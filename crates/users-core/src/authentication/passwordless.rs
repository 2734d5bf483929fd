//! Logins without a password: by a code or link that Auth0 sends.

use super::application::Application;
use super::token::grant;
use crate::call::Call;
use crate::client::Client;
use crate::descriptor::{Api, Descriptor};
use crate::error::Error;
use crate::operation_macro::operations;
use crate::request::{RequestBuilder, optional_property, property};
use crate::response::decode_model;
use bytes::Bytes;
use users_model::{JsonObject, PasswordlessContent, PasswordlessStart, Secret, TokenResponse};

/// Logins without a password: by a code or link that Auth0 sends.
///
/// Returned by [`AuthenticationClient::passwordless`](crate::AuthenticationClient::passwordless). The application and how it
/// authenticates itself are those of [`OAuthManager`](crate::authentication::OAuthManager).
///
/// ```
/// # async fn example(auth: users_core::AuthenticationClient, read_code: fn() -> String) -> Result<(), users_core::Error> {
/// use users_core::model::PasswordlessContent;
///
/// auth.passwordless().send_email("ada@example.com").content(PasswordlessContent::Code).await?;
/// let tokens = auth.passwordless().login_with_email("ada@example.com", read_code()).scope("openid").await?;
/// println!("{:?}", tokens.expires_in);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PasswordlessManager(pub(super) Client);

impl PasswordlessManager {
    /// Sends an e-mail with a link to log in, or with a code where its
    /// [content](SendPasswordlessEmail::content) is set so.
    ///
    /// `POST /passwordless/start`. Needs the connection `email`. Errors are a 400 with codes such as `bad.connection`. Not repeated
    /// where it may have been carried out. The language of the e-mail is that of the header `x-request-language`.
    ///
    /// <https://auth0.com/docs/api/authentication/passwordless/get-code-or-link>
    pub fn send_email(&self, email: impl Into<String>) -> Call<SendPasswordlessEmail> {
        self.0.call(Ok(SendPasswordlessEmail::new(email).for_client(&self.0)))
    }

    /// Sends an SMS with a code.
    ///
    /// `POST /passwordless/start`. Needs the connection `sms`. The phone number is `+` and 1 to 15 digits; any other is a 400 with the
    /// code `bad.phone_number`. Not repeated where it may have been carried out.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// auth.passwordless().send_sms("+14155550100").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/passwordless/get-code-or-link>
    pub fn send_sms(&self, phone_number: impl Into<String>) -> Call<SendPasswordlessSms> {
        self.0.call(Ok(SendPasswordlessSms::new(phone_number).for_client(&self.0)))
    }

    /// Logs in with the code of an e-mail. A code is valid for three minutes and three attempts.
    ///
    /// `POST /oauth/token`, grant `http://auth0.com/oauth/grant-type/passwordless/otp`. A wrong or expired code is a 403 with the code
    /// `invalid_grant`. A code works once, so the request is not repeated where it may have been carried out.
    ///
    /// <https://auth0.com/docs/api/authentication/passwordless/authenticate-user>
    pub fn login_with_email(&self, email: impl Into<String>, otp: impl Into<Secret>) -> Call<LoginWithEmail> {
        self.0.call(Ok(LoginWithEmail::new(email, otp).for_client(&self.0)))
    }

    /// Logs in with the code of an SMS. Like [`login_with_email`](Self::login_with_email).
    ///
    /// `POST /oauth/token`, grant `http://auth0.com/oauth/grant-type/passwordless/otp`.
    ///
    /// ```
    /// # async fn example(auth: users_core::AuthenticationClient) -> Result<(), users_core::Error> {
    /// let tokens = auth.passwordless().login_with_sms("+14155550100", "123456").await?;
    /// println!("{:?}", tokens.expires_in);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://auth0.com/docs/api/authentication/passwordless/authenticate-user>
    pub fn login_with_sms(
        &self,
        phone_number: impl Into<String>,
        otp: impl Into<Secret>,
    ) -> Call<LoginWithSms> {
        self.0.call(Ok(LoginWithSms::new(phone_number, otp).for_client(&self.0)))
    }
}

/// The grant of a code that Auth0 has sent.
const OTP: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";

/// The start of a login.
const fn start(name: &'static str) -> Descriptor {
    Descriptor::post(name, "/passwordless/start").api(Api::Authentication).without_access_token()
}

operations! {
    /// `POST /passwordless/start` with an e-mail address. See
    /// [`PasswordlessManager::send_email`](crate::authentication::PasswordlessManager::send_email).
    operation SendPasswordlessEmail {
        start("passwordless.send_email")
            .distinguished_by(&[("connection", &["email"])])
            .node("passwordless.sendEmail");
        arguments { email: String }
        options {
            /// Sets what the e-mail contains: a link unless set.
            content: PasswordlessContent,
            /// Sets parameters of the login that the link starts: `scope`, `redirect_uri`, `state` and others.
            auth_params: JsonObject,
        }
        application { application }
        request { email_request }
        decode { decode_model: PasswordlessStart }
    }

    /// `POST /passwordless/start` with a phone number. See
    /// [`PasswordlessManager::send_sms`](crate::authentication::PasswordlessManager::send_sms).
    operation SendPasswordlessSms {
        start("passwordless.send_sms")
            .distinguished_by(&[("connection", &["sms"])])
            .node("passwordless.sendSMS");
        arguments { phone_number: String }
        application { application }
        request { sms_request }
        decode { decode_model: PasswordlessStart }
    }

    /// `POST /oauth/token` with the code of an e-mail. See
    /// [`PasswordlessManager::login_with_email`](crate::authentication::PasswordlessManager::login_with_email).
    operation LoginWithEmail {
        grant("passwordless.login_with_email")
            .distinguished_by(&[("grant_type", &[OTP]), ("realm", &["email"])])
            .node("passwordless.loginWithEmail");
        arguments { email: String, otp: Secret }
        options {
            /// Sets the identifier of the API that the access token is for.
            audience: String,
            /// Sets the requested scopes, separated by spaces.
            scope: String,
        }
        application { application }
        request { email_login_request }
        decode { decode_model: TokenResponse }
    }

    /// `POST /oauth/token` with the code of an SMS. See
    /// [`PasswordlessManager::login_with_sms`](crate::authentication::PasswordlessManager::login_with_sms).
    operation LoginWithSms {
        grant("passwordless.login_with_sms")
            .distinguished_by(&[("grant_type", &[OTP]), ("realm", &["sms"])])
            .node("passwordless.loginWithSMS");
        arguments { phone_number: String, otp: Secret }
        options {
            /// Sets the identifier of the API that the access token is for.
            audience: String,
            /// Sets the requested scopes, separated by spaces.
            scope: String,
        }
        application { application }
        request { sms_login_request }
        decode { decode_model: TokenResponse }
    }
}

fn email_request(
    operation: &SendPasswordlessEmail,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let SendPasswordlessEmail { email, content, auth_params, application } = operation;
    let properties = [
        property("connection", &"email"),
        property("email", email),
        optional_property("send", content.as_ref()),
        optional_property("authParams", auth_params.as_ref()),
    ];
    application.request(request.not_blank("email", email), &properties)
}

fn sms_request(
    operation: &SendPasswordlessSms,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let SendPasswordlessSms { phone_number, application } = operation;
    let properties = [property("connection", &"sms"), property("phone_number", phone_number)];
    application.request(request.not_blank("phone_number", phone_number), &properties)
}

fn email_login_request(
    operation: &LoginWithEmail,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let LoginWithEmail { email, otp, audience, scope, application } = operation;
    login_request(
        request.not_blank("email", email),
        "email",
        (email, otp),
        (audience.as_ref(), scope.as_ref()),
        application,
    )
}

fn sms_login_request(
    operation: &LoginWithSms,
    request: RequestBuilder<'_>,
) -> Result<http::Request<Bytes>, Error> {
    let LoginWithSms { phone_number, otp, audience, scope, application } = operation;
    let request = request.not_blank("phone_number", phone_number);
    login_request(request, "sms", (phone_number, otp), (audience.as_ref(), scope.as_ref()), application)
}

fn login_request(
    request: RequestBuilder<'_>,
    realm: &'static str,
    (username, otp): (&String, &Secret),
    (audience, scope): (Option<&String>, Option<&String>),
    application: &Application,
) -> Result<http::Request<Bytes>, Error> {
    let properties = [
        property("grant_type", &OTP),
        property("realm", &realm),
        property("username", username),
        property("otp", otp),
        optional_property("audience", audience),
        optional_property("scope", scope),
    ];
    application.request(request.not_blank("otp", otp.expose()), &properties)
}
