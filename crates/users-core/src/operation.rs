//! One call of one endpoint, as a value.

use crate::base_url::BaseUrl;
use crate::descriptor::Descriptor;
use crate::error::Error;
use bytes::Bytes;
use std::fmt;
use users_model::Secret;

/// One call of one endpoint, as a value: it makes the request and decodes the response.
///
/// Both are pure functions that need no client and no runtime. To send an operation with tokens, pacing and retries, pass it to
/// [`ManagementClient::call`](crate::ManagementClient::call) or
/// [`AuthenticationClient::call`](crate::AuthenticationClient::call).
///
/// ```
/// use users_core::management::GetUser;
/// use users_core::{BaseUrl, Operation as _};
///
/// let base = BaseUrl::parse("https://tenant.eu.auth0.com/api/v2")?;
/// let request = GetUser::new("auth0|1")?.request(&base)?;
/// assert_eq!(request.uri(), "https://tenant.eu.auth0.com/api/v2/users/auth0%7C1");
///
/// let response = http::Response::new(bytes::Bytes::from(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#));
/// let user = GetUser::decode(response)?;
/// assert_eq!(user.email.as_deref(), Some("ada@example.com"));
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// # Custom operations
///
/// An endpoint that this crate does not model is an implementation of this trait: a [`Descriptor`], a request made with
/// [`RequestBuilder`](crate::RequestBuilder), and a response read with [`decode_json`](crate::decode_json),
/// [`decode_text`](crate::decode_text) or [`decode_empty`](crate::decode_empty). The client sends it like its own: paced,
/// authorized, retried as its [`Safety`](crate::Safety) allows, with secrets redacted in its errors. A request whose path does
/// not match the descriptor's, that goes to another authority, or that sets a header which frames the message is refused.
///
/// ```
/// use bytes::Bytes;
/// use serde::Deserialize;
/// use users_core::{BaseUrl, Descriptor, Error, ManagementClient, Operation, RequestBuilder, decode_json};
///
/// /// `GET /clients/{client_id}`
/// #[derive(Clone, Debug)]
/// struct GetApplication {
///     client_id: String,
/// }
///
/// #[derive(Debug, Deserialize)]
/// struct Application {
///     name: String,
/// }
///
/// const GET_APPLICATION: &Descriptor =
///     &Descriptor::get("clients.get", "/clients/{client_id}").scopes(&[&["read:clients"]]).query(&["fields"]);
///
/// impl Operation for GetApplication {
///     type Output = Application;
///
///     fn descriptor(&self) -> &Descriptor {
///         GET_APPLICATION
///     }
///
///     fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error> {
///         RequestBuilder::new(GET_APPLICATION, base)
///             .path("client_id", &self.client_id)
///             .query("fields", Some("name"))
///             .empty()
///     }
///
///     fn decode(response: http::Response<Bytes>) -> Result<Application, Error> {
///         decode_json(GET_APPLICATION, response)
///     }
/// }
///
/// # async fn example(client: ManagementClient) -> Result<(), Error> {
/// let application = client.call(GetApplication { client_id: "kX9…".into() }).await?;
/// println!("{}", application.name);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation",
    note = "constructors of operations that take a path parameter return a `Result`: add `?`"
)]
pub trait Operation: fmt::Debug + Clone + Send + Sync + 'static {
    /// The value that the response is decoded into.
    type Output: Send + 'static;

    /// The endpoint, for errors of constructors, which have no value yet: `Some(DESCRIPTOR)`. It may stay `None`.
    const STATIC: Option<&'static Descriptor> = None;

    /// The endpoint.
    fn descriptor(&self) -> &Descriptor;

    /// Makes the request, without the client's own headers and its access token.
    ///
    /// # Errors
    ///
    /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where an argument may not be sent.
    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error>;

    /// Returns further values to redact in errors, such as a path parameter that is a secret. Values of sensitive keys in the query
    /// and body, headers, and metadata in the finished request are redacted in any case.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }

    /// Decodes the response.
    ///
    /// # Errors
    ///
    /// An error of kind [`Status`](crate::ErrorKind::Status) or [`RateLimited`](crate::ErrorKind::RateLimited) where the status
    /// is not 2xx, and of kind [`Decode`](crate::ErrorKind::Decode) or [`ResponseTooLarge`](crate::ErrorKind::ResponseTooLarge)
    /// where the body is not what the endpoint returns.
    fn decode(response: http::Response<Bytes>) -> Result<Self::Output, Error>;
}
