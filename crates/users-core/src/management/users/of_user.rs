//! The user of a manager.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::management::user_id::IntoUserId;
use crate::operation::Operation;
use std::sync::Arc;
use users_model::UserId;

/// A client and the user that a manager is for, or why the user's id was refused.
#[derive(Clone, Debug)]
pub(crate) struct OfUser {
    client: Client,
    id: Result<UserId, Arc<Error>>,
}

impl OfUser {
    pub(crate) fn new(client: Client, id: impl IntoUserId) -> Self {
        Self { client, id: id.into_user_id().map_err(Arc::new) }
    }

    pub(crate) fn call<O: Operation>(&self, operation: impl FnOnce(UserId) -> Result<O, Error>) -> Call<O> {
        let id = self.id.as_ref().map_err(|error| error.without_source());
        self.client.call(id.and_then(|id| operation(id.clone())))
    }
}
