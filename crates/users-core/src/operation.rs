//! What a call is: a value that knows its endpoint, its request and its answer.

use crate::{BaseUrl, Error};
use bytes::Bytes;
use http::Method;
use std::borrow::Cow;
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

/// What is known of an endpoint without calling it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The operation's name: the client's member and the method, `users.get`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the API's base URL, with its parameters in braces: `/users/{id}`.
    pub path: Cow<'static, str>,
    /// The scopes of which an access token needs one.
    pub scopes: &'static [&'static str],
    /// The API that the endpoint belongs to.
    pub api: Api,
    /// How safe it is to send the request again.
    pub safety: Safety,
    /// What it does to the tenant, which is also how Auth0 groups its rate limits.
    pub access: Access,
    /// The query parameters that a call can set.
    pub query: &'static [&'static str],
    /// Whether the endpoint takes the `Auth0-Custom-Domain` header.
    pub custom_domain: bool,
}

impl Descriptor {
    pub(crate) const fn get(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::GET, path, scopes, Safety::Safe, Access::Read)
    }

    pub(crate) const fn post(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::POST, path, scopes, Safety::Unsafe, Access::Write)
    }

    pub(crate) const fn patch(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::PATCH, path, scopes, Safety::Unsafe, Access::Write)
    }

    pub(crate) const fn delete(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::DELETE, path, scopes, Safety::Idempotent, Access::Delete)
    }

    pub(crate) const fn put(
        name: &'static str,
        api: Api,
        path: &'static str,
        scopes: &'static [&'static str],
    ) -> Self {
        Self::new(name, api, Method::PUT, path, scopes, Safety::Idempotent, Access::Write)
    }

    const fn new(
        name: &'static str,
        api: Api,
        method: Method,
        path: &'static str,
        scopes: &'static [&'static str],
        safety: Safety,
        access: Access,
    ) -> Self {
        Self {
            name,
            method,
            path: Cow::Borrowed(path),
            scopes,
            api,
            safety,
            access,
            query: &[],
            custom_domain: false,
        }
    }

    /// One for a path that is not modelled.
    pub(crate) fn of_path(name: &'static str, api: Api, method: Method, path: String) -> Self {
        let (safety, access) = match method {
            Method::GET | Method::HEAD => (Safety::Safe, Access::Read),
            Method::PUT => (Safety::Idempotent, Access::Write),
            Method::DELETE => (Safety::Idempotent, Access::Delete),
            _ => (Safety::Unsafe, Access::Write),
        };
        Self {
            name,
            method,
            path: Cow::Owned(path),
            scopes: &[],
            api,
            safety,
            access,
            query: &[],
            custom_domain: false,
        }
    }

    pub(crate) const fn with_query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    pub(crate) const fn takes_custom_domain(mut self) -> Self {
        self.custom_domain = true;
        self
    }

    pub(crate) const fn idempotent(mut self) -> Self {
        self.safety = Safety::Idempotent;
        self
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// One of Auth0's APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// `https://{domain}/api/v2`
    Management,
    /// `https://{domain}`
    Authentication,
}

/// How safe it is to send a request again when nobody knows whether the first one was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// It changes nothing (GET, HEAD).
    Safe,
    /// Twice is as good as once (DELETE, PUT, and `POST /oauth/token`).
    Idempotent,
    /// Twice is not once (POST, and PATCH, which sends mails and writes password history).
    Unsafe,
}

/// What an operation does to the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It reads.
    Read,
    /// It creates or changes.
    Write,
    /// It deletes.
    Delete,
}

/// Declares an operation as a line of a table: its endpoint, what it carries, and how its answer is read.
///
/// `path` and `required` are arguments of its constructor, `query` are optional and have setters on the call, `fields` adds the
/// choice of fields, and `body` is sent as JSON.
macro_rules! operation {
    (
        $(#[$meta:meta])*
        $name:ident = $descriptor:expr;
        $(path { $($segment:ident : $segment_type:ty),* })?
        $(required { $($required:ident),* })?
        $(query { $($(#[$query_meta:meta])* $query:ident : $query_type:tt,)* })?
        $(fields { $fields:ident })?
        $(body { $body:ident : $body_type:ty })?
        answer { $decode:ident : $output:ty }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($($segment: $segment_type,)*)?
            $($($required: String,)*)?
            $($($query: Option<$query_type>,)*)?
            $($fields: $crate::management::fields::Fields,)?
            $($body: $body_type,)?
        }

        impl $name {
            /// What is known of the endpoint.
            pub const DESCRIPTOR: &'static $crate::Descriptor = &$descriptor.with_query(&[
                $($(stringify!($required),)*)?
                $($(stringify!($query),)*)?
                $(stringify!($fields), "include_fields",)?
            ]);

            #[allow(clippy::missing_const_for_fn, clippy::new_without_default, dead_code)]
            pub(crate) fn new($($($segment: $segment_type,)*)? $($($required: String,)*)? $($body: $body_type)?) -> Self {
                Self {
                    $($($segment,)*)?
                    $($($required,)*)?
                    $($($query: None,)*)?
                    $($fields: $crate::management::fields::Fields::default(),)?
                    $($body,)?
                }
            }
        }

        impl $crate::Operation for $name {
            type Output = $output;

            const STATIC: Option<&'static $crate::Descriptor> = Some(Self::DESCRIPTOR);

            fn descriptor(&self) -> &$crate::Descriptor {
                Self::DESCRIPTOR
            }

            fn request(&self, base: &$crate::BaseUrl) -> Result<http::Request<bytes::Bytes>, $crate::Error> {
                let request = $crate::endpoint::RequestBuilder::new(Self::DESCRIPTOR, base);
                $($(let request = request.segment(stringify!($segment), AsRef::<str>::as_ref(&self.$segment));)*)?
                $($(let request = request.query(stringify!($required), Some(&self.$required));)*)?
                $($(let request = request.query(stringify!($query), self.$query.as_ref());)*)?
                $(let request = self.$fields.add_to(request);)?
                $(return request.json(&self.$body);)?
                #[allow(unreachable_code)]
                request.empty()
            }

            fn decode(response: http::Response<bytes::Bytes>) -> Result<$output, $crate::Error> {
                $crate::decode::$decode(Some(Self::DESCRIPTOR), response)
            }
        }

        $(
            impl $crate::Call<$name> {
                $(
                    $(#[$query_meta])*
                    #[allow(clippy::useless_conversion)]
                    pub fn $query(self, $query: $crate::operation::argument!($query_type)) -> Self {
                        self.with(|operation| operation.$query = Some($query.into()))
                    }
                )*
            }
        )?

        $(
            impl $crate::Call<$name> {
                /// Only these fields, and nothing else, not even the id unless it is named.
                pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.with(|operation| operation.$fields = $crate::management::fields::Fields::only(fields))
                }

                /// All fields but these.
                pub fn exclude_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.with(|operation| operation.$fields = $crate::management::fields::Fields::all_but(fields))
                }
            }
        )?
    };
}
pub(crate) use operation;

/// What a setter takes for a type: anything that becomes a text, but numbers and flags as they are, since a literal could not be
/// told what to become.
macro_rules! argument {
    (String) => { impl Into<String> };
    ($type:tt) => { $type };
}
pub(crate) use argument;
