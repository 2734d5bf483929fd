//! The custom claims of a user, as the store keeps them.

use crate::tenant::store::table::Record;
use users_core::model::JsonObject;

/// Claims that `/userinfo` shows for a user in addition to the standard ones.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) user_id: String,
    pub(crate) claims: JsonObject,
}

impl Record for Claims {
    fn key(&self) -> &str {
        &self.user_id
    }
}
