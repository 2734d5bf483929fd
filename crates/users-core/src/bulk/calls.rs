//! The calls of a bulk run.

use crate::call::Call;
use crate::client::{CallOptions, Client};
use crate::operation::Operation;

/// Makes the calls of a run, each with the run's options.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) client: Client,
    pub(super) options: CallOptions,
}

impl Calls {
    pub(super) fn call<O: Operation>(&self, operation: O) -> Call<O> {
        Call::from_parts(self.client.clone(), operation, self.options.clone())
    }
}
