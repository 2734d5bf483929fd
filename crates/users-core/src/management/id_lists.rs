//! Bodies that are a list of ids.

use users_model::JsonObject;
use users_model::json::{ToJson, write_object};

/// Declares a body of one list of ids.
macro_rules! id_list {
    ($(#[$meta:meta])* $name:ident, $key:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[cfg_attr(feature = "contract", derive(serde::Serialize, serde::Deserialize))]
        pub(crate) struct $name {
            $key: Vec<String>,
        }

        impl $name {
            pub(crate) fn new(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
                Self { $key: ids.into_iter().map(Into::into).collect() }
            }
        }

        impl ToJson for $name {
            fn write_json(&self, text: &mut String) {
                write_object(text, &[(stringify!($key), Some(&self.$key))], &JsonObject::new());
            }
        }
    };
}

id_list! {
    /// `{"roles": [id, …]}`
    RoleIds, roles
}

id_list! {
    /// `{"users": [id, …]}`
    UserIds, users
}

id_list! {
    /// `{"members": [id, …]}`
    MemberIds, members
}
