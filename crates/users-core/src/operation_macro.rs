//! The macro that declares operations.

/// Declares the operations of a file, each as a row: its endpoint, its arguments, and how its response is decoded. Also lists
/// their descriptors as `OPERATIONS`, for the catalogue.
///
/// ```text
/// operations! {
///     /// Documentation.
///     operation Name {
///         Descriptor::get("member.method", "/path/{id}").scopes(&[&["read:users"]]);
///         path { id: UserId }                       path parameters, arguments of the constructor
///         required { email }                        query parameters, arguments of the constructor
///         page { OffsetPaging of Role, List::PLAIN }    or CheckpointPaging, or AnyPaging for both; `; by_offset_with sort`: a
///                                                     stream is paged by offset where this option is set
///         query { /** Doc. */ name: String, }       optional query parameters, each with a setter; `kind: Kind = "type"` names one
///         arguments { connection_id: String }       arguments of the constructor, for `request`
///         options { /** Doc. */ upsert: bool, }     options with a setter, for `request`
///         fields { fields }                         the setters `fields` and `exclude_fields`
///         application { application }               the setters `client_id`, `client_secret` and `client_assertion`, for `request`
///         argument { rows: ImportRows }             a value argument of the constructor, for `request`
///         body { user: NewUser }                    the JSON body, an argument of the constructor
///         body { roles: RoleIds = impl Type => RoleIds::new }    the same, converted from an argument by a function
///         request { function }                      finishes the request in place of the default
///         decode { decode_model: Role }             decodes the response, into this type
///     }
///     also { ByHand }                               operations that are written out elsewhere in the file
/// }
/// ```
macro_rules! operations {
    (
        $(
            $(#[$meta:meta])*
            operation $name:ident { $($row:tt)* }
        )*
        $(also { $($by_hand:ident),* })?
    ) => {
        $(
            $crate::operation_macro::operation! { $(#[$meta])* $name { $($row)* } }
        )*

        /// The endpoints of this file.
        pub(crate) const OPERATIONS: &[&$crate::descriptor::Descriptor] =
            &[$($name::DESCRIPTOR,)* $($($by_hand::DESCRIPTOR,)*)?];

        /// The bodies of the operations of this file.
        #[cfg(feature = "contract")]
        pub(crate) const BODIES: &[$crate::bodies::Bodies] = &[$($name::BODIES,)*];
    };
}
pub(crate) use operations;

/// Declares one operation; see [`operations`].
macro_rules! operation {
    (
        $(#[$meta:meta])*
        $name:ident {
            $descriptor:expr;
            $(path { $($segment:ident : $segment_type:tt),* })?
            $(required { $($required:ident),* })?
            $(arguments { $($argument:ident : $argument_type:tt),* })?
            $(page { $paging:ident of $item:ty, $list:expr $(; by_offset_with $sort:ident)? })?
            $(query { $($(#[$query_meta:meta])* $query:ident : $query_type:tt $(= $query_name:literal)?,)* })?
            $(options { $($(#[$option_meta:meta])* $option:ident : $option_type:tt,)* })?
            $(fields { $fields:ident })?
            $(application { $application:ident })?
            $(argument { $value:ident : $value_type:ty $(= $value_given:ty => $value_make:expr)? })?
            $(body { $body:ident : $body_type:ty $(= $given:ty => $make:expr)? })?
            $(request { $request:path })?
            decode { $decode:path : $output:ty }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(pub(crate) $segment: $segment_type,)*)?
            $($(pub(crate) $required: String,)*)?
            $($(pub(crate) $argument: $argument_type,)*)?
            $(pub(crate) paging: $crate::paging::$paging,)?
            $($(pub(crate) $query: Option<$query_type>,)*)?
            $($(pub(crate) $option: Option<$option_type>,)*)?
            $(pub(crate) $fields: $crate::management::fields::Fields,)?
            $(pub(crate) $application: $crate::authentication::application::Application,)?
            $(pub(crate) $value: $value_type,)?
            $(pub(crate) $body: $body_type,)?
        }

        impl $name {
            /// The endpoint.
            pub const DESCRIPTOR: &'static $crate::descriptor::Descriptor = &$descriptor
                $(.paging($crate::paging::$paging::STYLE))?
                .query(&[
                    $($(stringify!($required),)*)?
                    $($($crate::operation_macro::query_name!($query $($query_name)?),)*)?
                    $(stringify!($fields), "include_fields",)?
                ]);

            #[cfg(feature = "contract")]
            const BODIES: $crate::bodies::Bodies = $crate::bodies::Bodies {
                descriptor: Self::DESCRIPTOR,
                request: $crate::operation_macro::request_body!($($body_type)?),
                response: $crate::bodies::response::<Self>,
            };

            $crate::operation_macro::constructor! {
                [$($($segment: $segment_type)*)?] [$($($required: String)*)? $($($argument: $argument_type)*)?] [$($value: $value_type $(= $value_given => $value_make)?)? $($body: $body_type $(= $given => $make)?)?]
                [$(paging: $crate::paging::$paging::default(),)? $($($query: None,)*)? $($($option: None,)*)? $($fields: $crate::management::fields::Fields::default(),)? $($application: $crate::authentication::application::Application::default(),)?]
            }

            $($crate::paging::paging_setters!($paging);)?

            $crate::operation_macro::setters! { $($($(#[$query_meta])* $query: $query_type,)*)? $($($(#[$option_meta])* $option: $option_type,)*)? }

            $(
                /// Returns these fields only. The id is not among them unless it is named.
                #[must_use]
                pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.$fields = $crate::management::fields::Fields::only(fields);
                    self
                }

                /// Returns all fields but these.
                #[must_use]
                pub fn exclude_fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.$fields = $crate::management::fields::Fields::all_but(fields);
                    self
                }
            )?

            $(
                /// Sets the application's client id.
                #[must_use]
                pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
                    self.$application.set_client_id(client_id.into());
                    self
                }

                /// Sets the application's secret, which authenticates it.
                #[must_use]
                pub fn client_secret(mut self, client_secret: impl Into<users_model::Secret>) -> Self {
                    self.$application.set_secret(client_secret.into());
                    self
                }

                /// Sets a signed assertion that authenticates the application (private-key JWT), in place of a secret.
                #[must_use]
                pub fn client_assertion(mut self, client_assertion: impl Into<users_model::Secret>) -> Self {
                    self.$application.set_assertion(client_assertion.into());
                    self
                }

                /// Uses the client's application, unless the call sets another.
                pub(crate) fn for_client(mut self, client: &$crate::client::Client) -> Self {
                    self.$application = $crate::authentication::application::Application::of(client);
                    self
                }
            )?
        }

        impl $crate::operation::Operation for $name {
            type Output = $output;

            const STATIC: Option<&'static $crate::descriptor::Descriptor> = Some(Self::DESCRIPTOR);

            fn descriptor(&self) -> &$crate::descriptor::Descriptor {
                Self::DESCRIPTOR
            }

            #[inline]
            fn request(
                &self,
                base: &$crate::base_url::BaseUrl,
            ) -> Result<http::Request<bytes::Bytes>, $crate::error::Error> {
                let request = $crate::request::RequestBuilder::new(Self::DESCRIPTOR, base);
                $($(let request = request.path(stringify!($segment), AsRef::<str>::as_ref(&self.$segment));)*)?
                $crate::operation_macro::finish!([$($request)?] self, request, {
                    $($(let request = request.required(stringify!($required), &self.$required);)*)?
                    $(let request = $crate::paging::$paging::add_to(&self.paging, request);)?
                    $($(let request = request.query($crate::operation_macro::query_name!($query $($query_name)?), self.$query.as_ref());)*)?
                    $(let request = self.$fields.add_to(request);)?
                    $crate::operation_macro::send!([$(self.$body)?] request)
                })
            }

            #[inline]
            fn decode(response: http::Response<bytes::Bytes>) -> Result<$output, $crate::error::Error> {
                $decode(Self::DESCRIPTOR, response)
            }
        }

        $($crate::paging::paged!($name, $paging, $item, $list $(; $sort)?);)?

        impl $crate::call::Call<$name> {
            $crate::operation_macro::call_setters! { $($($(#[$query_meta])* $query: $query_type,)*)? $($($(#[$option_meta])* $option: $option_type,)*)? }
        }

        $(
            impl $crate::call::Call<$name> {
                /// Returns these fields only. The id is not among them unless it is named.
                pub fn fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.with(|operation| operation.$fields = $crate::management::fields::Fields::only(fields))
                }

                /// Returns all fields but these.
                pub fn exclude_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
                    self.with(|operation| operation.$fields = $crate::management::fields::Fields::all_but(fields))
                }
            }
        )?

        $(
            impl $crate::call::Call<$name> {
                /// Sets the application's client id, if it is not the client's. The client's secret is not sent then.
                pub fn client_id(self, client_id: impl Into<String>) -> Self {
                    self.with(|operation| operation.$application.set_client_id(client_id.into()))
                }

                /// Sets the application's secret, which authenticates it, in place of the client's.
                pub fn client_secret(self, client_secret: impl Into<users_model::Secret>) -> Self {
                    self.with(|operation| operation.$application.set_secret(client_secret.into()))
                }

                /// Sets a signed assertion that authenticates the application (private-key JWT), in place of a secret.
                pub fn client_assertion(self, client_assertion: impl Into<users_model::Secret>) -> Self {
                    self.with(|operation| operation.$application.set_assertion(client_assertion.into()))
                }
            }
        )?
    };
}
pub(crate) use operation;

/// The setters of an operation's options.
macro_rules! setters {
    ($($(#[$meta:meta])* $option:ident : $option_type:tt,)*) => {
        $(
            $(#[$meta])*
            #[must_use]
            #[allow(clippy::useless_conversion)]
            pub fn $option(mut self, $option: $crate::operation_macro::argument!($option_type)) -> Self {
                self.$option = Some($option.into());
                self
            }
        )*
    };
}
pub(crate) use setters;

/// The same setters for a call of the operation.
macro_rules! call_setters {
    ($($(#[$meta:meta])* $option:ident : $option_type:tt,)*) => {
        $(
            $(#[$meta])*
            #[allow(clippy::useless_conversion)]
            pub fn $option(self, $option: $crate::operation_macro::argument!($option_type)) -> Self {
                self.with(|operation| operation.$option = Some($option.into()))
            }
        )*
    };
}
pub(crate) use call_setters;

/// Finishes a request by the operation's function, or by the default.
macro_rules! finish {
    ([] $operation:expr, $request:ident, $default:block) => {
        $default
    };
    ([$function:path] $operation:expr, $request:ident, $default:block) => {
        $function($operation, $request)
    };
}
pub(crate) use finish;

/// Finishes a request with a JSON body, or without one.
macro_rules! send {
    ([] $request:ident) => {
        $request.empty()
    };
    ([$body:expr] $request:ident) => {
        $request.body(&$body)
    };
}
pub(crate) use send;

/// The constructor of an operation: fallible if it has a path parameter.
macro_rules! constructor {
    ([] [$($required:tt)*] [$($body:tt)*] [$($rest:tt)*]) => {
        $crate::operation_macro::constructor! { @ [Self] [] [$($required)*] [$($body)*] [$($rest)*] }
    };
    ([$($segments:tt)+] [$($required:tt)*] [$($body:tt)*] [$($rest:tt)*]) => {
        $crate::operation_macro::constructor! {
            @ [Result<Self, $crate::error::Error>] [$($segments)+] [$($required)*] [$($body)*] [$($rest)*]
        }
    };
    (
        @ [Self] [] [$($required:ident : $required_type:tt)*]
        [$($body:ident : $body_type:ty $(= $given:ty => $make:expr)?)?] [$($rest:tt)*]
    ) => {
        /// Creates the operation with its required arguments.
        #[allow(clippy::new_without_default, clippy::missing_const_for_fn)]
        pub fn new(
            $($required: impl Into<$required_type>,)*
            $($body: $crate::operation_macro::body_argument!($body_type $(, $given)?))?
        ) -> Self {
            Self {
                $($required: $required.into(),)*
                $($body: $crate::operation_macro::body_value!($body $(, $make)?),)?
                $($rest)*
            }
        }
    };
    (
        @ [$output:ty] [$($segment:ident : $segment_type:tt)+] [$($required:ident : $required_type:tt)*]
        [$($body:ident : $body_type:ty $(= $given:ty => $make:expr)?)?] [$($rest:tt)*]
    ) => {
        /// Creates the operation with its required arguments.
        ///
        /// # Errors
        ///
        /// An error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where a path parameter may not be a path
        /// segment: one that is empty, blank, a dot segment or holds a control character.
        pub fn new(
            $($segment: $crate::operation_macro::segment_argument!($segment_type),)+
            $($required: impl Into<$required_type>,)*
            $($body: $crate::operation_macro::body_argument!($body_type $(, $given)?))?
        ) -> $output {
            Ok(Self {
                $($segment: $crate::operation_macro::segment_value!($segment_type, $segment),)+
                $($required: $required.into(),)*
                $($body: $crate::operation_macro::body_value!($body $(, $make)?),)?
                $($rest)*
            })
        }
    };
}
pub(crate) use constructor;

/// The name of a query parameter: that of its field, unless it is given, as for one that is a keyword.
macro_rules! query_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}
pub(crate) use query_name;

/// The argument type of a setter: `impl Into<String>` for text, but numbers and flags themselves, so that a literal has a type.
macro_rules! argument {
    (String) => { impl Into<String> };
    (Secret) => { impl Into<Secret> };
    (Query) => { impl Into<Query> };
    ($type:tt) => { $type };
}
pub(crate) use argument;

/// The argument type of a constructor for a path parameter.
macro_rules! segment_argument {
    (UserId) => { impl $crate::management::user_id::IntoUserId };
    ($type:tt) => { impl Into<$type> };
}
pub(crate) use segment_argument;

/// Converts the argument of a path parameter.
macro_rules! segment_value {
    (UserId, $segment:ident) => {
        $crate::management::user_id::IntoUserId::into_user_id($segment)?
    };
    ($type:tt, $segment:ident) => {{
        let value: $type = $segment.into();
        $crate::path_template::check_segment(stringify!($segment), AsRef::<str>::as_ref(&value))?;
        value
    }};
}
pub(crate) use segment_value;

/// The argument type of a constructor for a body.
macro_rules! body_argument {
    ($body_type:ty) => {
        $body_type
    };
    ($body_type:ty, $given:ty) => {
        $given
    };
}
pub(crate) use body_argument;

/// How the JSON body of a request is decoded and encoded again.
#[cfg(feature = "contract")]
macro_rules! request_body {
    () => {
        None
    };
    ($body_type:ty) => {
        Some($crate::bodies::request::<$body_type>)
    };
}
#[cfg(feature = "contract")]
pub(crate) use request_body;

/// Converts the argument of a body.
macro_rules! body_value {
    ($body:ident) => {
        $body
    };
    ($body:ident, $make:expr) => {
        $make($body)
    };
}
pub(crate) use body_value;
