//! Building clients.

use users_core::{ApiClient, ClientBuilder};

/// Builds a client whose configuration is fixed, so that it cannot fail.
#[allow(clippy::expect_used)]
pub(crate) fn build<T: ApiClient>(builder: ClientBuilder<T>) -> T {
    builder.build().expect("a fixed configuration")
}
