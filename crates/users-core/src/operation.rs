//! What a call is: a value that knows its endpoint, its request and its answer.

use crate::base_url::BaseUrl;
use crate::descriptor::Descriptor;
use crate::error::Error;
use bytes::Bytes;
use std::fmt;
use users_model::Secret;

/// One call of one endpoint, as a value.
///
/// It is pure at both ends: [`request`](Self::request) makes the `http::Request`, [`decode`](Self::decode) reads the answer,
/// and neither needs a runtime. What lies between is the client's.
///
/// ```
/// use users_core::management::GetUser;
/// use users_core::Operation as _;
///
/// let answer = http::Response::new(bytes::Bytes::from(r#"{"user_id":"auth0|1","email":"ada@example.com"}"#));
/// let user = GetUser::decode(answer)?;
/// assert_eq!(user.email.as_deref(), Some("ada@example.com"));
/// # Ok::<(), users_core::Error>(())
/// ```
pub trait Operation: fmt::Debug + Clone + Send + Sync + 'static {
    /// What the answer is read as.
    type Output: Send + 'static;

    /// Which endpoint it calls, where that is known without a value: so that an argument that was refused can be told with it.
    const STATIC: Option<&'static Descriptor> = None;

    /// Which endpoint it calls.
    fn descriptor(&self) -> &Descriptor;

    /// The request, without the client's own headers and its access token. Refuses arguments that may not be sent.
    fn request(&self, base: &BaseUrl) -> Result<http::Request<Bytes>, Error>;

    /// What the request carries that no error may show, should the server quote it.
    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }

    /// Reads the answer: the value, or an error for a status that is none of success.
    fn decode(response: http::Response<Bytes>) -> Result<Self::Output, Error>;
}
