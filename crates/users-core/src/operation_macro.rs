//! How operations are declared.

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
                    pub fn $query(self, $query: $crate::operation_macro::argument!($query_type)) -> Self {
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
